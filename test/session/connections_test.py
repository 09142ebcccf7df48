#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""10,000 connections opened, used and closed, and 1,000 idle ones: memory comes back to its level, no descriptor is lost."""
import os
import resource
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import SANITIZED, Raw, WithDemo  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
WAVE = 2500
SPARE = 100  # descriptors of this program's own
# What may stay behind, as caches and as the allocator's rest; one connection that is lost in a thousand would show.
SLACK = 4 * 1024 * 1024


def descriptors_allowed():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WAVE + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return WAVE if soft == resource.RLIM_INFINITY else min(WAVE, soft - SPARE)


class Connections(WithDemo):
    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.server.process.pid))

    def settled(self, descriptors):
        """Waits until the server has let go of what was closed."""
        until = time.monotonic() + 100
        while self.descriptors() > descriptors and time.monotonic() < until:
            select.select([], [], [], 0.01)
        self.assertLessEqual(self.descriptors(), descriptors)

    def wave(self, size):
        """`size` connections at once, each with a request and its answer; open."""
        opened = []
        for _ in range(size):
            opened.append(Raw(self.server.port))
            opened[-1].send(REQUEST)
        for connection in opened:
            self.assertEqual(connection.response().status, 200)
        return opened

    @staticmethod
    def close(connections):
        for connection in connections:
            connection.socket.close()

    def test_ten_thousand_and_a_thousand_idle(self):
        size = descriptors_allowed()
        if size < WAVE:
            print("RLIMIT_NOFILE leaves room for %d connections at once instead of %d" % (size, WAVE))
        before = self.descriptors()
        self.close(self.wave(10))
        self.settled(before)
        self.close(self.wave(size))
        self.settled(before)
        level = self.server.memory("VmRSS")
        used = size
        while used < 10_000:
            self.close(self.wave(size))
            self.settled(before)
            used += size
        after = self.server.memory("VmRSS")

        idle = self.wave(min(1000, size))
        held = self.server.memory("VmRSS")
        self.assertGreaterEqual(self.descriptors(), len(idle))
        self.close(idle)
        self.settled(before)
        end = self.server.memory("VmRSS")
        print("%d used: %d KiB, then %d KiB; %d idle: %d KiB; closed: %d KiB; %d descriptors"
              % (used, level // 1024, after // 1024, len(idle), held // 1024, end // 1024, self.descriptors()))
        self.close(self.wave(1))
        if not SANITIZED:  # their own memory would be measured
            self.assertLess(after, level + SLACK)
            self.assertLess(held, level + SLACK)
            self.assertLess(end, level + SLACK)


if __name__ == "__main__":
    session.main()
