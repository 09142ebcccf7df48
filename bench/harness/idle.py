"""Resident memory of connections that have done one request and now wait."""

import resource
import socket
import time
from collections.abc import Callable

from . import h2_client
from .processes import Trouble, resident_bytes
from .responses import client_context, read_response, request_bytes
from .servers import SMALL, Server


def open_used(server: Server, count: int, tls: bool, context) -> list:
    request = request_bytes(server.https if tls else server.http, SMALL, {})
    opened = []
    for _ in range(count):
        stream = socket.create_connection(("127.0.0.1", server.https if tls else server.http), 30)
        if tls:
            stream = context.wrap_socket(stream)
        stream.sendall(request)
        if read_response(stream).status != 200:
            raise Trouble(f"{server.name} did not answer one of {count} connections with 200")
        opened.append(stream)
    return opened


def settled(server: Server) -> int:
    """The memory once it stays: a server may give buffers back some time after the last request."""
    lowest, since = resident_bytes(server.pid), time.monotonic()
    start = since
    while time.monotonic() - since < 3 and time.monotonic() - start < 30:
        time.sleep(0.25)
        now = resident_bytes(server.pid)
        if now < lowest - 16384:
            lowest, since = now, time.monotonic()
    return min(lowest, now)


class many_descriptors:
    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(self.before[1], 65536), self.before[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_NOFILE, self.before)


def added(server: Server, warm: int, count: int, opener: Callable[[int], list]) -> float:
    """Bytes that `count` more add, once a few hundred have made the server warm."""
    opened = []
    with many_descriptors():
        try:
            opened += opener(warm)
            before = settled(server)
            opened += opener(count)
            return settled(server) - before
        finally:
            for stream in opened:
                stream.close()


def idle_memory(server: Server, count: int, tls: bool) -> float:
    """KiB a connection."""
    context = client_context()
    return added(server, 500, count, lambda n: open_used(server, n, tls, context)) / count / 1024


def h2_idle_memory(server: Server, count: int) -> float:
    """KiB a connection over TLS that has done one request and waits."""
    return added(server, 500, count, lambda n: [h2_client.used(server.https, True) for _ in range(n)]) / count / 1024


class H3Holder:
    """bench/h3_load, which keeps connections open."""

    def __init__(self, server: Server):
        self.server = server
        self.process = server.stage.start_load([server.site.build / "bench/h3_load", server.https, SMALL, "idle"])

    def open(self, count: int) -> list:
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline().startswith("open "):
            raise Trouble(f"idle QUIC connections to {self.server.name}: {self.process.stderr.read().strip()}")
        return [self]

    def close(self) -> None:
        self.server.stage.end(self.process)


def h3_idle_memory(server: Server, count: int) -> float:
    """KiB a QUIC connection that has done one request and waits."""
    return added(server, 500, count, H3Holder(server).open) / count / 1024


def h2_stream_memory(server: Server, streams: int) -> float:
    """KiB a stream whose response waits for the client's window: what 50 more add to the 50 that each connection has."""
    opened = []
    with many_descriptors():
        try:
            opened += [h2_client.Waiting(server.http) for _ in range(max(streams // 50, 20))]
            for one in opened:
                one.ask(50)
            before = settled(server)
            for one in opened:
                one.ask(50)
            return (settled(server) - before) / (len(opened) * 50) / 1024
        finally:
            for one in opened:
                one.close()
