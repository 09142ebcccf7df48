# ctest: TIMEOUT 600
"""HTTP/3 through bad networks: datagrams that are lost, late, repeated, broken or too long; clients whose port changes; servers that are killed."""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import unsteered  # noqa: E402
from http3_clients import PARLEY, PATIENCE, contents, curl, gtls, libcurl, needs_gtlsclient, needs_libcurl, ours  # noqa: E402
from relay import Relay  # noqa: E402
from session import Server  # noqa: E402

FILES = {"small.txt": b"Hello, world\n", "large.bin": os.urandom(2_000_000)}
WEATHERS = {
    "clear": {},
    "losses": {"loss": 0.02},
    "many losses": {"loss": 0.1},
    "reordered": {"late": 0.1},
    "repeated": {"twice": 0.3},
    "broken": {"broken": 0.02},
    "small": {"mtu": 1252},
    "all": {"loss": 0.02, "late": 0.05, "twice": 0.05, "broken": 0.01, "mtu": 1400},
}


class Served(unittest.TestCase):
    """`parley serve` with four loops. `wrapper`: words before the command."""
    wrapper = ()

    @classmethod
    def setUpClass(cls):
        cls.site = tempfile.TemporaryDirectory(prefix="parley-test-")
        for name, content in FILES.items():
            with open(os.path.join(cls.site.name, name), "wb") as file:
                file.write(content)
        cls.server = Server("--threads", "4", subcommand=("serve", cls.site.name), secure=True, wrapper=cls.wrapper)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.site.cleanup()
        assert code == 0, cls.server.messages

    def same(self, got, *names):
        self.assertEqual(set(got), set(names))
        for name in names:
            self.assertTrue(got[name] == FILES[name], "%s: %d bytes" % (name, len(got[name])))

    def by_curl(self, port, *names):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as into:
            curl("get", self.server, *[word for name in names
                                       for word in ("https://localhost:%d/%s" % (port, name), os.path.join(into, name))])
            return contents(into)


class Weather(Served):
    def through(self, fetch):
        for name, how in WEATHERS.items():
            with self.subTest(name), Relay(self.server.https_port, **how) as relay:
                self.same(fetch(relay.port, *FILES), *FILES)
                self.assertGreater(relay.passed, 1000)
                happened = {"loss": relay.lost, "late": relay.delayed, "twice": relay.repeated, "broken": relay.changed, "mtu": relay.lost}
                for what in how:
                    self.assertGreater(happened[what], 0, what)

    def test_ours(self):
        self.through(lambda port, *names: ours(self.server, port, *names))

    @needs_gtlsclient
    def test_ngtcp2(self):
        self.through(gtls)

    @needs_libcurl
    def test_libcurl(self):
        self.through(self.by_curl)


class Moving(Served):
    """A NAT that forgets: the server sees a client come from a new port every hundred datagrams."""

    def through(self, fetch):
        for seed in range(3):
            with Relay(self.server.https_port, rebind_after=100, seed=seed) as relay:
                self.same(fetch(relay.port, "large.bin"), "large.bin")
                self.assertGreater(relay.rebound, 2)

    def test_ours(self):
        self.through(lambda port, *names: ours(self.server, port, *names))

    @needs_gtlsclient
    def test_ngtcp2(self):
        self.through(gtls)

    @needs_libcurl
    def test_libcurl(self):
        self.through(self.by_curl)


@unittest.skipUnless(unsteered.wrapper(), "no seccomp program for this processor")
class MovingToOtherLoops(Moving):
    """The same where the system brings datagrams to loops by addresses and ports: they are handed over between the four."""
    wrapper = tuple(unsteered.wrapper() or ())


class Restart(unittest.TestCase):
    """A server is killed and starts again on the same port and data folder: clients learn by a stateless reset (RFC 9000 §10.3) that it knows
    nothing of them, and reconnect. Their idle time is longer than the test waits."""
    LIMITS = ("--limit", "quic_idle_time=600s")

    def setUp(self):
        self.data = tempfile.TemporaryDirectory(prefix="parley-test-")
        # Keys last for ports that were asked for by number.
        finder = Server(secure=True, data=self.data.name)
        self.assertEqual(finder.stop(), 0)
        self.server = Server(*self.LIMITS, secure=finder.https_port, data=self.data.name)
        self.url = "https://localhost:%d/style.css" % self.server.https_port

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)
        self.data.cleanup()

    def kill_and_start(self):
        self.server.stop(signal.SIGKILL)
        self.server = Server(*self.LIMITS, secure=self.server.https_port, data=self.data.name)

    def through_a_restart(self, command, *words, **more):
        """Runs our command through a relay, which sees no more datagrams than those of one connection before the server is killed."""
        with Relay(self.server.https_port) as relay:
            base = "https://localhost:%d" % relay.port
            words = [PARLEY, command, "--http3-only", "--cacert", self.server.authority, *[base + w if w.startswith("/") else w for w in words]]
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **more) as client:
                try:
                    while relay.passed < 1000 and client.poll() is None:
                        time.sleep(0.01)
                    self.assertIsNone(client.poll(), "it ended before the server did")
                    self.kill_and_start()
                    client.wait(PATIENCE)
                finally:
                    client.kill()
                out.seek(0)
                err.seek(0)
                return client.returncode, out.read(), err.read().decode("utf-8", "replace")

    def test_ours(self):
        # It sends without end, so it has something to send when the server is back.
        with tempfile.TemporaryFile() as content:
            content.truncate(1 << 40)
            code, _, err = self.through_a_restart("post", "-d", "@/dev/fd/%d" % content.fileno(), "/upload", pass_fds=[content.fileno()])
        self.assertEqual(code, 1)
        self.assertIn("the server knows nothing of it any more", err)

    def test_ours_asks_again(self):
        # Of many requests, one after the other, none is lost.
        count = 3000
        code, out, err = self.through_a_restart("get", *["/style.css"] * count, "--show")
        self.assertEqual(code, 0, err[-3000:])
        self.assertEqual(err.count("1 Connect     localhost → "), 2)
        self.assertEqual(len(set(out[i:i + len(out) // count] for i in range(0, len(out), len(out) // count))), 1)

    @needs_libcurl
    def test_libcurl(self):
        words = [libcurl()[0], "wait", self.server.authority, self.url, "4"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            try:
                first = client.stdout.readline().split()
                self.assertEqual(first[:2] + first[3:], ["3", "200", "1"])
                client.stdin.write("\n")
                client.stdin.flush()
                self.assertEqual(client.stdout.readline().split(), [*first[:3], "0"])  # on the same connection
                self.kill_and_start()
                # Its own idle time is 120 s. That one request fails, and is not repeated, is its way.
                out, _ = client.communicate("\n\n", timeout=100)
            finally:
                client.kill()
        lost, again = out.splitlines()
        self.assertIn("failed", lost)
        self.assertEqual(again.split(), [*first[:3], "1"])  # on another
        self.assertEqual(client.returncode, 0)


if __name__ == "__main__":
    unittest.main()
