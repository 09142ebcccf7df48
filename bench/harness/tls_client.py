"""python3 -m harness.tls_client PORT PATH COUNT full|resumed: connects COUNT times over TLS, does one request each, and checks that every session was
new or resumed as asked, with TLS 1.3 and AES-128-GCM. Prints "ready" after a first connection, waits for a line, then "COUNT connections"."""

import socket
import ssl
import sys

from .responses import client_context, request_bytes


def visit(context: ssl.SSLContext, port: int, request: bytes, session: ssl.SSLSession | None) -> ssl.SSLSession:
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as stream:
            stream.sendall(request)
            received = b""
            # The tickets of TLS 1.3 arrive with or before the answer, so they are here when it is.
            while True:
                more = stream.recv(16384)
                if not more:
                    break
                received += more
            if not received.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"not a 200: {received[:200]!r}")
            if (stream.version(), stream.cipher()[0]) != ("TLSv1.3", "TLS_AES_128_GCM_SHA256"):
                raise SystemExit(f"not what all rows are about: {stream.version()}, {stream.cipher()[0]}")
            if stream.session_reused != (session is not None):
                raise SystemExit("the session was not resumed" if session else "the session was resumed")
            return stream.session


def main() -> None:
    port, path, count, kind = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    request = request_bytes(port, path, {"Connection": "close"})
    context = client_context()
    session = visit(context, port, request, None)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(count):
        latest = visit(context, port, request, session if kind == "resumed" else None)
        if kind == "resumed":
            session = latest
    print(count, "connections", flush=True)


if __name__ == "__main__":
    main()
