#!/usr/bin/env python3
"""Paths that lead outside, and what peers send on its way to logs and terminals."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tool"))
from harness import Peer, Server, environment, main, parley, reply  # noqa: E402

EVIL = "\x1b]0;owned\x07\x1b[2J\u202e"


class Paths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        root = cls.folder.name
        os.makedirs(root + "/site/sub")
        for name, text in (("secret", "secret"), ("site/index.html", "top"), ("site/sub/a.txt", "a"), ("site/.hidden", "hidden")):
            with open(os.path.join(root, name), "w", encoding="ascii") as file:
                file.write(text)
        os.symlink("../secret", root + "/site/out")
        os.symlink("/etc/passwd", root + "/site/passwd")
        os.symlink("..", root + "/site/up")
        cls.server = Server("serve", root + "/site", "--http", "127.0.0.1:0", "--https", "off")

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        cls.folder.cleanup()

    def ask(self, target):
        with self.server.connect() as connection:
            connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := connection.recv(65536):
                data += piece
        return int(data.split(b" ")[1]), data

    def test_nothing_leads_outside(self):
        targets = [b"/../secret", b"/sub/../../secret", b"/%2e%2e/secret", b"/%2e%2e%2fsecret", b"/..%2fsecret", b"/sub/..%2f..%2fsecret",
                   b"/%252e%252e/secret", b"/..%252fsecret", b"/..%c0%afsecret", b"/%c0%ae%c0%ae/secret", b"/..\\secret",
                   b"/..%5csecret", b"/....//secret", b"//etc/passwd", b"/%2fetc/passwd", b"/out", b"/passwd", b"/up/secret",
                   b"/.hidden", b"/%2ehidden", b"/sub/a.txt%00.html", b"/sub/a.txt/", b"/./.hidden", b"/sub/%2e%2e/.hidden",
                   b"/proc/self/environ", b"/%", b"/%zz", b"/" + b"../" * 50 + b"etc/passwd", b"/" + b"a/" * 2000]
        for target in targets:
            with self.subTest(target=target):
                status, data = self.ask(target)
                self.assertIn(status, (301, 400, 404), data)
                for secret in (b"secret\n", b"root:", b"hidden\n", b"PATH="):
                    self.assertNotIn(secret, data)
                self.assertFalse(data.endswith((b"secret", b"hidden")), data)
                self.assertEqual(self.ask(b"/sub/a.txt")[0], 200)

    def test_an_absolute_target_is_no_way_out(self):
        for target in (b"http://x/../secret", b"http://x/%2e%2e/secret", b"http://x//etc/passwd"):
            status, data = self.ask(target)
            self.assertIn(status, (400, 404), data)


class Logs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def attack(self, server):
        """Requests whose texts would be lines, quotes or escapes of their own; refused ones too."""
        forged = b'" 200 1 "-" "-"\n127.0.0.1 - - [01/Jan/2030:00:00:00 +0000] "GET /forged HTTP/1.1" 200 1 "'
        heads = [
            b'GET /quote"end HTTP/1.1\r\nHost: x\r\nUser-Agent: a" "b\\" c\r\n',
            b"GET /percent%0d%0aforged%1b[2J HTTP/1.1\r\nHost: x\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \xe2\x80\xae\xff\xfe\xc2\x9b2J\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nReferer: http://x/\xc2\x85next\xe2\x80\xa8line\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + forged + b"\r\n",
            b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: \x1b]0;owned\x07\r\n",
            b"\x1b[2J / HTTP/1.1\r\nHost: x\r\n",
        ]
        for head in heads:
            with server.connect() as connection:
                connection.sendall(head + b"Connection: close\r\n\r\n")
                while connection.recv(65536):
                    pass
        return len(heads)

    def check_harmless(self, text):
        for raw in ("\x1b", "\x07", "\x9b", "\x85", "\u2028", "\u202e", "\r"):
            self.assertNotIn(raw, text)
        self.assertFalse(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), repr(text))

    def test_access_log(self):
        log = os.path.join(self.folder, "log")
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off", "--access-log", log) as server:
            sent = self.attack(server)
            self.assertEqual(server.end()[0], 0)
        with open(log, encoding="utf-8", newline="") as file:
            text = file.read()
        lines = text.split("\n")
        self.assertEqual(lines.pop(), "")
        self.assertEqual(len(lines), sent, text)
        for line in lines:
            self.assertRegex(line, r'\A127\.0\.0\.1 - - \[[^\]]+\] "(?:[^"\\]|\\.)*" \d{3} \d+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"\Z')
            self.assertNotIn("/forged HTTP", line.split('"')[1])
        self.check_harmless(text)

    def test_show_at_the_server(self):
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off", "--show") as server:
            self.attack(server)
            code, err = server.end()
        self.assertEqual(code, 0)
        self.assertIn("1 connect", err)
        self.check_harmless(err)


class Client(unittest.TestCase):
    """A hostile server's bytes, on the way to a terminal."""

    def check_harmless(self, text):
        for raw in ("\x1b", "\x07", "\x9b", "\u202e"):
            self.assertNotIn(raw, text)

    def test_show_verbose_and_heads(self):
        answer = reply(b"ok\n", "200 " + EVIL.encode().decode("latin-1"), "X-Evil: " + EVIL.encode().decode("latin-1"),
                       "Set-Cookie: " + EVIL.encode().decode("latin-1"))
        soft = reply(b"ok\n", "200 \xe2\x80\xaeKO", "X-Evil: \xe2\x80\xae\xc2\x9b2J\xff", "Server: \xc2\x85x")
        for evil in (answer, soft):
            # What `-i` prints goes to the terminal or unchanged into a pipe: test/tool/terminal_test.py has that.
            for words in (["--show"], ["-v"], ["--show", "--show-secrets", "-v"]):
                with self.subTest(words=words), Peer(evil) as peer:
                    self.check_harmless(parley("get", *words, peer.url()).err)

    def test_errors(self):
        for answer in (EVIL.encode() + b"\r\n\r\n", b"HTTP/1.1 " + EVIL.encode() + b"\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\n" + EVIL.encode() + b": x\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: " + EVIL.encode() + b"\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + EVIL.encode() + b"\r\n\r\n",
                       b"HTTP/1.1 101 Switching\r\nUpgrade: " + EVIL.encode() + b"\r\n\r\n"):
            with self.subTest(answer=answer), Peer(answer) as peer:
                said = parley("get", peer.url(), "--show")
                self.assertEqual(said.code, 1, said.err)
                self.check_harmless(said.err)

    def test_urls_and_words(self):
        for words in (["get", "http://127.0.0.1:1/" + EVIL], ["get", "http://" + EVIL + "/"], ["get", "-H", EVIL, "http://127.0.0.1:1/"],
                      [EVIL], ["serve", EVIL], ["serve", ".", "--http", EVIL], ["serve", ".", "--limit", EVIL + "=1"],
                      ["serve", ".", "--limit", "head=" + EVIL]):
            with self.subTest(words=words):
                said = parley(*words)
                self.assertNotEqual(said.code, 0)
                self.check_harmless(said.err)


if __name__ == "__main__":
    main()
