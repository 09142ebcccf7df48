"""The built command, and peers for it: real sockets, port 0, nothing that sleeps."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

PARLEY = os.environ.get("PARLEY", "")
TIMEOUT = 60  # for what hangs; nothing here takes that long


def skip_without_command():
    """ctest reports 77 as skipped."""
    if not os.access(PARLEY, os.X_OK):
        print("PARLEY is not set to the built command")
        sys.exit(77)


def environment(**changes):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "XDG_DATA_HOME") and "proxy" not in k.lower()}
    env.update(LANG="C.UTF-8", TERM="xterm")
    env.update(changes)
    return env


class Said:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode("utf-8", "replace")


def parley(*words, stdin=b"", env=None, cwd=None):
    command = [PARLEY, *map(str, words)]
    return Said(subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT, env=env or environment(), cwd=cwd))


class Server:
    """`parley serve` or `parley demo`, once it has said `ready`."""

    def __init__(self, *words, env=None, wrapper=()):
        command = [*wrapper, PARLEY, *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env or environment())
        self.said = []
        for line in self.process.stderr:
            self.said.append(line.decode().rstrip("\n"))
            if self.said[-1] == "ready":
                break
        self.addresses = [m.group(1) for m in (re.fullmatch(r"listening http (.*)", line) for line in self.said) if m]
        self.address = self.addresses[0] if self.addresses else None
        self.secure_line = next((line for line in self.said if line.startswith("listening https ")), None)
        self.secure = next((m.group(1) for m in (re.fullmatch(r"listening https ([^,]*)(?:, .*)?", line) for line in self.said) if m), None)

    def url(self, path="/"):
        return f"http://{self.address}{path}"

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)

    def end(self, how=signal.SIGTERM):
        """The exit status and what came on standard error after `ready`."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self):
        out, err = self.process.communicate(timeout=TIMEOUT)
        self.out = out
        return self.process.returncode, err.decode()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Peer:
    """A server that reads a request's head and answers with the bytes it was given; one answer a connection."""

    def __init__(self, *answers, read_content=0, family=socket.AF_INET, keep_open=False):
        self.socket = socket.socket(family)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.listen()
        self.port = self.socket.getsockname()[1]
        self.address = f"[::1]:{self.port}" if family == socket.AF_INET6 else f"127.0.0.1:{self.port}"
        self.answers = answers
        self.read_content = read_content
        self.keep_open = keep_open
        self.received = []
        self.kept = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        for answer in self.answers:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(TIMEOUT)
            try:
                self.talk(connection, answer)
            except ConnectionError:
                pass  # the command had enough
            if self.keep_open:
                self.kept.append(connection)
            else:
                connection.close()

    def talk(self, connection, answer):
        data = b""
        while b"\r\n\r\n" not in data and not data.startswith(b"GET /simple"):
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
        wanted = data.find(b"\r\n\r\n") + 4 + self.read_content
        while self.read_content and len(data) < wanted:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
        self.received.append(data)
        if callable(answer):
            answer(connection)
        elif answer:
            connection.sendall(answer)

    def url(self, path="/"):
        return f"http://{self.address}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept
        self.socket.close()
        for connection in self.kept:
            connection.close()
        self.thread.join(TIMEOUT)


def reply(content=b"", status="200 OK", *lines):
    head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(head).encode("latin-1") + content


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()


def main():
    skip_without_command()
    unittest.main(verbosity=1)
