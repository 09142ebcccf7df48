#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""slowhttptest in all its modes against `parley serve`, while others are served. Skipped where it is not installed."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import Raw, Server  # noqa: E402

CONNECTIONS = 200
SECONDS = 12
# By mode: the path, and what slowhttptest is told. The body goes to the demo, which reads it; the rest to files.
MODES = {"slow headers": ("/", ["-H"]), "slow body": ("/customers", ["-B", "-t", "POST", "-s", "100000", "-f", "application/json"]),
         "range": ("/", ["-R", "-a", "1", "-b", "500"]),
         "slow read": ("/", ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "4", "-k", "1"])}
LIMITS = ["--limit", "head_time=3s", "--limit", "stall_time=3s", "--limit", "idle_time=5s"]  # for a run of a few seconds


class SlowHttp(unittest.TestCase):
    def start(self, *subcommand):
        server = Server("--threads", "1", *LIMITS, subcommand=subcommand)
        self.addCleanup(lambda: server.process.poll() is None and server.stop(signal.SIGKILL))
        return server

    def test_all_modes(self):
        folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "index.html"), "wb") as file:
            file.write(b"x" * 20_000_000)  # more than the system's buffers take
        with open(os.path.join(folder.name, "small"), "wb") as file:
            file.write(b"served")
        files, demo = self.start("serve", folder.name), self.start("demo")
        done = {}

        def run(name, path, words):
            port = demo.port if path == "/customers" else files.port
            done[name] = subprocess.run(
                ["slowhttptest", *words, "-c", str(CONNECTIONS), "-r", "100", "-i", "1", "-x", "10", "-l", str(SECONDS), "-p", "10",
                 "-u", "http://127.0.0.1:%d%s" % (port, path)], capture_output=True, text=True, timeout=200)

        threads = [threading.Thread(target=run, args=(name, *what)) for name, what in MODES.items()]
        for thread in threads:
            thread.start()
        served = 0
        slowest = 0
        while any(thread.is_alive() for thread in threads):
            for server, path in ((files, b"/small"), (demo, b"/hello/x")):
                begun = time.monotonic()
                with Raw(server.port) as other:
                    other.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
                    if time.monotonic() - begun > 2:
                        continue  # this machine stood still, so we were slow ourselves
                    self.assertIn(other.response().status, (200, 404), "after %.3f s" % (time.monotonic() - begun))
                slowest = max(slowest, time.monotonic() - begun)
            served += 1
        for thread in threads:
            thread.join()
        print("others were served %d times, the slowest after %.3f s" % (served, slowest))
        self.assertGreater(served, 10)
        for name, result in done.items():
            text = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
            last = {k: v for k, v in re.findall(r"(\w[\w ]*): +(\w+)", text.split("slow HTTP test status")[-1])}
            print("%s: %s" % (name, last))
            self.assertEqual(last.get("service available"), "YES", text[-2000:])
            # A range is answered at once. A slow reader has bytes to read long after it was reset; slow_test.cpp has that.
            if name in ("slow headers", "slow body"):
                self.assertGreater(int(last["closed"]), 0, text[-2000:])
        for server in (files, demo):
            self.no_attacker_is_left(server)
            self.assertEqual(server.stop(), 0, server.messages)

    def no_attacker_is_left(self, server):
        descriptors = "/proc/%d/fd" % server.process.pid
        for _ in range(3000):
            sockets = sum(1 for name in os.listdir(descriptors) if self.is_socket(os.path.join(descriptors, name)))
            if sockets <= 1:  # the listener
                return
            threading.Event().wait(0.01)
        self.fail("%d sockets are left" % sockets)

    @staticmethod
    def is_socket(path):
        try:
            return os.readlink(path).startswith("socket:")
        except OSError:
            return False


if __name__ == "__main__":
    if shutil.which("slowhttptest") is None:
        print("slowhttptest is not installed (Debian: slowhttptest, ./dev setup bench)")
        sys.exit(77)
    session.main()
