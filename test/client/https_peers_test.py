# ctest: TIMEOUT 180
"""Our command over https against servers that others wrote: Python's ssl, nginx and openssl s_server where they are installed."""
import functools
import http.server
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

PARLEY = os.environ.get("PARLEY", "build/release/parley")
LARGE = bytes(range(256)) * 4096
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


def parley(*words, trusting=True, **variables):
    env = dict(os.environ, XDG_DATA_HOME=home.name, **variables)
    trust = ["--cacert", authority.pem] if trusting else []
    done = subprocess.run([PARLEY, *words[:1], *trust, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, env=env)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Answering:
    """A TLS server in this process: each connection's first request gets `answer`; then `end`."""

    def __init__(self, answer, end, certificate=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate or server_pem)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer, self.end = answer, end
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def url(self, host="localhost"):
        return "https://%s:%d/" % (host, self.port)

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(TIMEOUT)
            try:
                secure = self.context.wrap_socket(connection, server_side=True)
                data = b""
                while b"\r\n\r\n" not in data:
                    piece = secure.recv(65536)
                    if not piece:
                        break
                    data += piece
                secure.sendall(self.answer)
                self.end(secure)
            except OSError:
                pass  # the command had enough
            finally:
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(TIMEOUT)


def say_goodbye(secure):
    try:
        secure.unwrap().close()
    except OSError:
        secure.close()


def just_close(secure):
    # All that came is read, so that the close is an end and no reset; what is missing is close_notify alone.
    plain = socket.socket(fileno=secure.detach())
    plain.shutdown(socket.SHUT_WR)
    while plain.recv(65536):
        pass
    plain.close()


class Python(unittest.TestCase):
    def test_files_of_all_sizes(self):
        made = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.addCleanup(made.cleanup)

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_pem)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=made.name))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for name, content in (("hello.txt", b"hello\n"), ("large.bin", LARGE), ("empty.txt", b"")):
            with open(os.path.join(made.name, name), "wb") as file:
                file.write(content)
            for version in ("--http1.0", "--http1.1"):
                for least in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    context.maximum_version = least
                    code, out, err = parley("get", version, "https://127.0.0.1:%d/%s" % (server.server_address[1], name))
                    self.assertEqual((code, out == content), (0, True), err)

    def test_an_end_without_farewell(self):
        answer = b"HTTP/1.1 200 OK\r\n\r\nhello"
        with Answering(answer, say_goodbye) as server:
            code, out, err = parley("get", server.url())
            self.assertEqual((code, out), (0, b"hello"), err)
        with Answering(answer, just_close) as server:
            code, out, err = parley("get", server.url())
            self.assertEqual(code, 1)
            self.assertRegex(err, r"\Aparley: https://localhost:%d/: the TLS connection to localhost port %d ended without its farewell "
                                  r"\(close_notify\) after 5 bytes of content, before the end: the rest may have been cut off\n\Z"
                             % (server.port, server.port))
        with Answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", just_close) as server:
            code, out, err = parley("get", server.url())
            self.assertEqual((code, out), (0, b"hello"), err)

    def test_whom_it_does_not_believe(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        another = r" \(--cacert FILE trusts more authorities, -k any certificate\)"
        wrong = r" \(-k takes any certificate\)"  # an authority more would not help
        rows = [
            (authority.issue("other", "DNS:other.example"), True,
             "the certificate of localhost is for other.example: this is another server, or the URL has another name for it" + wrong),
            (authority.issue("old", "DNS:localhost", days=-1), True, "the certificate of localhost expired on .*; its owner must renew it" + wrong),
            (server_pem, False, 'the certificate of localhost was issued by "CN=Test authority", which is no trusted authority' + another),
        ]
        for certificate, trusting, why in rows:
            with self.subTest(why=why), Answering(answer, say_goodbye, certificate) as server:
                code, out, err = parley("get", server.url(), trusting=trusting)
                self.assertEqual((code, out), (1, b""))
                self.assertRegex(err, r"\Aparley: cannot trust localhost port %d: %s\n\Z" % (server.port, why))
                code, out, err = parley("get", "-k", server.url(), trusting=False)
                self.assertEqual((code, out), (0, b"hello"))
                self.assertRegex(err, r"\Aparley: warning: with -k nobody knows who answers: .*\n\Z")

    def test_a_server_of_plain_http(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        server.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        port = server.server_address[1]
        code, _, err = parley("get", "https://127.0.0.1:%d/" % port)
        self.assertEqual(code, 1)
        self.assertEqual(err, "parley: no TLS with 127.0.0.1 port %d: the server answered without TLS, so this is no https port: "
                              "use http://\n" % port)

    def test_the_keys_for_wireshark(self):
        keys = authority.path("keys")
        with Answering(b"HTTP/1.1 204 No Content\r\n\r\n", say_goodbye) as server:
            self.assertEqual(parley("get", server.url(), SSLKEYLOGFILE=keys)[0], 0)
        with open(keys, encoding="ascii") as file:
            self.assertIn("CLIENT_TRAFFIC_SECRET_0 ", file.read())


class Starting:
    """A server that takes a fixed port: one that was free may be taken by then."""

    @classmethod
    def start(cls, make):
        for _ in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                cls.port = probe.getsockname()[1]
            cls.process = make(cls.port)
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


@unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
class Nginx(Starting, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = tempfile.TemporaryDirectory(prefix="parley-test-")
        os.chmod(cls.state.name, 0o755)
        with open(cls.state.name + "/large.bin", "wb") as file:
            file.write(LARGE)
        cls.start(cls.nginx)

    @classmethod
    def nginx(cls, port):
        where = cls.state.name
        kinds = "".join("%s_temp_path %s/%s;" % (k, where, k) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(where + "/nginx.conf", "w", encoding="ascii") as file:
            file.write("""daemon off; master_process off; worker_processes 1; pid %s/pid; error_log %s/error.log; events {}
                http { access_log off; %s ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate %s; ssl_certificate_key %s; ssl_session_cache shared:s:1m;
                  ssl_client_certificate %s; ssl_verify_client optional;
                  server { listen 127.0.0.1:%d ssl; root %s;
                    location = /about { return 200 "$ssl_session_reused $ssl_protocol $ssl_server_name $ssl_alpn_protocol"; }
                    location = /who { if ($ssl_client_verify != SUCCESS) { return 403; } return 200 "$ssl_client_s_dn"; }
                } }""" % (where, where, kinds, server_pem, server_pem, authority.pem, port, where))
        return subprocess.Popen([shutil.which("nginx"), "-p", where, "-c", where + "/nginx.conf"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.stop()
        cls.state.cleanup()

    def url(self, path):
        return "https://localhost:%d/%s" % (self.port, path)

    def test_a_large_file(self):
        code, out, err = parley("get", self.url("large.bin"))
        self.assertEqual((code, out == LARGE), (0, True), err)

    def test_both_ends_see_the_resumption(self):
        code, out, err = parley("get", "--http1.0", "--show", self.url("about"), self.url("about"))
        self.assertEqual(code, 0, err)
        first, second = re.findall(rb"(\S) TLSv1\.3 localhost http/1\.1", out)
        self.assertEqual((first, second), (b".", b"r"), out)
        shown = re.findall(r"│   (TLS 1\.3, .*)", err)
        self.assertEqual(len(shown), 2, err)
        self.assertNotIn("resumed", shown[0])
        self.assertIn("resumed", shown[1])

    def test_one_connection_for_two_requests(self):
        code, _, err = parley("get", "--show", self.url("about"), self.url("about"))
        self.assertEqual((code, err.count("│   TLS 1.3")), (0, 1), err)

    def test_a_clients_certificate(self):
        self.assertEqual(parley("get", "--fail", self.url("who"))[0], 22)
        own = authority.issue("ada", "DNS:ada.example", use="clientAuth")
        code, out, err = parley("get", "--cert", own, self.url("who"))
        self.assertEqual((code, out), (0, b"CN=ada"), err)
        code, out, err = parley("get", "--cert", own, "--key", authority.path("ada.key"), self.url("who"))
        self.assertEqual((code, out), (0, b"CN=ada"), err)


class Openssl(Starting, unittest.TestCase):
    def tearDown(self):
        self.stop()

    def serve(self, *words):
        command = [certificates.OPENSSL, "s_server", "-cert", server_pem, "-www", *words]
        self.start(lambda port: subprocess.Popen(command + ["-accept", "127.0.0.1:%d" % port],
                                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return "https://localhost:%d/" % self.port

    def test_versions_and_resumption(self):
        for version in ("tls1_2", "tls1_3"):
            with self.subTest(version=version):
                url = self.serve("-" + version)
                code, out, err = parley("get", "--http1.0", url, url)
                self.assertEqual(code, 0, err)
                self.assertEqual([out.count(b"New, TLS"), out.count(b"Reused, TLS")], [1, 1], out[:2000])
                self.stop()
        self.serve()  # for tearDown

    def test_no_version_in_common(self):
        url = self.serve("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        code, _, err = parley("get", url)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"\Aparley: no TLS with localhost port \d+: no TLS version in common: TLS 1\.2 or 1\.3 is needed")

    def test_a_certificate_that_must_be(self):
        url = self.serve("-Verify", "1", "-verify_return_error", "-CAfile", authority.pem)
        code, _, err = parley("get", url)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"the peer does not accept our certificate, or wants one \(a certificate of the client's own may help\)")
        own = authority.issue("bob", "DNS:bob.example", use="clientAuth")
        self.assertEqual(parley("get", "--cert", own, url)[0], 0)


if __name__ == "__main__":
    unittest.main()
