# ctest: TIMEOUT 300
"""Others' clients speak HTTP/3 to our server: ngtcp2's."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from session import Server  # noqa: E402

CLIENT = shutil.which("gtlsclient")


@unittest.skipUnless(CLIENT, "gtlsclient (ngtcp2-client) is not installed")
class Ngtcp2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.site = os.path.join(cls.folder.name, "site")
        os.mkdir(cls.site)
        cls.large = os.urandom(5_000_000)
        cls.write("small.txt", b"Hello, world\n")
        cls.write("large.bin", cls.large)
        cls.log = os.path.join(cls.folder.name, "log")
        cls.server = Server("--access-log", cls.log, "--access-log-format", "json", "--threads", "2", subcommand=("serve", cls.site), secure=True)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server.messages

    @classmethod
    def write(cls, name, content):
        with open(os.path.join(cls.site, name), "wb") as file:
            file.write(content)

    def fetch(self, *paths, options=()):
        """What came, by name."""
        with tempfile.TemporaryDirectory(prefix="parley-test-") as into:
            port = str(self.server.https_port)
            done = subprocess.run([CLIENT, "-q", "--exit-on-all-streams-close", "--download", into, *options, "127.0.0.1", port,
                                   *["https://localhost:%s/%s" % (port, path) for path in paths]], capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])
            got = {}
            for name in os.listdir(into):
                with open(os.path.join(into, name), "rb") as file:
                    got[name] = file.read()
            return got

    def test_small_and_large(self):
        got = self.fetch("small.txt", "large.bin")
        self.assertEqual(got["small.txt"], b"Hello, world\n")
        self.assertEqual(got["large.bin"], self.large)

    def test_one_that_moves(self):
        got = self.fetch("large.bin", options=("--change-local-addr=20ms",))
        self.assertEqual(got["large.bin"], self.large)

    def test_one_behind_a_nat_that_forgets(self):
        got = self.fetch("large.bin", options=("--change-local-addr=20ms", "--nat-rebinding"))
        self.assertEqual(got["large.bin"], self.large)

    def test_one_that_loses_datagrams(self):
        got = self.fetch("large.bin", options=("--tx-loss=0.05", "--rx-loss=0.05"))
        self.assertEqual(got["large.bin"], self.large)

    def test_one_that_changes_keys(self):
        got = self.fetch("large.bin", options=("--key-update=10ms",))
        self.assertEqual(got["large.bin"], self.large)

    def test_the_log_says_so(self):
        self.fetch("small.txt")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with open(self.log) as log:
                found = [entry for entry in map(json.loads, log) if entry["version"] == "HTTP/3.0"]
            if found:
                return
            time.sleep(0.05)
        self.fail("nothing of HTTP/3 in the log")


if __name__ == "__main__":
    unittest.main()
