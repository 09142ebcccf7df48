"""Resident memory of connections that have done one request and now wait."""

import resource
import socket
import time

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


def idle_memory(server: Server, count: int, tls: bool) -> float:
    """KiB a connection: what `count` more of them add, once a few hundred have made the server warm."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    context = client_context()
    opened = []
    try:
        opened += open_used(server, 500, tls, context)
        before = settled(server)
        opened += open_used(server, count, tls, context)
        after = settled(server)
    finally:
        for stream in opened:
            stream.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return (after - before) / count / 1024
