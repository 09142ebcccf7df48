#!/usr/bin/env python3
"""curl as the client of `parley serve --compress`: ranges, codings, conditions; over HTTP/1.1 and, by TLS, HTTP/2."""
import gzip
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402

TEXT = b"".join(b"line %d\n" % i for i in range(60_000))


def curl(*arguments):
    return subprocess.run(["curl", "--silent", "--show-error", "--max-time", "120", *arguments], capture_output=True, timeout=150)


def tag_of(done):
    return [line for line in done.stdout.lower().splitlines() if line.startswith(b"etag:")]


class Curl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.path("text.txt", TEXT)
        cls.path("page.html", TEXT[:5000])
        cls.path("style.css", TEXT[:9000])
        cls.path("style.css.gz", gzip.compress(b"from beside"))
        cls.path("large.bin", os.urandom(10 * 1024 * 1024))
        cls.server = session.Server(cls.folder.name, "--compress", subcommand=("serve",), secure=True)
        cls.ways = {
            "1.1": (["--http1.1"], "http://127.0.0.1:%d" % cls.server.port),
            "2": (["--http2", "--cacert", cls.server.authority], "https://localhost:%d" % cls.server.https_port),
        }

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    @classmethod
    def path(cls, name, content=None):
        full = os.path.join(cls.folder.name, name)
        if content is not None:
            with open(full, "wb") as out:
                out.write(content)
        return full

    def each_way(self):
        for name, (options, url) in self.ways.items():
            with self.subTest(version=name):
                yield lambda path, *more, options=options, url=url: curl(*options, *more, url + path)

    def test_ranges(self):
        with open(self.path("large.bin"), "rb") as large:
            large = large.read()
        for get in self.each_way():
            self.assertEqual(get("/text.txt", "-r", "100-199").stdout, TEXT[100:200])
            self.assertEqual(get("/text.txt", "-r", "-50").stdout, TEXT[-50:])
            self.assertEqual(get("/large.bin", "-r", "5000000-").stdout, large[5000000:])
            several = get("/text.txt", "-r", "0-9,1000-1009", "-D", "-").stdout
            self.assertIn(b"multipart/byteranges; boundary=", several)
            self.assertIn(b"\r\n\r\n" + TEXT[1000:1010] + b"\r\n--", several)
            self.assertEqual(get("/text.txt", "-r", "99999999-", "-o", os.devnull, "-w", "%{http_code}").stdout, b"416")

    def test_resume(self):
        with open(self.path("large.bin"), "rb") as large:
            large = large.read()
        for get in self.each_way():
            with tempfile.TemporaryDirectory() as here:
                part = os.path.join(here, "part")
                with open(part, "wb") as out:
                    out.write(large[:3_333_333])
                done = get("/large.bin", "-C", "-", "-o", part)
                self.assertEqual(done.returncode, 0, done)
                with open(part, "rb") as whole:
                    self.assertEqual(whole.read(), large)

    def test_compressed(self):
        for get in self.each_way():
            for path, content in (("/text.txt", TEXT), ("/page.html", TEXT[:5000]), ("/style.css", b"from beside")):
                done = get(path, "--compressed", "-H", "Accept-Encoding: gzip")
                self.assertEqual(done.stdout, content, path)
                head = get(path, "-I", "-H", "Accept-Encoding: gzip").stdout.lower()
                self.assertIn(b"content-encoding: gzip", head)
                self.assertIn(b"vary: accept-encoding", head)
            # Whatever this curl decodes.
            self.assertEqual(get("/text.txt", "--compressed").stdout, TEXT)
            self.assertNotIn(b"content-encoding", get("/large.bin", "-I", "--compressed").stdout.lower())

    def test_conditions(self):
        for get in self.each_way():
            # What was changed a moment ago gets another tag each time.
            until = time.monotonic() + 60
            while tag_of(get("/text.txt", "-I")) != tag_of(get("/text.txt", "-I")) and time.monotonic() < until:
                pass
            with tempfile.TemporaryDirectory() as here:
                tag = os.path.join(here, "etag")
                first = get("/text.txt", "--etag-save", tag, "-o", os.devnull, "-w", "%{http_code}")
                self.assertEqual(first.stdout, b"200")
                again = get("/text.txt", "--etag-compare", tag, "-o", os.devnull, "-w", "%{http_code} %{size_download}")
                self.assertEqual(again.stdout, b"304 0")
                self.assertEqual(get("/page.html", "-z", self.path("page.html"), "-o", os.devnull, "-w", "%{http_code}").stdout, b"304")
                coded = get("/text.txt", "--compressed", "--etag-save", tag, "-o", os.devnull)
                self.assertEqual(coded.returncode, 0)
                again = get("/text.txt", "--compressed", "--etag-compare", tag, "-o", os.devnull, "-w", "%{http_code}")
                self.assertEqual(again.stdout, b"304")


if __name__ == "__main__":
    unittest.main()
