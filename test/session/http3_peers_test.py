# ctest: TIMEOUT 600
"""Others' clients speak HTTP/3 to our server: ngtcp2's, libcurl, Chromium."""
import json
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import chromium  # noqa: E402
from http3_clients import contents, curl, gtls, needs_gtlsclient, needs_libcurl  # noqa: E402
from session import SANITIZED, Server  # noqa: E402

LARGE = os.urandom(10 << 20)


class Site(unittest.TestCase):
    """`parley serve` with files of several sizes, and its log."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.site = os.path.join(cls.folder.name, "site")
        os.mkdir(cls.site)
        cls.files = {"empty.txt": b"", "small.txt": b"Hello, world\n", "large.bin": LARGE}
        cls.files.update({"%d.bin" % n: os.urandom(n) for n in (1, 1199, 16384, 65537, 300_000)})
        for name, content in cls.files.items():
            with open(os.path.join(cls.site, name), "wb") as file:
                file.write(content)
        cls.log = os.path.join(cls.folder.name, "log")
        cls.server = Server("--access-log", cls.log, "--access-log-format", "json", "--threads", "2", subcommand=("serve", cls.site), secure=True)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server.messages

    def url(self, path):
        return "https://localhost:%d/%s" % (self.server.https_port, path)

    def logged(self, path, count=1):
        """The access log's entries for a target, once there are so many."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with open(self.log) as log:
                found = [entry for entry in map(json.loads, log) if entry["target"] == path]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        self.fail("%d in the log" % len(found))


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(secure=True)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, cls.server.messages

    def url(self, path):
        return "https://localhost:%d/%s" % (self.server.https_port, path)


@needs_gtlsclient
class Ngtcp2(Site):
    def fetch(self, *paths, options=()):
        got = gtls(self.server.https_port, *paths, options=options)
        self.assertEqual(set(got), set(paths))
        for path in paths:
            self.assertTrue(got[path] == self.files[path], "%s: %d bytes" % (path, len(got[path])))

    def test_all_sizes_at_once(self):
        self.fetch(*self.files)
        self.assertEqual({entry["version"] for entry in self.logged("/300000.bin")}, {"HTTP/3.0"})

    # Its --nat-rebinding is no test: it may have nothing to send just then, and hears nothing on its old port. http3_network_test.py has one.
    def test_one_that_moves(self):
        self.fetch("large.bin", options=("--change-local-addr=20ms",))

    def test_one_that_loses_datagrams(self):
        self.fetch("large.bin", options=("--tx-loss=0.05", "--rx-loss=0.05"))

    def test_one_that_changes_keys(self):
        self.fetch("large.bin", options=("--key-update=10ms",))

    def test_one_with_small_windows(self):
        self.fetch("300000.bin", "large.bin", options=("--max-data=4K", "--max-stream-data-bidi-local=2K"))

    def test_datagrams_of_one_size(self):
        self.fetch("300000.bin", options=("--no-pmtud",))
        self.fetch("300000.bin", options=("--max-udp-payload-size=1452",))

    def test_ids_of_no_length_and_of_much(self):
        self.fetch("300000.bin", options=("--scid=", "--dcid=0123456789abcdef0123456789abcdef0123"))

    def test_all_ciphers_and_a_second_hello(self):
        # The last one's share of a key is of a group that we do not prefer.
        for cipher in ("AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305"):
            self.fetch("300000.bin", options=("--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+" + cipher,))
        self.fetch("small.txt", options=("--groups=-GROUP-ALL:+GROUP-SECP521R1:+GROUP-SECP256R1",))

    def test_a_session_that_is_taken_up_again(self):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as kept:
            files = [os.path.join(kept, name) for name in ("session", "parameters", "token")]
            options = ("--session-file=" + files[0], "--tp-file=" + files[1], "--token-file=" + files[2], "--wait-for-ticket")
            self.fetch("small.txt", options=options)
            for name in files:
                self.assertGreater(os.path.getsize(name), 0, name)
            self.fetch("small.txt", "300000.bin", options=options)

    def test_many_requests(self):
        count = 300
        gtls(self.server.https_port, "1.bin", options=("--nstreams=%d" % count,))
        self.assertEqual({entry["status"] for entry in self.logged("/1.bin", count)}, {200})


@needs_gtlsclient
class Ngtcp2Content(Demo):
    def test_what_is_sent_comes_back(self):
        with tempfile.NamedTemporaryFile(prefix="parley-test-") as content:
            content.write(LARGE)
            content.flush()
            got = gtls(self.server.https_port, "echo", options=("-m", "POST", "-d", content.name))
        self.assertTrue(got["echo"] == LARGE, len(got["echo"]))


@needs_libcurl
class Libcurl(Site):
    def fetch(self, *names):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as into:
            words = [word for name in names for word in (self.url(name), os.path.join(into, name))]
            told = curl("get", self.server, *words)
            self.assertEqual({(version, status) for version, status, _, _ in told}, {(3, 200)})
            self.assertEqual(sum(connects for _, _, _, connects in told), 1, told)
            got = contents(into)
        for name in names:
            self.assertTrue(got[name] == self.files[name], name)

    def test_all_sizes_at_once(self):
        self.fetch(*self.files)

    def test_it_finds_the_way_by_itself(self):
        # First over TCP; the answer's Alt-Svc brings it to HTTP/3 (RFC 7838).
        with tempfile.TemporaryDirectory(prefix="parley-test-") as kept:
            told = curl("altsvc", self.server, os.path.join(kept, "cache"), self.url("small.txt"), 3)
            with open(os.path.join(kept, "cache")) as cache:
                text = cache.read()
        self.assertEqual([version for version, _, _, _ in told], [2, 3, 3])
        self.assertRegex(text, r"h2 localhost \d+ h3 localhost %d " % self.server.https_port)


@needs_libcurl
class LibcurlContent(Demo):
    def send(self, method, path, content):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
            source, into = os.path.join(folder, "from"), os.path.join(folder, "into")
            with open(source, "wb") as file:
                file.write(content)
            (told,) = curl("upload", self.server, method, self.url(path), source, into)
            self.assertEqual(told[0], 3)
            with open(into, "rb") as file:
                return told[1], file.read()

    def test_what_is_sent_comes_back(self):
        for size in (0, 1, 16384, 300_000, len(LARGE)):
            status, got = self.send("POST", "echo", LARGE[:size])
            self.assertEqual(status, 200)
            self.assertTrue(got == LARGE[:size], size)

    def test_what_is_refused_is_told(self):
        self.assertEqual(self.send("PUT", "customers/77", b"{}")[0], 415)
        self.assertEqual(self.send("PATCH", "style.css", b"{}")[0], 405)
        self.assertEqual(self.send("POST", "no/such/page", LARGE)[0], 404)


@unittest.skipUnless(chromium.CHROMIUM, "chromium is not installed")
class Chromium(Demo):
    def browser(self, *options):
        with open(self.server.certificate) as file:
            key = chromium.public_key_hash(file.read())
        return chromium.Chromium("--ignore-certificate-errors-spki-list=" + key, "--host-resolver-rules=MAP localhost 127.0.0.1", *options)

    def test_the_demo_by_http3_alone(self):
        with self.browser("--origin-to-force-quic-on=localhost:%d" % self.server.https_port) as browser:
            for path in ("", "session", "customers"):
                browser.go(self.url(path))
                came = browser.protocols()
                self.assertIn("/" + path, came)
                self.assertEqual(set(came.values()), {"h3"}, came)
            browser.go(self.url("session"))
            self.assertIn("HTTP/3", browser.evaluate("document.body.innerText"))
            self.assertEqual(browser.evaluate("fetch('/echo', {method: 'POST', body: 'x'.repeat(300000)})"
                                              ".then(r => r.text()).then(t => t.length)"), 300_000)
            self.assertEqual(browser.evaluate("Promise.all([...Array(100).keys()].map(n => fetch('/bytes/' + n * 100).then(r => r.blob())"
                                              ".then(b => b.size == n * 100))).then(all => all.filter(x => x).length)"), 100)
            self.assertEqual(set(browser.protocols().values()), {"h3"})

    def test_it_finds_the_way_by_itself(self):
        # Chromium has no QUIC for authorities that the system's list has not (CERT_ROOT_NOT_KNOWN), but for hosts of which it was told to use
        # QUIC; another port of it is named, so that what it does here is what Alt-Svc told it.
        with self.browser("--origin-to-force-quic-on=localhost:1") as browser:
            browser.go(self.url("session"))
            self.assertEqual(browser.protocols()["/session"], "h2")
            until = time.monotonic() + (240 if SANITIZED else 60)
            while browser.protocols()["/session"] != "h3":
                self.assertLess(time.monotonic(), until, browser.protocols())
                browser.go(self.url("session"))


if __name__ == "__main__":
    unittest.main()
