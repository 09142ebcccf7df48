"""Loads: what asks the servers, and how many requests were answered for how much of the server's time."""

import json
import os
import re
import select
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import Stage, Trouble, cpu_seconds
from .responses import request_bytes
from .servers import SMALL, Server

# wrk's summary as one line of JSON, instead of its text for people.
REPORT = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nRESULT {"requests": %d, "bytes": %d, "seconds": %f, "errors": %d, "status": %d, "p50": %f, "p99": %f}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(99)))
end
"""
PIPELINE = """
init = function(args)
  local one = wrk.format(nil, wrk.path)
  sixteen = string.rep(one, 16)
end
request = function() return sixteen end
"""
# Every connection waits 8 to 12 ms between its requests: a load that does not depend on how quick the server is.
PACED = """
function delay() return math.random(8, 12) end
"""


@dataclass
class Sample:
    requests: int
    bytes: int
    cpu: float  # seconds of the server
    p99: float = 0.0  # microseconds

    @property
    def microseconds(self) -> float:
        """The server's time for one request."""
        return self.cpu / self.requests * 1e6

    @property
    def gibibytes(self) -> float:
        """Sent in one second of the server's time."""
        return self.bytes / self.cpu / 2**30


def tls_environment(stage: Stage) -> dict:
    """OpenSSL's clients offer what all rows over TLS are about, and nothing else: 1.3, AES-128-GCM, X25519."""
    file = stage.folder / "openssl.cnf"
    if not file.exists():
        file.write_text(
            "openssl_conf = start\n[start]\nssl_conf = ssl\n[ssl]\nsystem_default = all\n[all]\n"
            "MinProtocol = TLSv1.3\nCiphersuites = TLS_AES_128_GCM_SHA256\nGroups = X25519\n"
        )
    return dict(os.environ, OPENSSL_CONF=str(file))


def wrk(server: Server, seconds: int, connections: int = 64, path: str = SMALL, tls: bool = False, script: str = "", fields: dict | None = None) -> Sample:
    stage = server.stage
    lua = stage.folder / "wrk.lua"
    lua.write_text("".join(f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}\n" for k, v in (fields or {}).items()) + script + REPORT)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{server.https if tls else server.http}{path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", lua, url]
    before = cpu_seconds(server.pid)
    out = stage.load(command, seconds + 60, env=tls_environment(stage))
    after = cpu_seconds(server.pid)
    server.check_alive()
    line = next((line for line in out.splitlines() if line.startswith("RESULT ")), "")
    if not line:
        raise Trouble(f"wrk gave no result for {server.name}: {out.strip()}")
    result = json.loads(line[7:])
    if result["errors"] or result["status"] or not result["requests"]:
        raise Trouble(f"{server.name} failed under wrk at {url}: {result}")
    return Sample(result["requests"], result["bytes"], after - before, result["p99"])


def h2load(server: Server, seconds: int, clients: int = 8, streams: int = 32, path: str = SMALL, tls: bool = False, rate: int = 0) -> Sample:
    """Over HTTP/2, in cleartext with prior knowledge. Windows are wide open, so that none of the servers waits for credit."""
    stage, log = server.stage, server.stage.folder / "h2load.log"
    log.unlink(missing_ok=True)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{server.https if tls else server.http}{path}"
    command = ["h2load", "-t1", f"-c{clients}", f"-m{streams}", f"-D{seconds}", "-w30", "-W30", "--ciphers=ECDHE-ECDSA-AES128-GCM-SHA256"]
    if rate:
        command += [f"--rps={rate}", f"--log-file={log}"]
    before = cpu_seconds(server.pid)
    out = stage.load([*command, url], seconds + 60, env=tls_environment(stage))
    after = cpu_seconds(server.pid)
    server.check_alive()
    counted = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
    sent = re.search(r"traffic: .*\((\d+)\) data", out)
    if counted is None or sent is None:
        raise Trouble(f"h2load gave no result for {server.name}: {out.strip()}")
    done, succeeded, *wrong = map(int, counted.groups())
    if not done or succeeded != done or any(wrong) or "Application protocol: h2" not in out:
        raise Trouble(f"{server.name} failed under h2load at {url}: {out.strip()}")
    p99 = 0.0
    if rate:
        times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
        p99 = float(times[len(times) * 99 // 100])
    return Sample(done, int(sent.group(1)), after - before, p99)


def steady(server: Server, seconds: float, connections: int, path: str = SMALL, fields: dict | None = None) -> Sample:
    """bench/load: connecting lies outside of what is measured."""
    stage, asked = server.stage, server.stage.folder / "request"
    asked.write_bytes(request_bytes(server.http, path, fields or {}))
    size = len(server.fetch(path, fields=fields).raw)
    process = stage.start_load([server.site.build / "bench/load", server.http, connections, seconds, asked, size])
    try:
        if process.stdout.readline().strip() != "connected":
            raise Trouble(f"{connections} connections to {server.name}: {process.stderr.read().strip()}")
        before = cpu_seconds(server.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        words = process.stdout.readline().split()
        after = cpu_seconds(server.pid)
        if not words:
            raise Trouble(f"{connections} connections to {server.name}: {process.stderr.read().strip()}")
    finally:
        stage.end(process)
    return Sample(int(words[0]), int(words[0]) * size, after - before)


def _h3_load(server: Server, words: list, first: str, timeout: float) -> tuple[list[str], float]:
    """What bench/h3_load counts, and the server's time between its two lines."""
    stage = server.stage
    process = stage.start_load([server.site.build / "bench/h3_load", server.https, *words])
    try:
        if process.stdout.readline().strip() != first:
            raise Trouble(f"HTTP/3 to {server.name}: {process.stderr.read().strip()}")
        before = cpu_seconds(server.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], timeout)[0]:
            raise Trouble(f"HTTP/3 to {server.name}: nothing within {timeout:.0f} s")
        counted = process.stdout.readline().split()
        after = cpu_seconds(server.pid)
        server.check_alive()
        if not counted:
            raise Trouble(f"HTTP/3 to {server.name}: {process.stderr.read().strip()}")
    finally:
        stage.end(process)
    return counted, after - before


def h3_load(server: Server, seconds: float, connections: int = 8, streams: int = 32, path: str = SMALL, loss: float = 0) -> Sample:
    """`loss`: the part of the datagrams from the server that the load drops before its QUIC sees them."""
    counted, cpu = _h3_load(server, [path, "run", connections, streams, seconds, loss], "connected", seconds + 60)
    return Sample(int(counted[0]), int(counted[2]), cpu)


def h3_handshakes(server: Server, count: int) -> Sample:
    """One QUIC connection after the other, each with one request."""
    return Sample(count, 0, _h3_load(server, [SMALL, "handshakes", count], "ready", 60 + count / 20)[1])


def handshakes(server: Server, count: int, resumed: bool) -> Sample:
    """One TLS connection after the other, each with one request."""
    stage = server.stage
    command = [sys.executable, "-B", "-m", "harness.tls_client", server.https, SMALL, count, "resumed" if resumed else "full"]
    process = stage.start_load(command, env=tls_environment(stage), cwd=Path(__file__).parent.parent)
    try:
        if process.stdout.readline().strip() != "ready":
            raise Trouble(f"TLS connections to {server.name}: {process.stderr.read().strip()}")
        before = cpu_seconds(server.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        words = process.stdout.readline().split()
        after = cpu_seconds(server.pid)
        if not words:
            raise Trouble(f"TLS connections to {server.name}: {process.stderr.read().strip()}")
    finally:
        stage.end(process)
    return Sample(count, 0, after - before)
