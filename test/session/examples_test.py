#!/usr/bin/env python3
"""The examples say in a line what keeps them from running."""
import os
import socket
import subprocess
import sys
import tempfile
import unittest

EXAMPLES = os.path.join(os.environ.get("PARLEY_BUILD", ""), "examples")
SERVERS = ("hello", "middleware", "stream", "content", "login", "edge", "demo")
PORT = 8080  # where they listen


class Examples(unittest.TestCase):
    def test_a_port_in_use(self):
        with socket.socket() as holder, tempfile.TemporaryDirectory() as folder:
            try:
                holder.bind(("127.0.0.1", PORT))
                holder.listen()
            except OSError:
                self.skipTest("somebody else has the port, and may give it back at any time")
            for name in SERVERS:
                with self.subTest(name):
                    done = subprocess.run([os.path.join(EXAMPLES, name)], capture_output=True, timeout=60, cwd=folder)
                    self.assertEqual(done.returncode, 1, done)
                    self.assertRegex(done.stderr, rb"\A(demo: )?port 8080 on 127\.0\.0\.1 is in use\n\Z")


if __name__ == "__main__":
    if not all(os.access(os.path.join(EXAMPLES, name), os.X_OK) for name in SERVERS):
        print("the examples were not built")
        sys.exit(77)
    unittest.main()
