#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""1 GiB up and down through streaming handlers, with a peer that reads slowly: the server's memory stays small."""
import os
import select
import socket
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import SANITIZED, WithDemo  # noqa: E402

SIZE = (64 if SANITIZED else 1024) * 1024 * 1024
MEMORY = 32 * 1024 * 1024


class Large(WithDemo):
    def check_memory(self):
        if SANITIZED:  # the sanitizers' own memory would be measured
            return
        self.assertLess(self.server.memory("VmHWM"), MEMORY)

    def test_download_to_a_slow_reader(self):
        with self.server.connect() as connection:
            # A receive window of a few KiB and small reads: the server is far faster than its peer all the time.
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            connection.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % SIZE)
            response = connection.head()
            self.assertEqual(int(response.fields["content-length"]), SIZE)
            got = len(connection.buffer)
            while got < SIZE:
                piece = connection.socket.recv(16 * 1024)
                self.assertTrue(piece, "closed after %d bytes" % got)
                got += len(piece)
            self.assertEqual(got, SIZE)
        self.check_memory()

    def test_upload(self):
        block = bytes(range(256)) * 4096
        with self.server.connect() as connection:
            connection.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
                            % SIZE)
            check = 0
            for _ in range(SIZE // len(block)):
                connection.send(block)
                check = zlib.crc32(block, check)
            response = connection.response()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.json()["bytes"], SIZE)
            self.assertEqual(int(response.json()["crc32"], 16), check)
        self.check_memory()

    def test_echo_both_ways_at_once(self):
        total = 64 * 1024 * 1024
        block = b"0123456789abcdef" * 4096
        with self.server.connect() as connection:
            connection.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % total)
            response = connection.head()  # comes before any content: the answer streams while the request does
            self.assertEqual(int(response.fields["content-length"]), total)
            sent, got = 0, len(connection.buffer)
            pending = memoryview(block)
            connection.socket.setblocking(False)
            while got < total:
                readable, writable, _ = select.select([connection.socket], [connection.socket] if sent < total else [], [], 30)
                self.assertTrue(readable or writable, "stuck at %d sent, %d received" % (sent, got))
                if writable:
                    n = connection.socket.send(pending)
                    sent += n
                    pending = pending[n:] or memoryview(block)
                if readable:
                    piece = connection.socket.recv(65536)
                    self.assertTrue(piece, "closed after %d bytes" % got)
                    self.assertEqual(piece[:1], block[got % 16:got % 16 + 1])
                    got += len(piece)
        self.check_memory()


if __name__ == "__main__":
    session.main()
