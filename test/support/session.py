"""What the end-to-end tests share: a server of ours as a child process, and raw connections to it."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

PARLEY = os.environ.get("PARLEY", "build/release/parley")
SOURCE = os.environ.get("PARLEY_SOURCE", ".")
SANITIZED = bool(os.environ.get("PARLEY_SANITIZE"))


class Server:
    """`parley demo` (or another subcommand) on a free port, with a data folder of its own.

    `wrapper` are words before the command, of a program that executes what follows them. `secure`: https too, on `https_port`; a
    number is the port to take. `data`: a folder that stays, instead of one of its own.
    """

    def __init__(self, *arguments, subcommand=("demo",), environment=None, wrapper=(), secure=False, data=None):
        self.data = None if data else tempfile.TemporaryDirectory(prefix="parley-test-")
        data = data or self.data.name
        self.authority = os.path.join(data, "ca", "ca.pem")
        self.certificate = os.path.join(data, "ca", "server.pem")
        https = "off" if secure is False else "127.0.0.1:%d" % (0 if secure is True else secure)
        command = [*wrapper, PARLEY, *subcommand, "--http", "127.0.0.1:0", "--https", https, "--data", data, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, **(environment or {})})
        self.messages = []
        self.port = self.https_port = None
        self._pending = b""
        while True:
            line = self.read_line()
            if line is None:
                raise AssertionError("the server ended before it was ready: " + "\n".join(self.messages))
            found = re.fullmatch(r"listening (https?) 127\.0\.0\.1:(\d+)(?:, .*)?", line)
            if found and found.group(1) == "http":
                self.port = int(found.group(2))
            elif found:
                self.https_port = int(found.group(2))
            if line == "ready":
                break

    def read_line(self, timeout=30):
        """The next line of standard error; None when there is none any more."""
        while b"\n" not in self._pending:
            ready, _, _ = select.select([self.process.stderr], [], [], timeout)
            if not ready:
                raise AssertionError("the server said nothing for %d s; so far: %s" % (timeout, self.messages))
            more = os.read(self.process.stderr.fileno(), 65536)
            if not more:
                return None
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        self.messages.append(line.decode("utf-8", "replace"))
        return self.messages[-1]

    def stop(self, how=signal.SIGTERM):
        """Ends it and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            out, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError("the server did not end")
        self.output = out
        self.messages += err.decode("utf-8", "replace").splitlines()
        if self.data is not None:
            self.data.cleanup()
        return self.process.returncode

    def connect(self):
        return Raw(self.port)

    def memory(self, what="VmHWM"):
        """A line of /proc/PID/status in bytes, such as VmRSS, or VmHWM for the peak."""
        with open("/proc/%d/status" % self.process.pid) as status:
            for line in status:
                if line.startswith(what + ":"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no " + what)


class Raw:
    """A connection whose every byte the test chooses."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish(self):
        self.socket.shutdown(socket.SHUT_WR)

    def secure(self, context):
        """Goes over to TLS."""
        self.socket = context.wrap_socket(self.socket)

    def until_close(self):
        data, self.buffer = self.buffer, b""
        while True:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def _fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise AssertionError("closed within a message; so far: %r" % self.buffer[:400])
        self.buffer += more

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields.setdefault(name.lower(), []).append(value.strip())
        return Response(version, int(status), lines[0], {k: ", ".join(v) for k, v in fields.items()})

    def response(self, to="GET"):
        response = self.head()
        if to == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if "chunked" in response.fields.get("transfer-encoding", ""):
            response.content, response.trailers = self._chunked()
        elif "content-length" in response.fields:
            size = int(response.fields["content-length"])
            while len(self.buffer) < size:
                self._fill()
            response.content, self.buffer = self.buffer[:size], self.buffer[size:]
        else:
            response.content = self.until_close()
        return response

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _chunked(self):
        content = b""
        while True:
            size = int(self._line().split(b";")[0], 16)
            if size == 0:
                break
            while len(self.buffer) < size + 2:
                self._fill()
            content += self.buffer[:size]
            assert self.buffer[size:size + 2] == b"\r\n"
            self.buffer = self.buffer[size + 2:]
        trailers = {}
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            trailers[name.lower()] = value.strip()
        return content, trailers


class Response:
    def __init__(self, version, status, line, fields):
        self.version, self.status, self.line, self.fields = version, status, line, fields
        self.content, self.trailers = b"", {}

    def json(self):
        return json.loads(self.content)

    def __repr__(self):
        return "%s %r %r" % (self.line, self.fields, self.content[:300])


class WithDemo(unittest.TestCase):
    """A test case with one demo server for all of its tests."""
    arguments = ()
    secure = False

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.arguments, secure=cls.secure)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError("the server ended with %d: %s" % (code, cls.server.messages))

    def exchange(self, data, to="GET"):
        """Sends `data` on a fresh connection; the first response."""
        with self.server.connect() as connection:
            connection.send(data)
            return connection.response(to)


def main():
    unittest.main(module=sys.modules["__main__"], verbosity=1)
