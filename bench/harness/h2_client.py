"""The least of an HTTP/2 client: connections that have done a request and wait, and such whose responses wait for their window."""

import socket

from .processes import Trouble
from .responses import client_context
from .servers import SMALL

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4
context = None


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode()


def get(port: int, stream: int, tls: bool) -> bytes:
    """A GET in fields that leave HPACK's dynamic table alone."""
    block = b"\x82" + (b"\x87" if tls else b"\x86") + b"\x04" + text(SMALL) + b"\x01" + text(f"127.0.0.1:{port}")
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, block)


class Connection:
    def __init__(self, port: int, tls: bool, window: int):
        global context
        self.stream = socket.create_connection(("127.0.0.1", port), 30)
        if tls:
            if context is None:
                context = client_context()
                context.set_alpn_protocols(["h2"])
            self.stream = context.wrap_socket(self.stream)
        self.rest = b""
        self.send(PREFACE + frame(SETTINGS, 0, 0, INITIAL_WINDOW_SIZE.to_bytes(2, "big") + window.to_bytes(4, "big")))

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def receive(self) -> tuple[int, int, int]:
        """The next frame's type, flags and stream."""
        while len(self.rest) < 9 or len(self.rest) < 9 + int.from_bytes(self.rest[:3], "big"):
            more = self.stream.recv(65536)
            if not more:
                raise Trouble("an HTTP/2 connection ended")
            self.rest += more
        kind, flags, stream = self.rest[3], self.rest[4], int.from_bytes(self.rest[5:9], "big")
        self.rest = self.rest[9 + int.from_bytes(self.rest[:3], "big") :]
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        return kind, flags, stream


def used(port: int, tls: bool):
    """The socket of a connection that has done one request."""
    one = Connection(port, tls, 65535)
    one.send(get(port, 1, tls))
    while True:
        kind, flags, stream = one.receive()
        if stream == 1 and kind == DATA and flags & END_STREAM:
            return one.stream


class Waiting:
    """A connection with answers that wait, since it gives them no window."""

    def __init__(self, port: int):
        self.port, self.streams = port, 0
        self.connection = Connection(port, False, 0)

    def ask(self, count: int) -> None:
        self.connection.send(b"".join(get(self.port, 1 + 2 * (self.streams + i), False) for i in range(count)))
        self.streams += count
        heads = 0
        while heads < count:
            heads += self.connection.receive()[0] == HEADERS

    def close(self) -> None:
        self.connection.stream.close()
