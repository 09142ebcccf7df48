#!/usr/bin/env python3
"""What is different on a terminal: colours, escapes, binary content."""
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

from harness import PARLEY, TIMEOUT, Case, Peer, environment, main, reply


def on_terminal(*words, out=True, err=True, env=None, columns=80):
    """Runs the command with standard output and error on a terminal; code, what it got, and what pipes got."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PARLEY, *words], stdin=subprocess.DEVNULL, stdout=slave if out else subprocess.PIPE,
                               stderr=slave if err else subprocess.PIPE, env=env or environment())
    os.close(slave)
    got = []

    def read():
        try:
            while piece := os.read(master, 65536):
                got.append(piece)
        except OSError:
            pass  # the other end is closed

    reader = threading.Thread(target=read)
    reader.start()
    stdout, stderr = process.communicate(timeout=TIMEOUT)
    reader.join(TIMEOUT)
    os.close(master)
    return process.returncode, b"".join(got).replace(b"\r\n", b"\n").decode(), stdout, stderr


class Terminal(Case):
    def test_text_ends_its_line(self):
        with Peer(reply(b"no line end"), reply(b"a line end\n"), reply(b"")) as peer:
            self.assertEqual(on_terminal("get", peer.url())[:2], (0, "no line end\n"))
            self.assertEqual(on_terminal("get", peer.url())[:2], (0, "a line end\n"))
            self.assertEqual(on_terminal("get", peer.url())[:2], (0, ""))

    def test_binary_content_is_kept_away(self):
        image = b"\x89PNG\r\n\x1a\n" + bytes(100)
        sequence = b"harmless\n\x1b]0;title\x07\n"
        hint = "is binary and was kept from the terminal; save it with -o FILE, or force it with -o -\n"
        with Peer(reply(image), reply(sequence), reply(b"\x1b[0m"), reply(image)) as peer:
            self.assertEqual(on_terminal("get", peer.url())[:2], (3, "parley: the content " + hint))
            self.assertEqual(on_terminal("get", peer.url())[:2], (3, "parley: the content " + hint))
            self.assertEqual(on_terminal("get", peer.url(), "-o", "-")[:2], (0, "\x1b[0m\n"))
            code, shown, stdout, _ = on_terminal("get", peer.url(), out=False)
            self.assertEqual((code, shown, stdout), (0, "", image))

    def test_heads_are_escaped(self):
        evil = reply(b"ok\n", "200 \x1b[2JOK", "X-Evil: \x1b]0;title\x07")
        with Peer(evil, reply(b"ok\n", "200 OK", "X-Latin: gr\xfcn")) as peer:
            code, shown, _, _ = on_terminal("get", "-i", peer.url())
            self.assertNotIn("\x1b", shown)
            code, shown, _, _ = on_terminal("get", "-i", peer.url())
            self.assertEqual((code, shown), (0, "HTTP/1.1 200 OK\nX-Latin: gr\\xfcn\nContent-Length: 3\n\nok\n"))

    def test_messages_are_escaped(self):
        code, shown, _, _ = on_terminal("get", "http://localhost/\x1b[2J")
        self.assertEqual(code, 2)
        self.assertIn("\\x1b[2J", shown)
        self.assertNotIn("\x1b", shown)

    def test_colours(self):
        with Peer(*[reply(b"")] * 4) as peer:
            self.assertIn("\x1b[36m1 Connect", on_terminal("get", "--show", peer.url())[1])
            for env in (environment(NO_COLOR="1"), environment(TERM="dumb")):
                self.assertNotIn("\x1b", on_terminal("get", "--show", peer.url(), env=env)[1])
            self.assertNotIn(b"\x1b", on_terminal("get", "--show", peer.url(), err=False)[3])

    def test_a_narrow_terminal(self):
        with Peer(reply(b"", "200 OK", "X-Long: " + "x" * 100)) as peer:
            shown = on_terminal("get", "--show", peer.url("/" + "y" * 100), columns=64, env=environment(NO_COLOR="1"))[1]
        for line in shown.splitlines():
            self.assertLessEqual(len(line), 64, line)
        self.assertEqual("".join(shown.split()).replace("│", "").count("x" * 100), 1, "nothing is cut, but wrapped")
        self.assertIn("y" * 50, shown)


if __name__ == "__main__":
    main()
