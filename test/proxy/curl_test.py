#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""curl as a client through `parley proxy --forward`: TLS in a tunnel, HTTP/2 within it, requests for http URLs, users, refusals."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.environ.get("PARLEY_SOURCE", "."), "test", "support"))
from session import Raw, Server  # noqa: E402

CURL = shutil.which("curl")


def curl(*words, environment=None):
    """What curl printed, and its exit status."""
    done = subprocess.run([CURL, "-sS", "--max-time", "60", "--noproxy", "", *words], capture_output=True, timeout=90, check=False,
                          env={**os.environ, **(environment or {})})
    return done.stdout.decode("utf-8", "replace"), done.returncode, done.stderr.decode("utf-8", "replace")


@unittest.skipUnless(CURL, "there is no curl")
class Through(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-proxy-")
        with open(os.path.join(cls.folder.name, "hello.txt"), "w", encoding="utf-8") as file:
            file.write("hello through the proxy\n")
        with open(os.path.join(cls.folder.name, "large"), "wb") as file:
            file.write(os.urandom(3_000_000))
        cls.origin = Server(subcommand=("serve", cls.folder.name), secure=True)
        cls.log = os.path.join(cls.folder.name, "log")
        # ada's is "secret", by mkpasswd -m sha512crypt.
        cls.users = os.path.join(cls.folder.name, "users")
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", "saltsalt", "secret"], capture_output=True, check=True).stdout.decode().strip()
        with open(cls.users, "w", encoding="utf-8") as file:
            file.write("# who may\nada:" + made + "\n")
        ports = ["--tunnel-port", str(cls.origin.https_port), "--http-port", str(cls.origin.port)]
        cls.proxy = Server("--forward", "--allow", "localhost", "--allow", "127.0.0.1", "--allow-private", *ports,
                           "--access-log", cls.log, "--access-log-format", "json", "--metrics", subcommand=("proxy",), secure=True)
        cls.closed = Server("--forward", "--allow", "*", *ports, subcommand=("proxy",))
        cls.guarded = Server("--forward", "--allow", "localhost", "--allow-private", *ports, "--proxy-users", cls.users, subcommand=("proxy",))

    @classmethod
    def tearDownClass(cls):
        for each in (cls.origin, cls.proxy, cls.closed, cls.guarded):
            each.stop()
        cls.folder.cleanup()

    def by(self, proxy):
        return "http://127.0.0.1:%d" % proxy.port

    def https(self, path):
        return "https://localhost:%d%s" % (self.origin.https_port, path)

    def http(self, path):
        return "http://localhost:%d%s" % (self.origin.port, path)

    def test_tls_in_a_tunnel(self):
        for version in ("--http1.1", "--http2"):
            with self.subTest(version):
                out, code, err = curl("-x", self.by(self.proxy), "--cacert", self.origin.authority, version, "-w", "%{http_version}",
                                      self.https("/hello.txt"))
                self.assertEqual(code, 0, err)
                self.assertEqual(out, "hello through the proxy\n" + ("2" if version == "--http2" else "1.1"))

    def test_much_and_many_at_once(self):
        results = []

        def fetch():
            target = tempfile.NamedTemporaryFile(dir=self.folder.name, delete=False)
            _, code, err = curl("-x", self.by(self.proxy), "--cacert", self.origin.authority, "-o", target.name, self.https("/large"))
            with open(target.name, "rb") as got, open(os.path.join(self.folder.name, "large"), "rb") as sent:
                results.append((code, err, got.read() == sent.read()))

        threads = [threading.Thread(target=fetch) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(results, [(0, "", True)] * 6)

    def test_requests_for_http_urls(self):
        out, code, err = curl("-i", self.http("/hello.txt"), environment={"http_proxy": self.by(self.proxy)})
        self.assertEqual(code, 0, err)
        self.assertTrue(out.startswith("HTTP/1.1 200"), out)
        self.assertIn("\r\nVia: 1.1 parley-", out)
        self.assertTrue(out.endswith("hello through the proxy\n"))

    def test_a_proxy_that_is_spoken_to_by_tls(self):
        out, code, err = curl("-x", "https://localhost:%d" % self.proxy.https_port, "--proxy-cacert", self.proxy.authority, "--cacert",
                              self.origin.authority, self.https("/hello.txt"))
        if "proxy" in err and "support" in err:
            self.skipTest(err)
        self.assertEqual((code, out), (0, "hello through the proxy\n"), err)
        out, code, err = curl("-x", "https://localhost:%d" % self.proxy.https_port, "--proxy-cacert", self.proxy.authority,
                              self.http("/hello.txt"))
        self.assertEqual((code, out), (0, "hello through the proxy\n"), err)

    def test_private_addresses_are_refused(self):
        for url in (self.https("/hello.txt"), "https://127.0.0.1:%d/" % self.origin.https_port, "https://2130706433:%d/" % self.origin.https_port,
                    "https://[::ffff:127.0.0.1]:%d/" % self.origin.https_port, "https://0x7f.1:%d/" % self.origin.https_port):
            with self.subTest(url):
                out, code, err = curl("-x", self.by(self.closed), "-k", "-w", "%{http_connect}", url)
                self.assertEqual(code, 56 if out.endswith("403") else code, err)
                self.assertIn(out[-3:], ("403", "400"), err)
        out, _, _ = curl("-x", self.by(self.closed), "-o", "/dev/null", "-w", "%{http_code}", self.http("/hello.txt"))
        self.assertEqual(out, "403")
# And others are served.
        with self.closed.connect() as peer:
            peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(peer.response().status, 404)

    def test_what_is_not_allowed(self):
        for url in ("https://example.com/", "https://localhost:22/", "https://localhost.example.com/"):
            out, code, _ = curl("-x", self.by(self.proxy), "-k", "-w", "%{http_connect}", url)
            self.assertEqual((code, out), (56, "403"), url)

    def test_users(self):
        out, code, _ = curl("-x", self.by(self.guarded), "-k", "-w", "%{http_connect}", self.https("/hello.txt"))
        self.assertEqual((code, out), (56, "407"))
        out, code, _ = curl("-x", self.by(self.guarded), "-U", "ada:wrong", "-k", "-w", "%{http_connect}", self.https("/hello.txt"))
        self.assertEqual((code, out), (56, "407"))
        out, code, err = curl("-x", self.by(self.guarded), "-U", "ada:secret", "-k", self.https("/hello.txt"))
        self.assertEqual((code, out), (0, "hello through the proxy\n"), err)
        out, code, err = curl("-x", self.by(self.guarded), "-U", "ada:secret", self.http("/hello.txt"))
        self.assertEqual((code, out), (0, "hello through the proxy\n"), err)

    def test_the_log_and_the_counters_know_tunnels(self):
        curl("-x", self.by(self.proxy), "--cacert", self.origin.authority, self.https("/hello.txt"))
        out, code, err = curl("http://127.0.0.1:%d/metrics" % self.proxy.port)
        self.assertEqual(code, 0, err)
        self.assertIn("\nparley_proxy_tunnels_total ", out)
        lines = []
        for _ in range(600):
            with open(self.log, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
            lines = [one for one in lines if one["method"] == "CONNECT" and one["status"] == 200]
            if any(one["received"] > 100 for one in lines):
                break
            threading.Event().wait(0.05)
        one = max(lines, key=lambda line: line["received"])
        self.assertEqual(one["target"], "localhost:%d" % self.origin.https_port)
        self.assertGreater(one["received"], 100)
        self.assertGreater(one["bytes"], 100)

    def test_a_half_close_goes_through(self):
        with Raw(self.proxy.port) as peer:
            peer.send(b"CONNECT localhost:%d HTTP/1.1\r\nHost: a\r\n\r\n" % self.origin.https_port)
            self.assertEqual(peer.head().status, 200)
# No TLS: the origin answers in cleartext, since it sees the end of what was asked only then or at once.
            peer.send(b"GET / HTTP/1.0\r\n\r\n")
            peer.finish()
            self.assertTrue(peer.until_close().startswith(b"HTTP/1."))


if __name__ == "__main__":
    unittest.main()
