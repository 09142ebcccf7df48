# ctest: TIMEOUT 300
"""Others' clients speak HTTP/2 to our server: curl, nghttp, h2load, Chromium."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from session import SANITIZED, Server  # noqa: E402


def run(*words, timeout=120, environment=None):
    return subprocess.run(words, capture_output=True, timeout=timeout, text=True, errors="replace",
                          env={**os.environ, **(environment or {})})


def needs(program):
    return unittest.skipUnless(shutil.which(program), program + " is not installed")


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.log = tempfile.NamedTemporaryFile(prefix="parley-log-", suffix=".json")
        cls.server = Server("--https", "127.0.0.1:0", "--access-log", cls.log.name, "--access-log-format", "json")
        cls.http = "http://127.0.0.1:%d" % cls.server.port
        for line in cls.server.messages:
            found = re.fullmatch(r"listening https (127\.0\.0\.1:\d+).*", line)
            if found:
                cls.https = "https://" + found.group(1)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.log.close()
        assert code == 0, cls.server.messages

    def lines(self, which):
        """Entries of the access log for which `which` holds; waits for the first."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with open(self.log.name) as log:
                found = [entry for entry in map(json.loads, log) if which(entry)]
            if found:
                return found
            time.sleep(0.05)
        self.fail("nothing in the log")


@needs("curl")
class Curl(Peers):
    def ask(self, *words):
        done = run("curl", "-sk", "-w", " %{http_version} %{http_code}", "-o", "/dev/null", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_alpn(self):
        self.assertEqual(self.ask(self.https + "/"), "2 200")
        self.assertEqual(self.ask("--http1.1", self.https + "/"), "1.1 200")

    def test_tls12(self):
        # RFC 9113 §9.2.2: none but suites with ephemeral keys and AEAD, so none of the forbidden ones.
        done = run("curl", "-skv", "--tls-max", "1.2", "-o", "/dev/null", self.https + "/")
        suite = re.search(r"SSL connection using TLSv1.2 / (\S+)", done.stderr)
        self.assertIsNotNone(suite, done.stderr)
        self.assertRegex(suite.group(1), r"^ECDHE-.*(GCM|CHACHA20|CCM)")
        self.assertRegex(done.stderr, r"< HTTP/2 200")
        for forbidden in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES256-SHA"):
            done = run("curl", "-sk", "--tls-max", "1.2", "--ciphers", forbidden, self.https + "/")
            self.assertNotEqual(done.returncode, 0, forbidden)

    def test_prior_knowledge(self):
        self.assertEqual(self.ask("--http2-prior-knowledge", self.http + "/"), "2 200")

    def test_upgrade(self):
        self.assertEqual(self.ask("--http2", self.http + "/"), "2 200")
        self.assertEqual(self.ask("--http2", "-d", "content", self.http + "/"), "1.1 405")

    def test_content_both_ways(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(json.dumps({"CustID": 7, "Name": "A" * 100, "Address": "x"}).encode())
            file.flush()
            words = ["-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", "@" + file.name]
            self.assertIn(self.ask(*words, self.https + "/customers/7"), ("2 201", "2 200"))
        done = run("curl", "-sk", self.https + "/customers/7")
        self.assertEqual(json.loads(done.stdout)["Name"], "A" * 100)

    def test_early_hints(self):
        done = run("curl", "-sik", self.https + "/session")
        self.assertRegex(done.stdout, r"^HTTP/2 103 ?\r?\nlink: </style.css>; rel=preload; as=style\r?\n\r?\nHTTP/2 200")

    def test_a_head_that_is_too_large(self):
        self.assertEqual(self.ask("-H", "X-Large: " + "a" * 60000, self.https + "/"), "2 431")


@needs("nghttp")
class Nghttp(Peers):
    def test_a_hint_is_pushed(self):
        for words in (["nghttp", "-nv", "-H", "user-agent: tool/1", self.https + "/session"],
                      ["nghttp", "-nv", self.http + "/session"]):
            done = run(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("PUSH_PROMISE", done.stdout)
            self.assertRegex(done.stdout, r"recv \(stream_id=\d+\) :path: /style.css")
            self.assertRegex(done.stdout, r"recv \(stream_id=2\) :status: 200")
        pushed = self.lines(lambda e: e.get("pushed"))
        self.assertEqual(pushed[0]["target"], "/style.css")
        self.assertEqual(pushed[0]["version"], "HTTP/2.0")

    def test_a_browser_gets_a_link(self):
        done = run("nghttp", "-nv", "-H", "user-agent: Mozilla/5.0", self.http + "/session")
        self.assertNotIn("PUSH_PROMISE", done.stdout)
        self.assertRegex(done.stdout, r":status: 103")

    def test_upgrade(self):
        done = run("nghttp", "-nv", "-u", self.http + "/style.css")
        self.assertIn("HTTP Upgrade success", done.stdout)
        self.assertRegex(done.stdout, r"recv \(stream_id=1\) :status: 200")

    def test_continuation_and_padding(self):
        done = run("nghttp", "-nv", "--continuation", "-b", "200", self.http + "/style.css")
        self.assertRegex(done.stdout, r":status: 200", done.stdout)

    def test_small_windows(self):
        done = run("nghttp", "-nv", "-w", "1", "-W", "1", self.http + "/style.css")
        self.assertRegex(done.stdout, r":status: 200")
        self.assertIn("END_STREAM", done.stdout)


@needs("h2load")
class H2load(Peers):
    def test_many_streams(self):
        count = 500 if SANITIZED else 20000
        for url in (self.https, self.http):
            for streams in ("1", "32", "128"):
                done = run("h2load", "-n", str(count), "-c", "4", "-m", streams, url + "/style.css")
                self.assertIn("%d succeeded, 0 failed, 0 errored, 0 timeout" % count, done.stdout)
                self.assertIn("status codes: %d 2xx, 0 3xx, 0 4xx, 0 5xx" % count, done.stdout)

    def test_more_streams_than_are_allowed(self):
        # It heeds the setting (RFC 9113 §5.1.2) once it has seen it.
        done = run("h2load", "-n", "5000", "-c", "1", "-m", "1000", self.http + "/style.css")
        self.assertRegex(done.stdout, r"\d+ succeeded")
        self.assertIn("5000 done", done.stdout)


@needs("curl")
class Files(unittest.TestCase):
    def test_all_sizes(self):
        with tempfile.TemporaryDirectory(prefix="parley-files-") as folder:
            sizes = (0, 1, 13, 16384, 65536, 65537, 1 << 20, (10 << 20) + 1)
            for size in sizes:
                with open("%s/%d.bin" % (folder, size), "wb") as file:
                    file.write(os.urandom(size))
            server = Server("--https", "127.0.0.1:0", subcommand=("serve", folder))
            try:
                urls = ["http://127.0.0.1:%d" % server.port]
                urls += ["https://" + m.group(1) for m in (re.fullmatch(r"listening https (127\.0\.0\.1:\d+).*", line)
                                                           for line in server.messages) if m]
                for url in urls:
                    got = [["-o", "%s/got-%d" % (folder, size), "%s/%d.bin" % (url, size)] for size in sizes]
                    # By https all at once on one connection. By http one by one: curl 7.88 that began with HTTP/2 cannot use its connection
                    # again, whatever the server.
                    if url.startswith("https"):
                        asked = [["-Zk", "--http2", *sum(got, [])]]
                    else:
                        asked = [["--http2-prior-knowledge", *one] for one in got]
                    for words in asked:
                        done = run("curl", "-s", "-w", "%{http_version} %{http_code}\n", *words)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertEqual(set(done.stdout.splitlines()), {"2 200"})
                    for size in sizes:
                        with open("%s/%d.bin" % (folder, size), "rb") as a, open("%s/got-%d" % (folder, size), "rb") as b:
                            self.assertEqual(a.read(), b.read(), "%s/%d.bin" % (url, size))
                        os.unlink("%s/got-%d" % (folder, size))
            finally:
                self.assertEqual(server.stop(), 0)


@needs("chromium")
class Chromium(unittest.TestCase):
    IMAGES = 100

    def test_a_page_with_a_hundred_images(self):
        with tempfile.TemporaryDirectory(prefix="parley-images-") as folder:
            for i in range(self.IMAGES):
                with open("%s/%d.svg" % (folder, i), "w") as image:
                    image.write('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="7"><rect width="7" height="7"/></svg>' % (i + 1))
            with open(folder + "/index.html", "w") as page:
                page.write("<!DOCTYPE html><title>loading</title>" + "".join('<img src="%d.svg">' % i for i in range(self.IMAGES)) +
                           "<script>onload = () => { const by = performance.getEntriesByType('resource').map(e => e.nextHopProtocol);"
                           "document.title = [...document.images].filter((i, n) => i.complete && i.naturalWidth == n + 1).length + "
                           "' images by ' + [...new Set(by)] }</script>")
            log = folder + ".log"
            server = Server("--https", "127.0.0.1:0", "--access-log", log, "--access-log-format", "json", "--show",
                            subcommand=("serve", folder))
            try:
                port = next(int(m.group(1)) for m in (re.fullmatch(r"listening https 127\.0\.0\.1:(\d+).*", line)
                                                      for line in server.messages) if m)
                with tempfile.TemporaryDirectory(prefix="parley-chromium-") as profile:
                    done = run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                               "--ignore-certificate-errors", "--no-first-run", "--disable-background-networking",
                               "--disable-component-update", "--disable-sync", "--user-data-dir=" + profile,
                               "--virtual-time-budget=60000", "--dump-dom", "https://localhost:%d/" % port,
                               environment={"HOME": profile})
                self.assertIn("<title>%d images by h2</title>" % self.IMAGES, done.stdout, done.stderr[-2000:])
            finally:
                code = server.stop()
            self.assertEqual(code, 0)
            with open(log) as lines:
                entries = [json.loads(line) for line in lines]
            os.unlink(log)
            images = [e for e in entries if e["target"].endswith(".svg")]
            self.assertEqual(len(images), self.IMAGES)
            self.assertEqual({e["version"] for e in images}, {"HTTP/2.0"})
            # The server's own view says on which connection each came.
            text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(server.messages))
            served = re.findall(r"1 connect\s.*?connection (\d+)", text)
            self.assertGreaterEqual(served.count(max(set(served), key=served.count)), self.IMAGES + 1)


if __name__ == "__main__":
    unittest.main()
