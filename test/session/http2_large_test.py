#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""1 GiB up and 1 GiB down beside a hundred small exchanges, all on one HTTP/2 connection: the small ones are not starved, and the
server's memory stays small."""
import json
import os
import select
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from http2 import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RESET, SETTINGS, WINDOW_UPDATE,  # noqa: E402
                   block, frame)
from session import SANITIZED, WithDemo  # noqa: E402

SIZE = (64 if SANITIZED else 1024) * 1024 * 1024
MEMORY = 32 * 1024 * 1024
SMALL = 10 if SANITIZED else 100
WINDOW = 1024 * 1024  # of ours, for each stream
PIECE = 16384


class Connection:
    """Frames both ways over one socket that never blocks."""

    def __init__(self, socket):
        self.socket = socket
        self.out = bytearray(PREFACE)
        self.out += frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW)) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 4 * WINDOW))
        self.received = bytearray()
        self.room, self.rooms, self.first_room = 65535, {}, 65535  # to send: of the connection, of streams, of new streams
        self.next_stream = 1
        self.content, self.ended, self.unpaid = {}, set(), {}

    def request(self, head, ends=True):
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.rooms[stream] = self.first_room
        self.content[stream] = 0
        self.out += frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, head)
        return stream

    def turn(self):
        """Sends and receives what can be; the frames that came."""
        readable, writable, _ = select.select([self.socket], [self.socket] if self.out else [], [], 60)
        if not readable and not writable:
            raise AssertionError("stuck: %r" % self.content)
        if writable:
            del self.out[:self.socket.send(self.out)]
        frames = []
        if readable:
            more = self.socket.recv(256 * 1024)
            if not more:
                raise AssertionError("closed: %r" % self.content)
            self.received += more
            at = 0
            while len(self.received) - at >= 9:
                size = int.from_bytes(self.received[at:at + 3], "big")
                if len(self.received) - at < 9 + size:
                    break
                frames.append((self.received[at + 3], self.received[at + 4], int.from_bytes(self.received[at + 5:at + 9], "big"),
                               bytes(self.received[at + 9:at + 9 + size])))
                at += 9 + size
            del self.received[:at]
        for kind, flags, stream, payload in frames:
            self.take(kind, flags, stream, payload)
        return frames

    def take(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                which, value = struct.unpack(">HI", payload[at:at + 6])
                if which == 4:
                    for each in self.rooms:
                        self.rooms[each] += value - self.first_room
                    self.first_room = value
            self.out += frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.out += frame(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big")
            if stream == 0:
                self.room += more
            elif stream in self.rooms:
                self.rooms[stream] += more
        elif kind in (RESET, GOAWAY):
            raise AssertionError("frame %d on %d: %r" % (kind, stream, payload))
        elif kind == DATA:
            self.content[stream] += len(payload)
            for each in (0, stream):
                self.unpaid[each] = self.unpaid.get(each, 0) + len(payload)
                if self.unpaid[each] >= WINDOW // 2:
                    self.out += frame(WINDOW_UPDATE, 0, each, struct.pack(">I", self.unpaid.pop(each)))
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended.add(stream)


class Large(WithDemo):
    def test_small_exchanges_beside_large_ones(self):
        with self.server.connect() as raw:
            raw.socket.setblocking(False)
            c = Connection(raw.socket)
            up = c.request(block("POST", "/upload", content_type="application/octet-stream", content_length=str(SIZE)), ends=False)
            down = c.request(block("GET", "/bytes/%d" % SIZE))
            piece = bytes(range(256)) * (PIECE // 256)
            sent, check, answer = 0, 0, b""
            small, done_small, begun_at, most_meanwhile = None, 0, 0, 0
            while not {up, down} <= c.ended:
                while sent < SIZE and len(c.out) < 256 * 1024 and min(c.room, c.rooms[up]) >= PIECE:
                    c.out += frame(DATA, END_STREAM if sent + PIECE == SIZE else 0, up, piece)
                    check = zlib.crc32(piece, check)
                    sent += PIECE
                    c.room -= PIECE
                    c.rooms[up] -= PIECE
                if small is None and done_small < SMALL and sent > 0 and c.content[down] > 0:
                    small = c.request(block("GET", "/style.css"))
                    begun_at = sent + c.content[down]
                for kind, _, stream, payload in c.turn():
                    if kind == DATA and stream == up:
                        answer += payload
                if small in c.ended:
                    most_meanwhile = max(most_meanwhile, sent + c.content[down] - begun_at)
                    self.assertGreater(c.content[small], 1000)
                    small = None
                    done_small += 1
            self.assertEqual(done_small, SMALL, "all small ones were answered while the large ones went on")
            # What stands in the windows and in the system's buffers passes before them, and no more.
            self.assertLess(most_meanwhile, 64 * 1024 * 1024)
            self.assertEqual(c.content[down], SIZE)
            told = json.loads(answer)
            self.assertEqual(told["bytes"], SIZE)
            self.assertEqual(int(told["crc32"], 16), check)
        if not SANITIZED:  # the sanitizers' own memory would be measured
            self.assertLess(self.server.memory("VmHWM"), MEMORY)
            print("peak %d KiB, at most %d KiB passed while a small exchange ran" %
                  (self.server.memory("VmHWM") // 1024, most_meanwhile // 1024), file=sys.stderr)


if __name__ == "__main__":
    session.main()
