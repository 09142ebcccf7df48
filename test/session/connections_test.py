#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""10,000 connections opened, used and closed, and 1,000 idle ones, without TLS and with it: memory comes back to its level, no descriptor is
lost. With sanitizers 2,000 of them by https, whose handshakes are slow there."""
import os
import resource
import select
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import SANITIZED, Raw, WithDemo  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
WAVE = 2500
SECURE_WAVE = 1000  # a client's session of OpenSSL has 50 KiB
SPARE = 100  # descriptors of this program's own
# What may stay behind, as caches and as the allocator's rest; one connection that is lost in a thousand would show.
SLACK = 4 * 1024 * 1024
SECURE_IDLE = 11 * 1024  # docs/security.md


def descriptors_allowed(wave):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wave + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wave if soft == resource.RLIM_INFINITY else min(wave, soft - SPARE)


class Connections(WithDemo):
    secure = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        cls.context.check_hostname = False
        cls.context.verify_mode = ssl.CERT_NONE
        cls.context.set_alpn_protocols(["http/1.1"])

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.server.process.pid))

    def settled(self, descriptors):
        """Waits until the server has let go of what was closed."""
        until = time.monotonic() + 100
        while self.descriptors() > descriptors and time.monotonic() < until:
            select.select([], [], [], 0.01)
        self.assertLessEqual(self.descriptors(), descriptors)

    def wave(self, size, secure):
        """`size` connections at once, each with a request and its answer; open."""
        opened = []
        for _ in range(size):
            opened.append(Raw(self.server.https_port if secure else self.server.port))
            if secure:
                opened[-1].secure(self.context)
            opened[-1].send(REQUEST)
        for connection in opened:
            self.assertEqual(connection.response().status, 200)
        return opened

    @staticmethod
    def close(connections):
        """Half of them say goodbye, where there is something to say."""
        for i, connection in enumerate(connections):
            if i % 2 == 0 and isinstance(connection.socket, ssl.SSLSocket):
                connection.socket.setblocking(False)
                try:
                    connection.socket.unwrap()
                except (ssl.SSLWantReadError, OSError):
                    pass  # said, and the answer is not waited for
            connection.socket.close()

    def many_come_and_go(self, total, size, secure):
        before = self.descriptors()
        self.close(self.wave(10, secure))
        self.settled(before)
        self.close(self.wave(size, secure))
        self.settled(before)
        level = self.server.memory("VmRSS")
        used = size
        while used < total:
            self.close(self.wave(size, secure))
            self.settled(before)
            used += size
        after = self.server.memory("VmRSS")

        idle = self.wave(min(1000, size), secure)
        held = self.server.memory("VmRSS")
        self.assertGreaterEqual(self.descriptors(), len(idle))
        self.close(idle)
        self.settled(before)
        end = self.server.memory("VmRSS")
        print("%d used: %d KiB, then %d KiB; %d idle: %d KiB; closed: %d KiB; %d descriptors"
              % (used, level // 1024, after // 1024, len(idle), held // 1024, end // 1024, self.descriptors()))
        self.close(self.wave(1, secure))
        if not SANITIZED:  # their own memory would be measured
            self.assertLess(after, level + SLACK)
            self.assertLess(held, level + SLACK + (len(idle) * SECURE_IDLE if secure else 0))
            self.assertLess(end, level + SLACK)

    def test_ten_thousand_and_a_thousand_idle(self):
        size = descriptors_allowed(WAVE)
        if size < WAVE:
            print("RLIMIT_NOFILE leaves room for %d connections at once instead of %d" % (size, WAVE))
        self.many_come_and_go(10_000, size, False)

    def test_the_same_by_https(self):
        self.many_come_and_go(2_000 if SANITIZED else 10_000, descriptors_allowed(SECURE_WAVE), True)


if __name__ == "__main__":
    session.main()
