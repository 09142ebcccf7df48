# ctest: TIMEOUT 300
"""Our command over HTTP/3, as a user runs it: it learns where HTTP/3 is, uses it, and loses nothing where that fails."""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from session import PARLEY, Server  # noqa: E402

HAS_HTTP3 = "no HTTP/3" not in subprocess.run([PARLEY, "get", "http://localhost:1/", "--http3-only"], capture_output=True, text=True,
                                              timeout=60).stderr


class Said:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def versions(self):
        """By which versions the requests went, as --show tells."""
        return [line.split(" stream")[0].split()[-1] for line in self.err.splitlines() if line.startswith("2 Request")]


@unittest.skipUnless(HAS_HTTP3, "this build has no HTTP/3")
class Case(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.data = os.path.join(self.home.name, "parley")
        self.kept = os.path.join(self.data, "client", "alternatives")
        self.server = None

    def tearDown(self):
        if self.server is not None:
            self.server.stop()
        self.home.cleanup()

    def serve(self, *words, secure=True):
        self.server = Server(*words, secure=secure, data=self.data)
        return self.server.https_port

    def stop(self):
        self.server.stop()
        self.server = None

    def parley(self, *words):
        env = {**os.environ, "XDG_DATA_HOME": self.home.name, "LANG": "C.UTF-8", "NO_COLOR": "1"}
        return Said(subprocess.run([PARLEY, *words], stdin=subprocess.DEVNULL, capture_output=True, env=env, timeout=120))

    def url(self, path="/"):
        return "https://localhost:%d%s" % (self.server.https_port, path)

    def fetched(self, *words, by):
        said = self.parley("get", *words, "--show")
        self.assertEqual(said.code, 0, said.err)
        self.assertEqual(said.versions(), by, said.err)
        return said


class Learning(Case):
    def test_the_second_run_goes_over_http3(self):
        self.serve()
        self.fetched(self.url(), by=["HTTP/2"])
        self.assertEqual(os.stat(self.kept).st_mode & 0o7777, 0o600)
        self.assertEqual(os.stat(os.path.dirname(self.kept)).st_mode & 0o7777, 0o700)
        said = self.fetched(self.url(), by=["HTTP/3"])
        self.assertIn("QUIC", said.err)
        self.fetched(self.url(), "--http2", by=["HTTP/2"])
        self.fetched(self.url(), "--http1.1", by=["head"])  # it has no streams to name
        self.fetched(self.url(), "--no-alt-svc", by=["HTTP/2"])

    def test_one_run_uses_it_at_once(self):
        self.serve()
        self.fetched(self.url(), self.url(), self.url(), by=["HTTP/2", "HTTP/3", "HTTP/3"])

    def test_nothing_is_kept_when_that_is_not_wanted(self):
        self.serve()
        self.fetched(self.url(), "--no-alt-svc", by=["HTTP/2"])
        self.assertFalse(os.path.exists(self.kept))
        self.fetched(self.url(), by=["HTTP/2"])

    def test_a_server_that_has_it_no_more(self):
        port = self.serve()
        self.fetched(self.url(), by=["HTTP/2"])
        self.stop()
        self.serve("--no-http3", secure=port)
        said = self.fetched(self.url(), by=["HTTP/2"])
        self.assertIn("nobody listens on that UDP port", said.err)
        said = self.fetched(self.url(), by=["HTTP/2"])
        self.assertNotIn("UDP", said.err, "what failed is not tried again at once")

    def test_a_network_that_drops_udp(self):
        port = self.serve()
        self.fetched(self.url(), by=["HTTP/2"])
        self.stop()
        with silent(port):
            self.serve("--no-http3", secure=port)
            said = self.fetched(self.url(), by=["HTTP/2"])
            self.assertIn("given up", said.err)

    def test_http3_that_works_ends_the_wait_of_what_has_failed(self):
        port = self.serve()
        self.fetched(self.url(), by=["HTTP/2"])
        self.stop()
        self.serve("--no-http3", secure=port)
        self.fetched(self.url(), by=["HTTP/2"])
        self.stop()
        self.serve(secure=port)
        said = self.fetched(self.url(), by=["HTTP/2"])
        self.assertNotIn("QUIC", said.err, "it failed a moment ago")
        self.fetched(self.url(), "--http3", by=["HTTP/3"])
        self.fetched(self.url(), by=["HTTP/3"])

    def test_with_k_nothing_is_believed_or_kept(self):
        self.serve()
        said = self.fetched(self.url(), "-k", "-v", "--early-data", by=["HTTP/2"])
        self.assertIn("* with -k, what servers announce about HTTP/3 (Alt-Svc) is neither used nor kept", said.err)
        self.assertIn("* no early data, and no session is kept for it: with -k nobody knows whose it is", said.err)
        self.assertFalse(os.path.exists(self.kept))
        self.fetched(self.url(), by=["HTTP/2"])
        before = open(self.kept).read()
        self.fetched(self.url(), "-k", by=["HTTP/2"])
        self.assertEqual(open(self.kept).read(), before)

    def test_a_folder_that_cannot_be_written_is_told(self):
        self.serve()
        os.makedirs(self.data, exist_ok=True)
        with open(os.path.join(self.data, "client"), "w"):
            pass  # a file, where the folder would be
        said = self.fetched(self.url(), "-v", by=["HTTP/2"])
        self.assertIn("* what servers announce, and sessions, cannot be kept: %s is no folder" % os.path.join(self.data, "client"), said.err)

    def test_a_damaged_file_is_told_and_no_harm(self):
        self.serve()
        self.fetched(self.url(), by=["HTTP/2"])
        with open(self.kept, "w") as file:
            file.write("\0nonsense\n")
        said = self.fetched(self.url(), by=["HTTP/2"])
        self.assertIn("note: what servers announced about HTTP/3 is not known: %s is damaged" % self.kept, said.err)
        self.fetched(self.url(), by=["HTTP/3"])

    def test_many_at_once_share_the_file(self):
        self.serve()
        runs = [threading.Thread(target=self.parley, args=("get", self.url())) for _ in range(6)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        said = self.fetched(self.url(), by=["HTTP/3"])
        self.assertNotIn("note:", said.err)


class Early(Case):
    """--early-data."""

    def test_the_second_run_sends_its_request_with_the_first_packet(self):
        self.serve()
        kept = os.path.join(self.data, "client", "tickets")
        self.fetched(self.url(), "--http3-only", by=["HTTP/3"])
        self.assertFalse(os.path.exists(kept), "nothing is kept unless it is asked for")
        said = self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        self.assertNotIn("early data", said.err)
        said = self.fetched(self.url(), "--http3-only", "--early-data", "-v", by=["HTTP/3"])
        self.assertNotIn("no early data", said.err)
        os.unlink(kept)
        said = self.fetched(self.url(), "--http3-only", "--early-data", "-v", by=["HTTP/3"])
        self.assertIn("* no early data was sent: there was no session to resume", said.err)
        self.assertEqual(os.stat(kept).st_mode & 0o7777, 0o600)
        said = self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        self.assertIn("resumed, early data accepted", said.err)
        said = self.parley("post", self.url("/customers"), "--json", '{"Name": "Ada", "Address": "1 Hill"}', "--http3-only", "--early-data",
                           "--show")
        self.assertIn("resumed", said.err)
        self.assertNotIn("early data", said.err, "it may not be done twice")

    def test_every_further_run_does(self):
        self.serve()
        self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        for _ in range(20):
            said = self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
            self.assertIn("resumed, early data accepted", said.err, "each run waits for the ticket of the next one")

    def test_an_address_where_nobody_listens_does_not_spend_the_ticket(self):
        """The server may have moved to another of the host's addresses: of localhost, ::1 comes first where there is one."""
        self.serve()
        self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        kept = os.path.join(self.data, "client", "tickets")
        with open(kept, "rb") as file:
            tickets = file.read()
        self.assertIn(b"127.0.0.1", tickets)
        with open(kept, "wb") as file:
            file.write(tickets.replace(b"127.0.0.1", b"127.9.9.9"))
        said = self.parley("get", self.url(), "--http3-only", "--early-data", "--show")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("resumed, early data accepted", said.err)
        if "[::1]" in said.err:
            self.assertIn("nobody listens on that UDP port", said.err)

    def test_a_server_that_knows_its_tickets_no_more(self):
        port = self.serve()
        self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        self.stop()
        self.serve(secure=port)
        said = self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        self.assertIn("early data refused", said.err)
        said = self.fetched(self.url(), "--http3-only", "--early-data", by=["HTTP/3"])
        self.assertIn("early data accepted", said.err)


class silent:
    """Takes what comes to a UDP port, and says nothing, or what it is told to."""

    def __init__(self, port=0, answer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.answer = answer
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(65536)
            except OSError:
                return
            if not packet:
                return
            if self.answer is not None:
                self.socket.sendto(self.answer(packet), peer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()


def version_negotiation(initial):
    """RFC 9000 §17.2.1: the ids change places."""
    there = initial[6:6 + initial[5]]
    at = 6 + initial[5]
    here = initial[at + 1:at + 1 + initial[at]]
    return b"\xc0" + bytes(4) + bytes([len(here)]) + here + bytes([len(there)]) + there + bytes.fromhex("1a2a3a4a")


class Alone(Case):
    """--http3-only and --http3."""

    def fails(self, pattern, *words, code=1):
        said = self.parley("get", *words)
        self.assertEqual(said.code, code, said.err)
        self.assertRegex(said.err, r"\Aparley: " + pattern + r"\n\Z")
        self.assertEqual(said.out, "")

    def test_answers_and_shows_its_frames(self):
        self.serve()
        said = self.parley("get", self.url(), "--http3-only", "--frames")
        self.assertEqual(said.code, 0, said.err)
        self.assertEqual(said.versions(), ["HTTP/3"])
        self.assertIn("TLS 1.3", said.err)
        self.assertIn(", h3", said.err)
        for frame in ("SETTINGS", "HEADERS", "DATA"):
            self.assertIn(frame, said.err)

    def test_the_page_about_the_session_says_quic(self):
        self.serve()
        said = self.parley("get", self.url("/session"), "--http3-only")
        self.assertIn("over QUIC, encrypted by its TLS 1.3", said.out)
        said = self.parley("get", self.url("/session"), "--http2")
        self.assertIn("encrypted by TLS", said.out)
        self.assertNotIn("QUIC", said.out)

    def test_pushes(self):
        self.serve()
        said = self.parley("get", self.url(), self.url("/style.css"), "--http3-only", "--push", "--show", "-o", "-")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("pushed: GET localhost:%d/style.css" % self.server.https_port, said.err)
        self.assertIn("promised on stream 0", said.err)

    def test_nobody_listens(self):
        self.serve("--no-http3")
        self.fails("no HTTP/3 with localhost port %d: nobody listens on that UDP port; leave --http3-only out for HTTP/2 and 1.1 over TCP" %
                   self.server.https_port, self.url(), "--http3-only")
        self.fetched(self.url(), "--http3", by=["HTTP/2"])

    def test_options_without_effect_are_told(self):
        self.serve()
        said = self.parley("get", "http://127.0.0.1:%d/" % self.server.port, "--push", "--frames", "--http3", "-o", os.devnull)
        self.assertIn("parley: note: --http3 has no effect over http: HTTP/3 is for https\n", said.err)
        self.assertIn("parley: note: --push has no effect: the server speaks HTTP/1.1, which knows no pushed responses\n", said.err)
        self.assertIn("\nNo frames: HTTP/1.1 has none\n", said.err)

    def test_tcp_refuses_and_udp_says_nothing(self):
        with silent() as udp:
            self.fails(r"cannot connect to 127.0.0.1 port %d: connection refused \(is the server running\?\); over UDP \(HTTP/3\): "
                       r"no answer over UDP .*" % udp.port, "https://127.0.0.1:%d/" % udp.port, "--http3")

    def test_nobody_answers(self):
        with silent() as udp:
            url = "https://127.0.0.1:%d/" % udp.port
            self.fails(r"gave up after 1 s while connecting over UDP \(QUIC\) to 127.0.0.1 port %d.*" % udp.port, url, "--http3-only",
                       "--connect-timeout", "1")

    def test_no_version_in_common(self):
        with silent(answer=version_negotiation) as udp:
            self.fails(r"no HTTP/3 with 127.0.0.1 port %d: the server speaks no version of QUIC that we do \(1 and 2\); .*" % udp.port,
                       "https://127.0.0.1:%d/" % udp.port, "--http3-only")

    def test_a_certificate_of_nobody_known(self):
        self.serve()
        with tempfile.TemporaryDirectory() as other:
            env = {**os.environ, "XDG_DATA_HOME": other}
            for how in ("--http3-only", "--http3"):
                said = Said(subprocess.run([PARLEY, "get", self.url(), how], capture_output=True, env=env, timeout=120))
                self.assertEqual(said.code, 1, said.err)
                self.assertRegex(said.err, "cannot trust localhost port %d: " % self.server.https_port)
                self.assertEqual(said.err.count("no trusted authority"), 1, said.err)
                self.assertIn("--cacert $(parley ca --data DIR --path) trusts it", said.err)


if __name__ == "__main__":
    unittest.main()
