# ctest: TIMEOUT 180
"""Our command over HTTP/2 against servers that others wrote: nghttpd, nginx and h2o, and a hostile one made of python3-h2."""
import collections
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import certificates

try:
    import h2.config
    import h2.connection
    import h2.events
except ImportError:
    h2 = None

PARLEY = os.environ.get("PARLEY", "build/release/parley")
FETCH = os.path.join(os.environ.get("PARLEY_BUILD", "build/release"), "examples", "fetch")  # all of its URLs at once
MEDIUM = bytes(range(256)) * 1024
LARGE = bytes(range(256)) * 4096 * 8  # 8 MiB: many windows
TIMEOUT = 60

if certificates.OPENSSL is None:
    print("openssl is not installed, which makes the certificates")
    sys.exit(77)


def setUpModule():
    global authority, home, server_pem
    authority = certificates.Authority()
    server_pem = authority.issue("server", "DNS:localhost,IP:127.0.0.1")
    home = tempfile.TemporaryDirectory(prefix="parley-test-")  # no local authority


def tearDownModule():
    authority.close()
    home.cleanup()


def parley(*words):
    done = subprocess.run([PARLEY, words[0], "--cacert", authority.pem, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT, env=dict(os.environ, XDG_DATA_HOME=home.name, LC_ALL="C.UTF-8"))
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def at_once(*urls):
    """The example's lines: `URL: N bytes` for each URL, fetched at once by one client; before that the first one alone."""
    trusting = os.path.join(home.name, "trusting")  # the local authority's place, for the test's own
    if not os.path.exists(trusting):
        os.makedirs(trusting + "/parley/ca", mode=0o700)
        shutil.copy(authority.pem, trusting + "/parley/ca/ca.pem")
        os.chmod(trusting + "/parley/ca/ca.pem", 0o600)
    done = subprocess.run([FETCH, *urls], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
                          env=dict(os.environ, XDG_DATA_HOME=trusting))
    return done.returncode, done.stdout.decode().splitlines()[1:], done.stderr.decode("utf-8", "replace")


def most_in_flight(said):
    """What `nghttpd -v` printed, as the most requests of a connection that were under way together, and the most that one had in all."""
    open_streams, requests, most, frame = {}, collections.Counter(), 0, None
    for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines():
        found = re.match(r"\[id=(\d+)\] \[ *[\d.]+\] (recv|send) (HEADERS|DATA) frame <.*stream_id=(\d+)>", line)
        if found:
            frame = found.group(1, 2, 4)
            streams = open_streams.setdefault(frame[0], set())
            if found.group(2, 3) == ("recv", "HEADERS"):
                streams.add(frame[2])
                requests[frame[0]] += 1
                most = max(most, len(streams))
        elif frame and frame[1] == "send" and "END_STREAM" in line:
            open_streams[frame[0]].discard(frame[2])
    return most, max(requests.values())


def installed(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    return unittest.skipUnless(found, name + " is not installed")


class Started:
    """A server that takes a fixed port: one that was free may be taken by then."""

    secure = True

    @classmethod
    def setUpClass(cls):
        cls.state = tempfile.TemporaryDirectory(prefix="parley-test-")
        os.chmod(cls.state.name, 0o755)
        os.mkdir(cls.state.name + "/root")
        for name, content in (("hello.txt", b"hello\n"), ("large.bin", LARGE), ("medium.bin", MEDIUM), ("empty.txt", b""), ("style.css", b"body {}\n")):
            with open(cls.state.name + "/root/" + name, "wb") as file:
                file.write(content)
        for _ in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                cls.port = probe.getsockname()[1]
            cls.said = open(cls.state.name + "/said", "w+b")
            cls.process = subprocess.Popen(cls.command(cls.state.name), stdin=subprocess.DEVNULL, stdout=cls.said,
                                           stderr=subprocess.DEVNULL)
            until = time.monotonic() + 20
            while time.monotonic() < until and cls.process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", cls.port), timeout=1).close()
                    return
                except OSError:
                    try:
                        cls.process.wait(timeout=0.05)
                    except subprocess.TimeoutExpired:
                        pass
            cls.stop()
        raise AssertionError("the server did not start")

    @classmethod
    def stop(cls):
        cls.process.kill()
        cls.process.communicate()
        cls.said.close()

    @classmethod
    def tearDownClass(cls):
        cls.stop()
        cls.state.cleanup()

    def url(self, path):
        return "%s://localhost:%d/%s" % ("https" if self.secure else "http", self.port, path)

    def test_files_of_all_sizes_over_one_connection(self):
        names = ("hello.txt", "large.bin", "empty.txt", "hello.txt")
        code, out, err = parley("get", "--http2-prior-knowledge", "--show", *map(self.url, names))
        self.assertEqual((code, out == b"hello\n" + LARGE + b"hello\n"), (0, True), err)
        self.assertEqual(re.findall(r"HTTP/2 stream (\d+),", err), ["1", "3", "5", "7"])

    def test_head_and_what_is_not_there(self):
        code, out, err = parley("head", "--http2-prior-knowledge", self.url("large.bin"))
        self.assertEqual((code, out.split(b"\r\n")[0]), (0, b"HTTP/2 200 OK"), err)
        self.assertNotIn(LARGE[:64], out)
        _, out, err = parley("get", "-i", "--http2-prior-knowledge", self.url("absent"))
        self.assertIn(b"HTTP/2 404 Not Found", out, err)


    def fetch_many(self, count=30):
        if not os.access(FETCH, os.X_OK):
            self.skipTest("the examples were not built")
        url = self.url("medium.bin")
        code, lines, err = at_once(*[url] * count)
        self.assertEqual((code, lines), (0, ["%s: %d bytes" % (url, len(MEDIUM))] * count), err)


@installed("nghttpd")
class Nghttpd(Started, unittest.TestCase):
    @classmethod
    def command(cls, where):
        return ["nghttpd", "-a", "127.0.0.1", "-d", where + "/root", "--echo-upload", "--push=/hello.txt=/style.css",
                "--max-concurrent-streams=1", "--trailer=x-end: yes", str(cls.port), authority.path("server.key"), server_pem]

    def test_alpn_settles_it(self):
        code, out, err = parley("get", "-v", self.url("hello.txt"))
        self.assertEqual((code, out), (0, b"hello\n"), err)
        self.assertIn("* HTTP/2 200 OK", err)

    def test_content_both_ways(self):
        code, out, err = parley("post", self.url("upload"), "-d", "@" + self.state.name + "/root/large.bin")
        self.assertEqual((code, out == LARGE), (0, True), err)

    def test_a_push_answers_the_next_request(self):
        code, out, err = parley("get", "--push", "--show", self.url("hello.txt"), self.url("style.css"))
        self.assertEqual((code, out), (0, b"hello\nbody {}\n"), err)
        self.assertIn("promised: GET /style.css on stream 2", err)
        self.assertRegex(err, r"\npushed: GET localhost:\d+/style.css ")
        self.assertNotIn("stream 3,", err)
        self.assertNotIn("not asked for", err)

    def test_a_push_that_nobody_asked_for_is_told(self):
        code, out, err = parley("get", "--push", self.url("hello.txt"))
        self.assertEqual((code, out), (0, b"hello\n"), err)
        self.assertEqual(err, "parley: pushed, and not asked for: %s\n" % self.url("style.css"))

    def test_at_once_beyond_what_it_allows(self):
        self.fetch_many()  # it takes one at a time

    def test_frames(self):
        code, _, err = parley("get", "--frames", self.url("hello.txt"))
        self.assertEqual(code, 0, err)
        self.assertRegex(err, r"(?m)^  → SETTINGS +- +\d+ B +[\d.]+ ms  ENABLE_PUSH=0( .*)?$")
        self.assertRegex(err, r"(?m)^  → HEADERS +1 +\d+ B +[\d.]+ ms  END_STREAM END_HEADERS$")
        self.assertRegex(err, r"(?m)^  ← DATA +1 +6 B +[\d.]+ ms")


@installed("nghttpd")
class NghttpdManyAtOnce(Started, unittest.TestCase):
    @classmethod
    def command(cls, where):
        return ["nghttpd", "-v", "-a", "127.0.0.1", "-d", where + "/root", str(cls.port), authority.path("server.key"), server_pem]

    def test_requests_share_a_connection(self):
        self.fetch_many()
        self.said.seek(0)
        most, requests = most_in_flight(self.said.read().decode("utf-8", "replace"))
        self.assertGreater(most, 1)
        self.assertEqual(requests, 30, "all on one connection")


@installed("nghttpd")
class NghttpdInCleartext(Started, unittest.TestCase):
    secure = False

    @classmethod
    def command(cls, where):
        return ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", where + "/root", str(cls.port)]


@installed("nginx")
class Nginx(Started, unittest.TestCase):
    """It ends each connection (GOAWAY) after three requests."""

    @classmethod
    def command(cls, where):
        kinds = "".join("%s_temp_path %s/%s;" % (k, where, k) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(where + "/nginx.conf", "w", encoding="ascii") as file:
            file.write("""daemon off; master_process off; worker_processes 1; pid %s/pid; error_log %s/error.log; events {}
                http { access_log off; %s ssl_certificate %s; ssl_certificate_key %s; keepalive_requests 3;
                  server { listen 127.0.0.1:%d ssl http2; root %s/root; location = /about { return 200 "$server_protocol"; } } }"""
                       % (where, where, kinds, server_pem, server_pem, cls.port, where))
        return [shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"), "-p", where, "-c", where + "/nginx.conf"]

    def test_files_of_all_sizes_over_one_connection(self):
        code, out, err = parley("get", *map(self.url, ("hello.txt", "large.bin", "empty.txt")))
        self.assertEqual((code, out == b"hello\n" + LARGE), (0, True), err)

    def test_a_connection_that_ends_after_some_requests_is_replaced(self):
        code, out, err = parley("get", "--show", *[self.url("about")] * 10)
        self.assertEqual((code, out), (0, b"HTTP/2.0" * 10), err)
        self.assertGreaterEqual(err.count("│ TLS "), 3, err)

    def test_at_once_over_connections_that_end(self):
        self.fetch_many()

    def test_both_versions(self):
        self.assertEqual(parley("get", "--http1.1", self.url("about"))[1], b"HTTP/1.1")
        self.assertEqual(parley("get", "--http2", self.url("about"))[1], b"HTTP/2.0")


@installed("h2o")
class H2o(Started, unittest.TestCase):
    @classmethod
    def command(cls, where):
        with open(where + "/h2o.conf", "w", encoding="ascii") as file:
            file.write("""num-threads: 1
listen: {host: 127.0.0.1, port: %d, ssl: {certificate-file: "%s", key-file: "%s"}}
hosts: {default: {paths: {"/": {file.dir: "%s/root"}}}}
""" % (cls.port, server_pem, authority.path("server.key"), where))
            if os.geteuid() == 0:
                file.write("user: root\n")
        return ["h2o", "-m", "worker", "-c", where + "/h2o.conf"]

    def test_alpn_settles_it(self):
        code, out, err = parley("get", "-v", self.url("hello.txt"))
        self.assertEqual((code, out), (0, b"hello\n"), err)
        self.assertIn("* HTTP/2 200 OK", err)


@unittest.skipUnless(h2, "python3-h2 is not installed")
class Hostile(unittest.TestCase):
    """A server in this process; `answer(connection, event, nth)` is called for each request, and counts them over all connections."""

    def serve(self, answer, protocols=("h2",)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_pem)
        context.set_alpn_protocols(list(protocols))
        listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.requests = 0
        self.asked_by_http1 = []

        def talk(plain):
            secure = plain
            try:
                plain.settimeout(TIMEOUT)
                secure = context.wrap_socket(plain, server_side=True)
                config = h2.config.H2Configuration(client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False,
                                                   header_encoding="utf-8")
                connection = h2.connection.H2Connection(config)
                if secure.selected_alpn_protocol() == "http/1.1":
                    self.asked_by_http1 += secure.recv(65536).split(b"\r\n")[:1]
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nold")
                    return
                connection.initiate_connection()
                secure.sendall(connection.data_to_send())
                while data := secure.recv(65536):
                    for event in connection.receive_data(data):
                        if isinstance(event, h2.events.RequestReceived):
                            self.requests += 1
                            answer(connection, event, self.requests)
                    secure.sendall(connection.data_to_send())
            except (OSError, h2.exceptions.ProtocolError):
                pass  # the command had enough
            finally:
                secure.close()

        def accept():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                self.connections += 1
                threading.Thread(target=talk, args=(plain,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()

        def stop():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(TIMEOUT)

        self.addCleanup(stop)
        return "https://localhost:%d/" % listener.getsockname()[1]

    @staticmethod
    def ok(connection, stream, content=b"hello"):
        connection.send_headers(stream, [(":status", "200")])
        connection.send_data(stream, content, end_stream=True)

    def test_refused_streams_are_sent_again_a_few_times(self):
        def once(connection, event, nth):
            if nth == 1:
                connection.reset_stream(event.stream_id, 7)
            else:
                self.ok(connection, event.stream_id)

        code, out, err = parley("post", self.serve(once), "-d", "a=b")
        self.assertEqual((code, out, self.requests), (0, b"hello", 2), err)

        def always(connection, event, _):
            connection.reset_stream(event.stream_id, 7)

        code, _, err = parley("post", self.serve(always), "-d", "a=b")
        self.assertEqual((code, self.requests), (1, 3), err)
        self.assertIn("REFUSED_STREAM: it did nothing with the request", err)

    def test_a_goaway_that_leaves_the_request_out(self):
        def first_only(connection, event, nth):
            if nth == 1:
                connection.close_connection(last_stream_id=0)
            else:
                self.ok(connection, event.stream_id)

        code, out, err = parley("post", self.serve(first_only), "-d", "a=b")
        self.assertEqual((code, out, self.connections), (0, b"hello", 2), err)

    def test_errors_in_words(self):
        rows = [(2, "INTERNAL_ERROR: something went wrong within the server"), (8, "CANCEL: it gave up on the answer"),
                (11, "ENHANCE_YOUR_CALM: it says that it is asked for too much"), (1234, "error code 1234")]
        for number, words in rows:
            url = self.serve(lambda connection, event, _, code=number: connection.reset_stream(event.stream_id, code))
            code, _, err = parley("get", url)
            self.assertEqual(code, 1, err)
            self.assertIn(words, err)
            self.assertEqual(self.requests, 1)

    def test_one_that_wants_http1_gets_it(self):
        url = self.serve(lambda connection, event, _: connection.reset_stream(event.stream_id, 13))
        code, _, err = parley("get", "--http2-prior-knowledge", url)
        self.assertEqual(code, 1)
        self.assertIn("HTTP_1_1_REQUIRED: it wants this by another version: ask for HTTP/1.1 (--http1.1", err)

    def test_one_that_wants_http1_is_asked_by_it(self):
        def refuse(connection, event, _):
            connection.reset_stream(event.stream_id, 13)

        url = self.serve(refuse, ("h2", "http/1.1"))
        code, out, err = parley("post", "-d", "a=b", url + "x")
        self.assertEqual((code, out), (0, b"old"), err)
        self.assertEqual((self.requests, self.connections, self.asked_by_http1), (1, 2, [b"POST /x HTTP/1.1"]))

    def test_pushes_that_are_not_its_own_to_make(self):
        def push(connection, event, _):
            for promised, authority_of in ((2, "evil.example"), (4, "localhost:1")):
                connection.push_stream(event.stream_id, promised, [(":method", "GET"), (":scheme", "https"), (":path", "/x"),
                                                                   (":authority", authority_of)])
            self.ok(connection, event.stream_id)

        code, out, err = parley("get", "--push", "--frames", self.serve(push))
        self.assertEqual((code, out), (0, b"hello"), err)
        for promised in (2, 4):
            self.assertRegex(err, r"(?m)^  → RST_STREAM +%d .*CANCEL" % promised)
        self.assertNotIn("not asked for", err)

    def test_broken_responses(self):
        heads = [[(":status", "200"), ("Upper-Case", "x")], [("x", "y"), (":status", "200")], [("x", "y")],
                 [(":status", "200"), (":path", "/")], [(":status", "200"), ("connection", "close")], [(":status", "2000")],
                 [(":status", "200"), ("a", "b\r\nc: d")], [(":status", "200"), ("content-length", "7")]]
        for head in heads:
            def answer(connection, event, _, head=head):
                connection.send_headers(event.stream_id, head)
                connection.send_data(event.stream_id, b"hello", end_stream=True)

            code, _, err = parley("get", self.serve(answer))
            self.assertEqual(code, 1, (head, err))
            self.assertRegex(err, r"broke the rules of HTTP: .* \(RFC \d+ §[\d.]+\)", head)


if __name__ == "__main__":
    unittest.main()
