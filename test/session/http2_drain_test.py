#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""SIGTERM while HTTP/2 streams are open, over real sockets: every exchange that began before the last GOAWAY ends as it would have, and the
server ends with 0 (RFC 9113 §6.8)."""
import json
import os
import signal
import ssl
import sys
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import http2  # noqa: E402
import session  # noqa: E402
from http2 import ACK, DATA, END_STREAM, GOAWAY, PING, WINDOW_UPDATE, frame  # noqa: E402
from session import Server  # noqa: E402

LARGE = 400_000  # more than its window
HALF = b"half of it, "
REST = b"and the rest"
HIGHEST = 2**31 - 1


def credit(stream, bytes):
    return frame(WINDOW_UPDATE, 0, stream, bytes.to_bytes(4, "big"))


def last_stream(goaway):
    return int.from_bytes(goaway[3][:4], "big")


class Drain(unittest.TestCase):
    def setUp(self):
        self.server = Server(secure=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.set_alpn_protocols(["h2"])

    def tearDown(self):
        self.server.stop(signal.SIGKILL)

    def connection(self, secure, **how):
        return http2.Connection(self.server.https_port if secure else self.server.port, self.context if secure else None, **how)

    def busy(self, secure):
        """A connection with streams in every state that a drain may find: half an upload, a download that waits for its window, one more that
        nobody has begun to answer, and an echo in the midst of both directions."""
        one = self.connection(secure)
        one.up = one.request("POST", "/upload", ends=False, content_length=str(len(HALF + REST)))
        one.down = one.request("GET", "/bytes/%d" % LARGE)
        one.silent = one.request("POST", "/upload", ends=False)
        one.echo = one.request("POST", "/echo", ends=False)
        one.send(credit(0, 2 * LARGE))
        one.send(frame(DATA, 0, one.up, HALF) + frame(DATA, 0, one.echo, HALF))
        while len(one.content.get(one.down, b"")) < 32_768 or one.content.get(one.echo) != HALF:
            self.assertIsNotNone(one.receive())
        return one

    def finish(self, one, late):
        """After SIGTERM: a request that crosses the GOAWAY is served, and so is all that was begun."""
        first = one.until(GOAWAY)
        self.assertEqual(last_stream(first), HIGHEST)
        crossing = [one.request("GET", "/") for _ in range(3)] if late else []
        ping = one.until(PING)
        self.assertFalse(ping[1] & ACK)
        one.send(frame(PING, ACK, 0, ping[3]))
        final = one.until(GOAWAY)
        self.assertEqual(last_stream(final), one.next_stream - 2, "all that was sent before its acknowledgement is served")
        too_late = one.request("GET", "/")
        one.send(credit(one.down, LARGE))
        one.send(frame(DATA, END_STREAM, one.up, REST) + frame(DATA, END_STREAM, one.silent, REST) + frame(DATA, END_STREAM, one.echo, REST))
        streams = [one.up, one.down, one.silent, one.echo, *crossing]
        one.answered(streams)
        while one.receive() is not None:
            pass
        self.assertEqual(one.ended, set(streams))
        self.assertNotIn(too_late, one.status, "and what came behind it is not begun")
        self.assertEqual(one.resets, {})
        self.assertEqual(json.loads(one.content[one.up]), {"bytes": len(HALF + REST), "crc32": "%08x" % zlib.crc32(HALF + REST)})
        self.assertEqual(json.loads(one.content[one.silent])["bytes"], len(REST))
        self.assertEqual(len(one.content[one.down]), LARGE)
        self.assertEqual(one.content[one.echo], HALF + REST)
        one.socket.close()

    def test_streams_in_every_state(self):
        for_late = [(self.busy(secure), late) for secure in (False, True) for late in (False, True)]
        idle = self.connection(True)
        idle.answered([idle.request("GET", "/")])
        self.server.process.send_signal(signal.SIGTERM)
        for one, late in for_late:
            self.finish(one, late)
        while idle.receive() is not None:  # nothing was to be waited for there
            pass
        idle.socket.close()
        self.assertEqual(self.server.process.wait(60), 0)

    def test_a_hundred_streams_of_one_connection(self):
        with self.connection(False, window=1000) as one:
            one.send(credit(0, 1_000_000))
            streams = [one.request("GET", "/bytes/5000") for _ in range(100)]
            while len(one.content) < 100:
                self.assertIsNotNone(one.receive())
            self.server.process.send_signal(signal.SIGTERM)
            ping = one.until(PING)
            one.send(frame(PING, ACK, 0, ping[3]) + b"".join(credit(s, 4000) for s in streams))
            one.answered(streams)
            self.assertTrue(all(len(one.content[s]) == 5000 for s in streams))
            self.assertEqual(one.resets, {})
            while one.receive() is not None:
                pass
        self.assertEqual(self.server.process.wait(60), 0)


if __name__ == "__main__":
    session.main()
