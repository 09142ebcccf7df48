"""One response, byte for byte, and the comparison that comes before every timing."""

import re
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .processes import NoAnswer, Trouble

# Both peers add `Connection: keep-alive` to every response of HTTP/1.1 and cannot be told not to; it says what is so anyway.
UNCOMPARED = {"connection"}
# What may differ in its value: names itself, the moment, and validators, which every server makes in its own way.
OWN_VALUES = {"server", "date", "etag"}


@dataclass
class Response:
    raw: bytes
    status: int
    fields: list[tuple[str, str]]
    content: bytes

    def field(self, name: str) -> str:
        return next((value for key, value in self.fields if key.lower() == name), "")


def request_bytes(port: int, path: str, fields: dict) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"] + [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def read_response(stream) -> Response:
    received = b""
    while b"\r\n\r\n" not in received:
        more = stream.recv(65536)
        if not more:
            raise Trouble(f"a response ended inside its head: {received[:200]!r}")
        received += more
    head, content = received.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
    response = Response(b"", int(lines[0].split()[1]), fields, b"")
    size = 0 if response.status == 304 else int(response.field("content-length") or 0)
    if response.status != 304 and not response.field("content-length"):
        raise Trouble(f"a response without Content-Length: {head.decode('latin-1')}")
    pieces, got = [content], len(content)
    while got < size:
        more = stream.recv(1 << 20)
        if not more:
            raise Trouble(f"a response ended after {got} of {size} bytes")
        pieces.append(more)
        got += len(more)
    response.content = b"".join(pieces)
    response.raw = head + b"\r\n\r\n" + response.content
    return response


def fetch(port: int, path: str, fields: dict, tls: bool) -> Response:
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        stream = client_context().wrap_socket(plain) if tls else plain
        stream.sendall(request_bytes(port, path, fields))
        return read_response(stream)


def fetch_h2(port: int, path: str, tls: bool) -> Response:
    """Over HTTP/2, as curl sees it."""
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
    version = "--http2" if tls else "--http2-prior-knowledge"
    done = subprocess.run(["curl", "-ksS", "-i", "-m", "20", version, url], capture_output=True)
    head, separator, content = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if done.returncode != 0 or not separator or not lines[0].startswith("HTTP/2 "):
        raise Trouble(f"no answer over HTTP/2 at {url}: {done.stderr.decode().strip() or lines[0]}")
    fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
    return Response(done.stdout, int(lines[0].split()[1]), fields, content)


def fetch_h3(build: Path, port: int, path: str) -> Response:
    """Over HTTP/3, as our load sees it."""
    command = [str(build / "bench/h3_load"), str(port), path, "fetch"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=10)
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"no answer over HTTP/3 on port {port} within 10 s") from None
    head, separator, content = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if done.returncode != 0 or not separator:
        raise NoAnswer(f"no answer over HTTP/3 on port {port}: {done.stderr.decode().strip()}")
    fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
    return Response(done.stdout, int(lines[0].split()[1]), fields, content)


def compare_content(ours: Response, theirs: Response, name: str, what: str) -> None:
    """Ends the run when another server, whose fields are its own, does not send what ours sends, or sends fields that ours does not."""
    if (ours.status, ours.content) != (theirs.status, theirs.content):
        raise Trouble(f"{name} does not answer {what} as ours does; nothing is timed")
    more = {key.lower() for key, _ in theirs.fields} - {key.lower() for key, _ in ours.fields}
    if more:
        raise Trouble(f"{name} answers {what} with fields that ours does not send: {sorted(more)}; nothing is timed")


def compare(ours: Response, theirs: Response, name: str, what: str) -> None:
    """Ends the run when another server does not send what ours sends."""

    def differs(text: str):
        raise Trouble(f"{name} does not answer {what} as ours does: {text}; nothing is timed")

    if ours.status != theirs.status:
        differs(f"status {theirs.status} instead of {ours.status}")
    if ours.content != theirs.content:
        differs(f"another content ({len(theirs.content)} bytes, ours {len(ours.content)})")
    names = [{key.lower() for key, _ in one.fields} - UNCOMPARED for one in (ours, theirs)]
    if names[0] != names[1]:
        differs(f"only ours has {sorted(names[0] - names[1])}, only it has {sorted(names[1] - names[0])}")
    for required in ("date", "server"):
        if required not in names[1]:
            differs(f"no {required}")
    for key in names[0] - OWN_VALUES:
        if ours.field(key) != theirs.field(key):
            differs(f"{key} is {theirs.field(key)!r} instead of {ours.field(key)!r}")
    if not re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", theirs.field("date")):
        differs(f"a Date of another form: {theirs.field('date')!r}")
