#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""Hostile servers and proxies, against what the client does beyond one request: bombs, cookies without end, redirects, texts for a terminal."""
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tool"))
from harness import PARLEY, TIMEOUT, Peer, environment, main, parley, reply  # noqa: E402

EVIL = "\x1b]0;owned\x07\x1b[2J"
MIB = 1024 * 1024


def bomb(layers, size):
    """`size` zeros, coded `layers` times, in as few bytes as gzip makes of them."""
    pieces = []
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(size // MIB):
        pieces.append(packer.compress(bytes(MIB)))
    data = b"".join(pieces) + packer.flush()
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


class Bombs(unittest.TestCase):
    def fetch(self, answer, *words):
        """The command with 600 MiB of address space beyond what it has (none, where a sanitizer maps its own)."""

        def bound():
            if not os.environ.get("PARLEY_SANITIZE"):
                resource.setrlimit(resource.RLIMIT_AS, (600 * MIB, 600 * MIB))

        with tempfile.TemporaryDirectory(prefix="parley-test-") as folder, Peer(answer) as peer:
            out = os.path.join(folder, "out")
            done = subprocess.run([PARLEY, "get", peer.url(), "--compressed", "-o", out, *words], capture_output=True, timeout=TIMEOUT,
                                  env=environment(), preexec_fn=bound)
            return done.returncode, done.stderr.decode(), os.listdir(folder)

    def test_what_expands_too_far_is_given_up(self):
        data = bomb(1, 64 * MIB)
        self.assertLess(len(data), 100_000)
        code, err, left = self.fetch(reply(data, "200 OK", "Content-Encoding: gzip"))
        self.assertEqual((code, left), (1, []), err)
        self.assertIn("200 times its size", err)

    def test_two_codings_on_each_other(self):
        code, err, left = self.fetch(reply(bomb(2, 64 * MIB), "200 OK", "Content-Encoding: gzip, gzip"))
        self.assertEqual((code, left), (1, []), err)
        self.assertIn("times its size", err)

    def test_more_codings_than_anybody_uses(self):
        code, err, left = self.fetch(reply(b"x", "200 OK", "Content-Encoding: " + ", ".join(["gzip"] * 50)))
        self.assertEqual((code, left), (1, []), err)

    def test_a_limit_of_ones_own(self):
        data = gzip.compress(os.urandom(2 * MIB))
        code, err, left = self.fetch(reply(data, "200 OK", "Content-Encoding: gzip"), "--decode-limit", "1000000")
        self.assertEqual((code, left), (1, []), err)
        self.assertIn("1000000", err)
        self.assertIn("--decode-limit", err)


class Cookies(unittest.TestCase):
    def test_cookies_without_end(self):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
            jar = os.path.join(folder, "jar")
            for round_ in range(4):
                lines = [f"Set-Cookie: c{round_}-{n}={'x' * 500}; Max-Age=1000" for n in range(90)]
                with Peer(reply(b"x", "200 OK", *lines)) as peer:
                    self.assertEqual(parley("get", peer.url(), "-c", jar).code, 0)
            with open(jar, encoding="utf-8") as file:
                kept = [line for line in file if line.startswith("127.0.0.1\t")]
            self.assertEqual(len(kept), 180)
            with Peer(reply(b"x")) as peer:
                self.assertEqual(parley("get", peer.url(), "-b", jar).code, 0)
                line = next(l for l in peer.received[0].split(b"\r\n") if l.startswith(b"Cookie: "))
                self.assertLessEqual(len(line), 16 * 1024 + 8)

    def test_what_would_be_a_line_of_the_file(self):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
            jar = os.path.join(folder, "jar")
            evil = [b"Set-Cookie: a=1; Path=/\tx", b"Set-Cookie: b\t=1", b"Set-Cookie: c=1; Domain=127.0.0.1\tTRUE", b"Set-Cookie: #HttpOnly_d=1", b"Set-Cookie: e=1\t2"]
            head = b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(evil) + b"\r\nContent-Length: 0\r\n\r\n"
            with Peer(head) as peer:
                self.assertEqual(parley("get", peer.url(), "-c", jar).code, 0)
            with open(jar, encoding="utf-8") as file:
                lines = [line for line in file if line.strip() and not line.startswith("# ")]
            for line in lines:
                self.assertEqual(line.count("\t"), 6, line)
                # What holds a tab is not for other programs, which take the line for a comment.
                escaped = line.startswith("#Parley_")
                self.assertEqual("%09" in line, escaped, line)
                host, wide, path = line.removeprefix("#Parley_").removeprefix("#HttpOnly_").split("\t")[:3]
                self.assertEqual((host, wide, path), ("127.0.0.1", "FALSE", "/%09x" if escaped and "%09x" in line else "/"), line)
            self.assertTrue(any(line.startswith("#Parley_") for line in lines), lines)


class Redirects(unittest.TestCase):
    def test_without_end(self):
        count = [0]

        def on(connection):
            count[0] += 1
            connection.sendall(reply(b"", "302 Found", f"Location: /{count[0]}", "Connection: close"))

        with Peer(*[on] * 100) as peer:
            said = parley("get", "-L", peer.url())
            self.assertEqual(said.code, 1)
            self.assertEqual(count[0], 21)

    def test_content_of_a_redirect_that_does_not_end(self):
        def on(connection):
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            except OSError:
                pass  # it had enough

        with Peer(on, reply(b"there")) as peer:
            said = parley("get", "-L", peer.url())
            self.assertEqual((said.code, said.out), (0, b"there"))

    def test_to_what_is_no_web(self):
        for place in ("file:///etc/passwd", "gopher://127.0.0.1:1/x", "javascript:alert(1)", "unix:/run/x", "http://a:b@127.0.0.1:1/", "//"):
            with Peer(reply(b"", "302 Found", f"Location: {place}")) as peer:
                said = parley("get", "-L", peer.url())
                self.assertEqual((said.code, said.out), (1, b""), place)


class Terminal(unittest.TestCase):
    def check_harmless(self, text):
        for raw in ("\x1b", "\x07", "\x9b", "\u202e"):
            self.assertNotIn(raw, text)

    def test_texts_of_servers_and_proxies(self):
        raw = EVIL.encode().decode("latin-1")
        soft = "\xe2\x80\xae\xc2\x9b2J"
        answers = [reply(b"", "302 Found", "Location: http://127.0.0.1:1/" + soft), reply(b"", "302 Found", "Location: " + soft + "://x/"),
                   reply(b"", "401 " + soft, 'WWW-Authenticate: Digest realm="' + soft + '", nonce="' + soft + '", qop="auth"'),
                   reply(b"x", "200 OK", "Content-Encoding: " + soft), reply(b"x", "302 Found", "Location: " + raw)]
        for answer in answers:
            for words in (["-L", "-v", "--show"], ["-L", "--compressed"], ["--digest", "-u", "a:b", "-v", "--show-secrets"]):
                with Peer(answer, answer, answer) as peer:
                    self.check_harmless(parley("get", peer.url(), *words).err)
        for answer in (reply(b"", "403 " + soft), b"HTTP/1.1 403 " + EVIL.encode() + b"\r\n\r\n", EVIL.encode() + b"\r\n\r\n"):
            with Peer(answer) as peer:
                said = parley("get", "https://127.0.0.1:1/", "-x", peer.url(), "-v", "--show")
                self.assertNotEqual(said.code, 0)
                self.check_harmless(said.err)

    def test_secrets_stay_out_of_messages(self):
        with Peer(reply(b"", "407 No", 'Proxy-Authenticate: Basic realm="x"')) as peer:
            said = parley("get", "https://127.0.0.1:1/", "-x", f"http://ada:topsecret@{peer.address}", "-v", "--show")
            self.assertNotEqual(said.code, 0)
            self.assertNotIn("topsecret", said.err)
            self.assertNotIn("YWRhOnRvcHNlY3JldA", said.err)
        said = parley("get", "http://127.0.0.1:1/", "-x", "http://ada:topsecret@x:y")
        self.assertNotIn("topsecret", said.err)


class Proxy(unittest.TestCase):
    def test_a_head_without_end(self):
        def on(connection):
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for number in range(100_000):
                    connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 1000))
            except OSError:
                pass

        with Peer(on) as peer:
            said = parley("get", "https://127.0.0.1:1/", "-x", peer.url())
            self.assertEqual(said.code, 1)
            self.assertIn("beyond", said.err)

    def test_it_does_not_get_what_is_meant_for_the_server(self):
        """A proxy that answers a CONNECT by itself has no certificate of the server's."""
        with Peer(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil") as peer:
            said = parley("get", "https://127.0.0.1:1/", "-x", peer.url(), "-u", "ada:topsecret")
            self.assertEqual((said.code, said.out), (1, b""))
            self.assertNotIn(b"YWRhOnRvcHNlY3JldA", b"".join(peer.received))


if __name__ == "__main__":
    main()
