#!/usr/bin/env python3
"""Descriptors run out: accepting pauses, nothing spins, who is connected is served, and who waits is served once there is room."""
import os
import resource
import select
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import Raw, Server  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
REQUEST_WITHOUT_FILE = b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
ROOM = 20  # connections that find a descriptor


class Descriptors(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        self.addCleanup(self.folder.cleanup)
        with open(os.path.join(self.folder.name, "index.html"), "wb") as file:
            file.write(b"served")

    def start(self, *words, wrapper=()):
        server = Server("--threads", "1", *words, subcommand=("serve", self.folder.name), wrapper=wrapper)
        self.addCleanup(self.end, server)
        return server

    @staticmethod
    def end(server):
        if server.process.poll() is None:  # the test has failed
            server.stop(signal.SIGKILL)

    def processor_seconds(self, server):
        with open("/proc/%d/stat" % server.process.pid) as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self, server):
        return len(os.listdir("/proc/%d/fd" % server.process.pid))

    def ask(self, connection):
        connection.send(REQUEST)
        return connection.response()

    @unittest.skipIf(session.SANITIZED, "UBSan opens a pipe to look at an object, which it takes for none when no descriptor is left")
    def test_running_out(self):
        server = self.start()
        # From now on it may open this many more, whatever it had in mind when it started.
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (self.descriptors(server) + ROOM, hard))
        opened = [Raw(server.port) for _ in range(3 * ROOM)]
        self.addCleanup(lambda: [c.socket.close() for c in opened])
        for connection in opened:
            connection.send(REQUEST)
        said = server.read_line()
        self.assertRegex(said, "accept: .*; new connections wait until there is room again")

        def answered(patience):
            return select.select([c.socket for c in opened], [], [], patience)[0]

        until = time.monotonic() + 60
        while len(answered(1)) < ROOM - 5 and time.monotonic() < until:
            pass
        served = answered(0)
        self.assertGreaterEqual(len(served), ROOM - 5)
        self.assertLessEqual(len(served), ROOM)
        # Nothing spins. The second is what is measured over, not a wait for something.
        before = self.processor_seconds(server)
        time.sleep(1)
        self.assertLess(self.processor_seconds(server) - before, 0.5)
        # Who is connected goes on being served; files need a descriptor too, so not by them.
        first = next(c for c in opened if c.socket in served)
        first.response()
        self.assertEqual(first.send(REQUEST_WITHOUT_FILE) or first.response().status, 204)
        # Once there is room, all who waited are served.
        while opened:
            ready = answered(60)
            self.assertTrue(ready, "%d still wait" % len(opened))
            for connection in [c for c in opened if c.socket in ready]:
                if connection is not first:
                    self.assertIn(connection.response().status, (200, 500, 503))
                connection.socket.close()
                opened.remove(connection)
            if first in opened:
                first.socket.close()
                opened.remove(first)
        with Raw(server.port) as late:
            self.assertEqual(self.ask(late).content, b"served")
        self.assertEqual(server.stop(), 0, server.messages)

    def test_connections_leave_descriptors_for_files(self):
        """With few files allowed from the start, connections wait before files fail."""
        server = self.start("--limit", "connections=1000", wrapper=("sh", "-c", 'ulimit -n 64; exec "$0" "$@"'))
        self.assertTrue(any("fewer than 1000 connections fit at once" in m for m in server.messages), server.messages)
        opened = [Raw(server.port) for _ in range(100)]
        self.addCleanup(lambda: [c.socket.close() for c in opened])
        for connection in opened:
            connection.send(REQUEST_WITHOUT_FILE)
        # As many as may be are here by now, and there is a file for one of them all the same.
        ready = select.select([c.socket for c in opened], [], [], 60)[0]
        first = next(c for c in opened if c.socket in ready)
        self.assertEqual(first.response().status, 204)
        self.assertEqual(self.ask(first).content, b"served")
        first.send(REQUEST_WITHOUT_FILE)
        served = 0
        while opened:
            ready = select.select([c.socket for c in opened], [], [], 60)[0]
            self.assertTrue(ready, "%d still wait" % len(opened))
            for connection in [c for c in opened if c.socket in ready]:
                self.assertEqual(connection.response().status, 204)
                served += 1
                connection.socket.close()
                opened.remove(connection)
        self.assertEqual(served, 100)
        self.assertEqual(server.stop(), 0)
        self.assertTrue(any("limit connections" in m for m in server.messages), server.messages)
        self.assertFalse(any("accept:" in m for m in server.messages), server.messages)


if __name__ == "__main__":
    session.main()
