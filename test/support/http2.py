"""The least of HTTP/2 for tests that choose their frames: the frames, field blocks that leave HPACK's tables alone, and a connection."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(which, value):
    return struct.pack(">HI", which, value)


def block(method, path, scheme="http", **more):
    fields = {":method": method, ":scheme": scheme, ":authority": "x", ":path": path, **more}
    text = b""
    for name, value in fields.items():  # RFC 7541 §6.2.2: not indexed, no Huffman code
        name, value = name.replace("_", "-").encode(), value.encode()
        text += bytes([0, len(name)]) + name + bytes([len(value)]) + value
    return text


class Connection:
    """A client's, over a socket that blocks; TLS where there is a `context`, whose ALPN has h2. It acknowledges SETTINGS and nothing else;
    what it receives is counted by stream."""

    def __init__(self, port, context=None, window=65535):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.scheme = "http"
        if context is not None:
            self.socket = context.wrap_socket(self.socket)
            self.scheme = "https"
        self.received = b""
        self.next_stream = 1
        self.status, self.content, self.ended, self.resets = {}, {}, set(), {}
        self.send(PREFACE + frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, window)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, ends=True, **fields):
        """The head of a request; its stream."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.send(frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block(method, path, self.scheme, **fields)))
        return stream

    def receive(self):
        """The next frame: its type, flags, stream and payload; None at the end."""
        while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
            more = self.socket.recv(65536)
            if not more:
                if self.received:
                    raise AssertionError("it ended within a frame: %r" % self.received[:64])
                return None
            self.received += more
        size = int.from_bytes(self.received[:3], "big")
        kind, flags, stream = self.received[3], self.received[4], int.from_bytes(self.received[5:9], "big")
        payload, self.received = self.received[9:9 + size], self.received[9 + size:]
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == HEADERS:
            self.status.setdefault(stream, payload)
        elif kind == DATA:
            self.content[stream] = self.content.get(stream, b"") + payload
        elif kind == RESET:
            self.resets[stream] = int.from_bytes(payload, "big")
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended.add(stream)
        return kind, flags, stream, payload

    def until(self, kind, flags=0):
        """The next frame of this type with these flags."""
        while True:
            got = self.receive()
            if got is None:
                raise AssertionError("the connection ended before a frame of type %d" % kind)
            if got[0] == kind and got[1] & flags == flags:
                return got

    def answered(self, streams):
        """Waits until these have been answered whole."""
        while not set(streams) <= self.ended:
            if self.receive() is None:
                raise AssertionError("the connection ended; whole are %r, reset are %r" % (self.ended, self.resets))
