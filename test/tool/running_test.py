#!/usr/bin/env python3
# ctest: TIMEOUT 400
"""parley serve as a service: the access log and its rotation, reload, systemd's sockets and messages, Unix sockets."""
import contextlib
import grp
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from harness import PARLEY, TIMEOUT, Case, Server, environment, main, parley


def until(what, true, limit=TIMEOUT):
    """Waits for what comes about by itself."""
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.01)


def ask(address, target="/", *fields, family=None):
    """The status line of an answer, by raw means; the connection closes after it."""
    if family == socket.AF_UNIX:
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(TIMEOUT)
        peer.connect(address)
    else:
        host, port = address.rsplit(":", 1)
        peer = socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)
    with peer:
        lines = [f"GET {target} HTTP/1.1", "Host: a.example", "Connection: close", *fields, "", ""]
        peer.sendall("\r\n".join(lines).encode("latin-1"))
        got = b""
        while piece := peer.recv(65536):
            got += piece
        return got.split(b"\r\n")[0]


class Messages:
    """What a running server says on standard error, as it comes."""

    def __init__(self, server):
        self.lines = []
        self.thread = threading.Thread(target=self.read, args=(server.process.stderr,), daemon=True)
        self.thread.start()

    def read(self, stream):
        for line in stream:
            self.lines.append(line.decode("utf-8", "replace"))

    def said(self, text):
        return any(text in line for line in self.lines)


class AccessLog(Case):
    def serve(self, *words):
        server = Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off", *words)
        self.addCleanup(server.__exit__)
        self.assertIsNotNone(server.address, server.said)
        return server

    def test_json(self):
        self.write("site.txt", b"0123456789")
        log = self.path("log")
        server = self.serve("--access-log", log, "--access-log-format", "json")
        ask(server.address, "/site.txt?a=1&b=%1b", 'User-Agent: "q" \\ \x85\x9b\xff <x>', "Referer: http://b.example/\xc2\x9b\xe2\x80\xae")
        with server.connect() as peer:
            peer.sendall(b"no request\r\n\r\n")
            while peer.recv(4096):
                pass
        self.assertEqual(server.end(), (0, ""))
        raw = self.read("log")
        self.assertTrue(all(0x20 <= byte < 0x7f or byte >= 0x80 or byte == 10 for byte in raw), raw)
        first, second = (json.loads(line) for line in raw.decode("utf-8").splitlines())
        self.assertEqual(list(first), ["time", "peer", "method", "target", "version", "host", "status", "bytes", "duration",
                                       "referer", "user_agent"])
        self.assertRegex(first["time"], r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
        self.assertRegex(repr(first["duration"]), r"\A\d+(\.\d+|\.?\d*e-\d+)\Z")
        wanted = {"peer": "127.0.0.1", "method": "GET", "target": "/site.txt?a=1&b=%1b", "version": "HTTP/1.1", "host": "a.example",
                  "status": 200, "bytes": 10, "user_agent": '"q" \\ \ufffd\ufffd\ufffd <x>',
                  "referer": "http://b.example/\x9b\u202e"}
        self.assertEqual({name: first[name] for name in wanted}, wanted)
        self.assertIn(b"a=1&b=", raw)
        self.assertNotIn(b"\xc2\x9b", raw)
        self.assertNotIn(b"\xe2\x80\xae", raw)
        self.assertEqual((second["method"], second["target"], second["status"], second["duration"]), (None, None, 400, None))

    def test_combined_is_escaped(self):
        log = self.path("log")
        server = self.serve("--access-log", log)
        ask(server.address, "/", 'User-Agent: x" 200 0 "-\xc2\x9b2J\xff', "Referer: \\")
        self.assertEqual(server.end(), (0, ""))
        line = self.read("log")
        self.assertRegex(line, rb'\A127\.0\.0\.1 - - \[[^]]+\] "GET / HTTP/1\.1" 404 \d+ "\\\\" "x\\" 200 0 \\"-\\xc2\\x9b2J\\xff"\n\Z')

    def test_rotation(self):
        log = self.path("log")
        server = self.serve("--access-log", log, "--threads", "2")
        ask(server.address, "/before")
        until("the first line", lambda: self.read("log").count(b"\n") == 1)
        os.rename(log, log + ".1")
        ask(server.address, "/between")
        until("a line in the file that was renamed", lambda: b"/between" in self.read("log.1"))
        server.process.send_signal(signal.SIGUSR1)
        until("a new file", lambda: os.path.exists(log))
        ask(server.address, "/after")
        self.assertEqual(server.end(), (0, ""))
        self.assertEqual(re.findall(rb"GET (\S+)", self.read("log.1")), [b"/before", b"/between"])
        self.assertEqual(re.findall(rb"GET (\S+)", self.read("log")), [b"/after"])

    def test_a_rotation_that_fails_keeps_the_old_file(self):
        os.mkdir(self.path("logs"))
        server = self.serve("--access-log", self.path("logs/log"))
        messages = Messages(server)
        os.rename(self.path("logs"), self.path("moved"))
        server.process.send_signal(signal.SIGUSR1)
        until("a message", lambda: messages.said("cannot reopen the access log"))
        self.assertTrue(messages.said("No such file or directory; the old one is written on"), messages.lines)
        ask(server.address, "/after")
        until("the line in the old file", lambda: b"/after" in self.read("moved/log"))

    def test_nothing_waits_for_a_log(self):
        # A FIFO without a reader, one whose reader has gone, and a disk without room: requests are answered, the end comes.
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        for log in (fifo, "/dev/full"):
            server = self.serve("--access-log", log)
            for _ in range(50):
                self.assertIn(b" 404 ", ask(server.address))
            code, err = server.end()
            self.assertEqual(code, 0)
            if log == "/dev/full":
                self.assertIn("the access log /dev/full cannot be written: No space left on device", err)
                self.assertIn("the access log lost 50 lines", err)
        server = self.serve("--access-log", fifo)
        with open(fifo, "rb", buffering=0) as reader:
            ask(server.address, "/read")
            self.assertIn(b"/read", reader.read(65536))
        for _ in range(3):
            self.assertIn(b" 404 ", ask(server.address, "/unread"))
        with open(fifo, "rb", buffering=0) as reader:
            got = b""
            while got.count(b"/unread") < 3:
                got += reader.read(65536)
        self.assertEqual(server.end()[0], 0)

    def test_standard_output_that_nobody_reads(self):
        server = self.serve("--access-log", "-")
        for _ in range(100):  # 400 KB of lines, and the pipe holds 64 KiB
            self.assertIn(b" 404 ", ask(server.address, "/" + "x" * 4000))
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(TIMEOUT), 0)

    def test_refusals(self):
        for words, why in ((["--access-log-format", "xml"], "--access-log-format takes combined or json; got \"xml\""),
                           (["--access-log", self.folder], f"cannot write the access log {self.folder}: Is a directory")):
            said = parley("serve", self.folder, "--http", "127.0.0.1:0", *words)
            self.assertIn(why, said.err)
            self.assertIn(said.code, (2, 3))


class Reload(Case):
    def test_what_it_covers(self):
        config = self.path("parley.toml")

        def configure(text):
            with open(config + ".new", "w", encoding="utf-8") as file:
                file.write('http = "127.0.0.1:0"\nhttps = "off"\n' + text)
            os.rename(config + ".new", config)

        configure('access-log = "one"\n')
        with Server("serve", self.folder, "--config", config) as server:
            messages = Messages(server)

            def reload(says):
                before = len(messages.lines)
                server.process.send_signal(signal.SIGHUP)
                until(says, lambda: any(says in line for line in messages.lines[before:]))

            ask(server.address, "/1")
            configure('access-log = "two"\naccess-log-format = "json"\n')
            reload("reloaded")
            ask(server.address, "/2")
            for wrong, says in (('access-log = "two"\nacces-log-format = "json"\n', "line 4: there is no key acces-log-format"),
                                ('access-log = \n', "line 3"),
                                ('access-log = "no/such/folder/log"\n', "cannot write the access log")):
                configure(wrong)
                reload("the reload failed, and what was before stays: ")
                self.assertTrue(messages.said(says), messages.lines)
            ask(server.address, "/3")
            configure('access-log = "off"\nthreads = 7\n')
            reload("reloaded; what has changed in threads needs a restart")
            ask(server.address, "/4")
            configure('access-log = "one"\n')
            reload("reloaded")
            ask(server.address, "/5")
            # Without a change it opens the log again.
            os.rename(self.path("one"), self.path("one.old"))
            reload("reloaded")
            until("a new file", lambda: os.path.exists(self.path("one")))
            ask(server.address, "/6")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(TIMEOUT), 0)
        self.assertEqual(re.findall(rb"GET (\S+)", self.read("one.old")), [b"/1", b"/5"])
        self.assertEqual(re.findall(rb"GET (\S+)", self.read("one")), [b"/6"])
        self.assertEqual([json.loads(line)["target"] for line in self.read("two").splitlines()], ["/2", "/3"])

    def test_without_a_configuration(self):
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off") as server:
            messages = Messages(server)
            server.process.send_signal(signal.SIGHUP)
            until("reloaded", lambda: messages.said("reloaded"))
            server.process.send_signal(signal.SIGUSR1)
            self.assertIn(b" 404 ", ask(server.address))

    def test_a_terminal_that_closes_ends_it(self):
        primary, secondary = os.openpty()
        command = [PARLEY, "serve", self.folder, "--http", "127.0.0.1:0"]
        take_terminal = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
        with open(self.path("said"), "wb") as said:
            process = subprocess.Popen([sys.executable, "-c", take_terminal, *command], stdin=secondary, stdout=said, stderr=said,
                                       env=environment())
        os.close(secondary)
        try:
            until("ready", lambda: b"ready" in self.read("said"))
            os.close(primary)
            self.assertEqual(process.wait(TIMEOUT), 0)
        finally:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()


# Puts the descriptors that it inherited where systemd has them, says so in the environment, and becomes the command.
ACTIVATE = """
import os, sys
count, names, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
given = [int(fd) for fd in os.environ.pop('GIVEN').split(',')]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(given)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
for fd in given:
    if fd >= 3 + len(given):
        os.close(fd)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
os.execv(command[0], command)
"""


class Activated(Server):
    """With sockets as systemd hands them over."""

    def __init__(self, sockets, *words, names="", **changes):
        command = [sys.executable, "-c", ACTIVATE, str(len(sockets)), names, PARLEY, *map(str, words)]
        given = [one.fileno() for one in sockets]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=given,
                                        env=environment(GIVEN=",".join(map(str, given)), **changes))
        self.said = []
        for line in self.process.stderr:
            self.said.append(line.decode().rstrip("\n"))
            if self.said[-1] == "ready":
                break
        self.addresses = [m.group(1) for m in (re.fullmatch(r"listening http (.*)", line) for line in self.said) if m]
        self.address = self.addresses[0] if self.addresses else None


def listening(family=socket.AF_INET, kind=socket.SOCK_STREAM, at=("127.0.0.1", 0), listen=True):
    made = socket.socket(family, kind)
    made.bind(at)
    if listen:
        made.listen(100)
    return made


class Systemd(Case):
    def test_activation(self):
        path = self.path("talk.sock")
        with listening() as tcp, listening(socket.AF_UNIX, at=path) as unix:
            address = "127.0.0.1:%d" % tcp.getsockname()[1]
            with Activated([tcp, unix], "serve", self.folder, "--https", "off", "--threads", "3", names="http:x") as server:
                self.assertEqual(server.said, [f"listening http {address}", f"listening http unix:{path}", "ready"])
                for _ in range(20):
                    self.assertIn(b" 404 ", ask(address))
                    self.assertIn(b" 404 ", ask(path, family=socket.AF_UNIX))
                # A child of it gets neither variables nor descriptors.
                with open(f"/proc/{server.process.pid}/fdinfo/3", encoding="ascii") as info:
                    self.assertTrue(int(re.search(r"flags:\s+(\d+)", info.read()).group(1), 8) & os.O_CLOEXEC)
                self.assertEqual(server.end(), (0, ""))
            # The sockets are systemd's: the next process goes on where this one ended.
            self.assertTrue(os.path.exists(path))
            with socket.create_connection(tcp.getsockname(), timeout=TIMEOUT) as waiting:
                waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
                with Activated([tcp], "serve", self.folder, "--https", "off") as server:
                    self.assertIn(b" 404 ", waiting.recv(100))
                    self.assertEqual(server.end(), (0, ""))

    def test_beside_an_address_that_was_asked_for(self):
        with listening() as tcp:
            with Activated([tcp], "serve", self.folder, "--http", "127.0.0.1:0", "--https", "off") as server:
                self.assertEqual(len(server.addresses), 2)
                for address in server.addresses:
                    self.assertIn(b" 404 ", ask(address))
                self.assertEqual(server.end(), (0, ""))

    def test_what_does_not_listen_is_refused(self):
        with open("/dev/null", "rb") as null, listening(listen=False) as idle, \
                listening(kind=socket.SOCK_DGRAM, listen=False) as datagrams:
            for one, why in ((null, "it is no socket"), (idle, "it does not listen (systemd: Accept=no)"),
                             (datagrams, "it is no stream socket (systemd: ListenStream=)")):
                with Activated([one], "serve", self.folder, "--https", "off") as server:
                    self.assertEqual(server.wait(), (3, ""))
                    self.assertEqual(server.said, [f"parley: cannot listen on descriptor 3: {why}"] if "systemd" in why else
                                     [f"parley: cannot listen on descriptor 3: {why}; choose another with --http ADDR:PORT"])

    def test_variables_of_another_process_are_not_ours(self):
        env = environment(LISTEN_FDS="1", LISTEN_PID="1")
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off", env=env) as server:
            self.assertEqual(len(server.addresses), 1)
            self.assertEqual(server.end(), (0, ""))

    def test_messages(self):
        for path, bound in ((self.path("notify"),) * 2, ("@parley-test-%d" % os.getpid(), "\0parley-test-%d" % os.getpid())):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(bound)
                manager.settimeout(TIMEOUT)
                with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off",
                            env=environment(NOTIFY_SOCKET=path)) as server:
                    self.assertEqual(manager.recv(1000), b"READY=1")
                    server.process.send_signal(signal.SIGHUP)
                    self.assertRegex(manager.recv(1000), rb"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
                    self.assertEqual(manager.recv(1000), b"READY=1")
                    server.process.send_signal(signal.SIGTERM)
                    self.assertEqual(manager.recv(1000), b"STOPPING=1")
                    self.assertEqual(server.process.wait(TIMEOUT), 0)

    def test_state_directory(self):
        with Server("demo", "--http", "127.0.0.1:0", env=environment(STATE_DIRECTORY=self.path("state"))) as server:
            self.assertIsNotNone(server.address, server.said)
            self.assertTrue(os.listdir(self.path("state")))

    def test_units(self):
        units = os.path.join(os.environ["PARLEY_SOURCE"], "packaging", "systemd")
        tool = "/usr/bin/systemd-analyze"
        if not os.access(tool, os.X_OK):
            self.skipTest("no systemd-analyze")
        for name in ("parley.service", "parley.socket"):
            with open(os.path.join(units, name + ".in" if name.endswith("service") else name), encoding="utf-8") as source:
                self.write(name, source.read().replace("@PARLEY_BINARY@", PARLEY).encode())
        said = subprocess.run([tool, "verify", "--man=no", self.path("parley.service"), self.path("parley.socket")],
                              capture_output=True, timeout=TIMEOUT, check=False)
        ours = [line for line in said.stderr.decode().splitlines() if "parley." in line]
        self.assertEqual(ours, [])


class UnixSockets(Case):
    def test_serve_and_fetch(self):
        path = self.path("talk ?.sock")
        escaped = path.replace("?", "%3F")
        self.write("site/index.html", b"by a path")
        group = grp.getgrgid(os.getgid()).gr_name
        with Server("serve", self.path("site"), "--https", "off", "--threads", "3", "--access-log", self.path("log"),
                    "--http", f"unix:{escaped}?mode=0620&group={group}") as server:
            self.assertEqual(server.said, [f"listening http unix:{path}", "ready"])
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o620)
            self.assertEqual(os.stat(path).st_gid, os.getgid())
            for _ in range(20):
                said = parley("get", "--unix-socket", path, "http://site.example/")
                self.assertEqual((said.code, said.out), (0, b"by a path"), said.err)
            said = parley("get", "--unix-socket", path, "http://site.example/", "--show", "-v")
            self.assertIn("Host: site.example", said.err)
            self.assertIn(f"unix:{path}", said.err)
            busy = parley("serve", self.folder, "--https", "off", "--http", f"unix:{escaped}")
            self.assertEqual(busy.code, 3)
            self.assertIn(f"{path} is in use", busy.err)
            self.assertEqual(server.end(), (0, ""))
        self.assertFalse(os.path.exists(path))
        self.assertRegex(self.read("log").splitlines()[0], rb'\Aunix: - - .*"GET / HTTP/1\.1" 200 9 ')
        said = parley("get", "--unix-socket", path, "http://site.example/")
        self.assertEqual(said.code, 1)
        self.assertIn(path, said.err)

    def test_what_a_killed_server_left_behind_is_taken_over(self):
        path = self.path("talk.sock")
        words = ("serve", self.folder, "--https", "off", "--http", f"unix:{path}")
        with Server(*words) as server:
            server.process.kill()
            server.process.wait(TIMEOUT)
        self.assertTrue(os.path.exists(path))
        with Server(*words) as server:
            self.assertIn(b" 404 ", ask(path, family=socket.AF_UNIX))
            self.assertEqual(server.end(), (0, ""))

    def test_refusals(self):
        file = self.write("file", b"mine")
        for value, why in (("unix:", "a path must follow"), ("unix:x?mode=rw", "mode takes permissions in octal"),
                           ("unix:x?owner=me", "behind \\? may stand mode, user and group"),
                           ("unix:x?group=no-such-group", 'there is no group "no-such-group"'),
                           ("unix:" + "x" * 200, "too long"), (f"unix:{file}", "is in use"), ("unix:/no/such/x", "No such file")):
            said = parley("serve", self.folder, "--https", "off", "--http", value, cwd=self.folder)
            self.assertIn(said.code, (2, 3), value)
            self.assertRegex(said.err, why)
        self.assertEqual(self.read("file"), b"mine")


if __name__ == "__main__":
    main()
