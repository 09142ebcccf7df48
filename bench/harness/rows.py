"""What is measured, a row each, with its bars. A row gives one value per server and round; bars look at the median."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from . import loads
from .idle import h2_idle_memory, h2_stream_memory, h3_idle_memory, idle_memory
from .processes import Trouble
from .servers import LARGE, SMALL, Server, Sessions, Site


@dataclass
class Bar:
    """Ours against another server in the same round, or against a figure."""

    limit: float
    against: str = ""
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def words(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:.2f} × {self.against}" if self.against else f"{sign} {self.limit:g}"


@dataclass
class Settings:
    rounds: int
    seconds: int
    handshakes: int
    idle: int
    crowd: int


@dataclass
class Row:
    key: str
    title: str
    unit: str
    bars: list[Bar]
    measure: Callable[[Server, Settings], float]
    tls: bool = False
    servers: tuple[str, ...] = ("parley", "nginx", "h2o", "floor")
    urgent: bool = False  # latency is about the servers, not about who else uses the machine
    once: bool = False  # repeating it tells nothing new
    needs: Callable[[Site], str] = field(default=lambda site: "")  # why it cannot be measured yet, or nothing
    nginx: dict[str, str] = field(default_factory=dict)  # its settings, where they differ from Debian's
    h2: bool = False
    limits: dict[str, int | str] = field(default_factory=dict)  # ours, where they differ from the defaults
    h3: bool = False


def request_cost(**how) -> Callable[[Server, Settings], float]:
    return lambda server, settings: loads.wrk(server, settings.seconds, **how).microseconds


def light(server: Server, settings: Settings) -> float:
    return loads.steady(server, settings.seconds, 64).microseconds


def throughput(**how) -> Callable[[Server, Settings], float]:
    return lambda server, settings: loads.wrk(server, settings.seconds, connections=8, path=LARGE, **how).gibibytes


def h2_cost(**how) -> Callable[[Server, Settings], float]:
    return lambda server, settings: loads.h2load(server, settings.seconds, **how).microseconds


def h2_throughput(**how) -> Callable[[Server, Settings], float]:
    return lambda server, settings: loads.h2load(server, settings.seconds, streams=1, path=LARGE, **how).gibibytes


def h3_cost(server: Server, settings: Settings) -> float:
    load = loads.h2load(server, settings.seconds, tls=True) if server.over_tcp else loads.h3_load(server, settings.seconds)
    return load.microseconds


def h3_throughput(server: Server, settings: Settings) -> float:
    return loads.h3_load(server, settings.seconds, streams=1, path=LARGE).gibibytes


def h3_loss_rise(server: Server, settings: Settings) -> float:
    """What a byte costs when each hundredth datagram is lost, in proportion to what it costs else."""
    without = loads.h3_load(server, settings.seconds, streams=1, path=LARGE)
    lossy = loads.h3_load(server, settings.seconds, streams=1, path=LARGE, loss=0.01)
    return without.gibibytes / lossy.gibibytes


def h3_handshake(server: Server, settings: Settings) -> float:
    if server.over_tcp:
        return loads.handshakes(server, settings.handshakes, False).microseconds
    return loads.h3_handshakes(server, settings.handshakes).microseconds


def h2_p99(server: Server, settings: Settings) -> float:
    return loads.h2load(server, 2 * settings.seconds, tls=True, rate=800).p99


def h2_rise(server: Server, settings: Settings) -> float:
    """From 32 requests under way on a connection to 1,000; fewer than 32 cost more, since less leaves in one write."""
    few = loads.h2load(server, settings.seconds, clients=1, streams=32)
    many = loads.h2load(server, settings.seconds, clients=1, streams=1000)
    return many.microseconds / few.microseconds


def paced_p99(server: Server, settings: Settings) -> float:
    # Twice as long: the hundredth part is what counts.
    return loads.wrk(server, 2 * settings.seconds, script=loads.PACED).p99


def crowd_rise(server: Server, settings: Settings) -> float:
    few = loads.steady(server, settings.seconds, 10)
    many = loads.steady(server, settings.seconds, settings.crowd)
    return many.microseconds / few.microseconds


def unchanged(server: Server, settings: Settings) -> float:
    condition = {"If-None-Match": server.fetch(SMALL).field("etag")}
    answer = server.fetch(SMALL, fields=condition)
    if answer.status != 304:
        raise Trouble(f"{server.name} answers {answer.status} to its own entity tag")
    whole = loads.wrk(server, settings.seconds)
    return loads.wrk(server, settings.seconds, fields=condition).microseconds / whole.microseconds


def handshake(resumed: bool) -> Callable[[Server, Settings], float]:
    return lambda server, settings: loads.handshakes(server, settings.handshakes, resumed).microseconds


def instructions_a_byte(site: Site) -> float:
    """A browser's head through our parser under callgrind. Two runs of different length: their difference leaves start-up out."""

    def run(rounds: int) -> tuple[int, str]:
        program, out = site.build / "bench/head_parse", site.root.parent / "callgrind.out"
        ended = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", str(program), str(rounds)], capture_output=True, text=True
        )
        if ended.returncode != 0:
            raise Trouble(f"head_parse failed under callgrind: {ended.stderr.strip()[-400:]}")
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE).group(1)), ended.stdout

    (few, words), (many, _) = run(1000), run(11000)
    return (many - few) / 10000 / int(words.split()[1])


def instructions_of(server: Server, load: Callable[[int], int]) -> float:
    """What a request costs a server's user space, counted by callgrind: the same on a busy machine. `load` gives the number of requests of so
    many seconds. The difference of two runs, so that start-up is left out."""
    counts = []
    for seconds in (1, 3):
        out = server.folder / "callgrind.out"
        server.under = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--"]
        server.stop()
        server.start()
        requests = load(seconds)
        server.stop()  # at its end callgrind writes its file
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
        if total is None:
            raise Trouble("callgrind counted nothing")
        counts.append((requests, int(total.group(1))))
    (few, fewer), (many, more) = counts
    return (more - fewer) / (many - few)


def instructions_a_request(server: Server, settings: Settings) -> float:
    return instructions_of(server, lambda seconds: loads.steady(server, seconds, 16).requests)


def session_rise(server: Server, settings: Settings) -> float:
    """Of a handler that looks into its visitor's session; the same handler without one is 1."""
    with Sessions(server.stage, server.site) as own:
        with_session = own.cookie()
        plain = loads.wrk(own, settings.seconds, path="/plain")
        return loads.wrk(own, settings.seconds, path="/session", fields=with_session).microseconds / plain.microseconds


def session_instructions(server: Server, settings: Settings) -> float:
    with Sessions(server.stage, server.site) as own:
        plain = instructions_of(own, lambda seconds: loads.steady(own, seconds, 16, "/plain").requests)
        return instructions_of(own, lambda seconds: loads.steady(own, seconds, 16, "/session", own.cookie()).requests) - plain


def needs_tag(site: Site) -> str:
    return "" if site.model.field("etag") else "ours sends no ETag"


def needs_ngtcp2(site: Site) -> str:
    if not (site.build / "bench/h3_load").exists():
        return "this build has no QUIC (./dev setup quic)"
    return "" if shutil.which("gtlsserver") else "no gtlsserver (./dev setup bench)"


ROWS = [
    Row("keep-alive", "13 bytes, 64 connections kept alive", "µs a request",
        [Bar(0.70, "nginx"), Bar(0.90, "h2o"), Bar(1.15, "floor")], request_cost()),
    Row("light", "the same with a lighter load than wrk", "µs a request",
        [Bar(0.70, "nginx"), Bar(0.90, "h2o"), Bar(1.15, "floor")], light),
    Row("reading-nginx", "the same, nginx reads instead of sendfile", "µs a request", [], light, nginx={"sendfile": "off"}),
    Row("tls-keep-alive", "13 bytes over TLS 1.3", "µs a request", [Bar(0.90, "nginx"), Bar(0.90, "h2o")], request_cost(tls=True), tls=True),
    Row("pipelined", "13 bytes, 16 requests in flight on each", "µs a request", [Bar(0.25, "h2o")], request_cost(script=loads.PIPELINE)),
    Row("latency", "99th percentile, 6,400 requests a second", "µs", [Bar(1.0, "nginx"), Bar(1.0, "h2o")], paced_p99, urgent=True),
    Row("large", "10 MiB, 8 connections", "GiB a CPU second", [Bar(1.0, "nginx", at_least=True)], throughput(),
        servers=("parley", "nginx", "h2o"), nginx={"tcp_nopush": "off"}),
    Row("tls-large", "10 MiB over TLS 1.3", "GiB a CPU second", [Bar(1.0, "h2o", at_least=True)], throughput(tls=True), tls=True,
        nginx={"tcp_nopush": "off"}),
    Row("handshake", "a TLS connection, one request", "µs a connection", [Bar(0.95, "h2o")], handshake(False), tls=True),
    Row("resumed", "a resumed TLS connection, one request", "µs a connection", [Bar(0.85, "h2o")], handshake(True), tls=True),
    Row("idle", "memory of an idle connection", "KiB", [Bar(1.0)],
        lambda server, settings: idle_memory(server, settings.idle, False), once=True),
    Row("tls-idle", "memory of an idle TLS connection", "KiB", [Bar(14.0)],
        lambda server, settings: idle_memory(server, settings.idle, True), tls=True, once=True),
    Row("crowd", "cost with 10,000 connections, with 10 it is 1", "×", [Bar(1.25)], crowd_rise),
    Row("unchanged", "cost of a 304, that of the 200 is 1", "×", [Bar(1.0)], unchanged, servers=("parley", "nginx", "h2o"), needs=needs_tag),
]
TWO = ("parley", "h2o")
ROWS += [
    Row("h2-tls", "HTTP/2, TLS 1.3, 13 bytes, 8 connections × 32", "µs a request", [Bar(1.0, "h2o")], h2_cost(tls=True), tls=True, h2=True),
    Row("h2", "the same in cleartext", "µs a request", [Bar(1.0, "h2o")], h2_cost(), servers=TWO, h2=True),
    Row("h2-tls-large", "HTTP/2, TLS 1.3, 10 MiB, 8 connections", "GiB a CPU second", [Bar(1.0, "h2o", at_least=True)],
        h2_throughput(tls=True), tls=True, h2=True),
    Row("h2-large", "the same in cleartext", "GiB a CPU second", [Bar(1.0, "h2o", at_least=True)], h2_throughput(), servers=TWO, h2=True),
    Row("h2-latency", "HTTP/2, 99th percentile, 6,400 requests a second", "µs", [Bar(1.0, "h2o")], h2_p99, tls=True, urgent=True, h2=True),
    Row("h2-rise", "cost with 1,000 streams, with 32 it is 1", "×", [Bar(1.0)], h2_rise, servers=TWO, h2=True, limits={"streams": 1024}),
    Row("h2-idle", "memory of an idle HTTP/2 connection over TLS", "KiB", [Bar(16.0)],
        lambda server, settings: h2_idle_memory(server, settings.idle), tls=True, once=True, h2=True),
    Row("h2-stream", "memory of an open stream", "KiB", [Bar(2.0)],
        lambda server, settings: h2_stream_memory(server, settings.idle), servers=TWO, once=True, h2=True),
]
for row in ROWS:
    if row.tls:
        row.servers = ("parley", "nginx", "h2o")
H3 = {"tls": True, "h3": True, "needs": needs_ngtcp2}
QUIC = ("parley", "ngtcp2")
ROWS += [
    Row("h3", "HTTP/3, 13 bytes, 8 connections × 32", "µs a request", [Bar(0.6, "ngtcp2"), Bar(2.0, "own TCP")], h3_cost,
        servers=(*QUIC, "own TCP"), **H3),
    Row("h3-large", "HTTP/3, 10 MiB, 8 connections", "GiB a CPU second", [Bar(1.15, "ngtcp2", at_least=True)], h3_throughput, servers=QUIC, **H3),
    Row("h3-handshake", "a QUIC connection, one request", "µs a connection", [Bar(1.3, "own TCP")], h3_handshake, servers=(*QUIC, "own TCP"), **H3),
    Row("h3-idle", "memory of an idle QUIC connection", "KiB", [Bar(40.0)], lambda server, settings: h3_idle_memory(server, settings.idle),
        servers=QUIC, once=True, limits={"quic_idle_time": "60min", "idle_time": "60min"}, **H3),
    Row("h3-loss", "cost of a byte at 1 % loss, without it is 1", "×", [Bar(1.1)], h3_loss_rise, servers=QUIC, **H3),
]
ROWS.append(
    Row("instructions", "user space for a request, kept alive", "instructions", [], instructions_a_request, servers=("parley",), once=True)
)
ROWS += [
    Row("session", "cost with a session in memory, without it is 1", "×", [Bar(1.10)], session_rise, servers=("parley",)),
    Row("session-instructions", "user space for a session, beyond the request's", "instructions", [], session_instructions,
        servers=("parley",), once=True),
]
PARSE = Row("parse", "a browser's head of 600 bytes, parsed", "instructions a byte", [Bar(4.0)],
    lambda server, settings: instructions_a_byte(server.site), servers=("parley",), once=True)


@dataclass
class Result:
    row: Row
    values: dict[str, list[float]] = field(default_factory=dict)  # by server, a value a round
    missing: str = ""

    def middle(self, server: str) -> float | None:
        return median(self.values[server]) if self.values.get(server) else None

    def ratios(self, bar: Bar) -> list[float]:
        ours = self.values["parley"]
        return [a / b for a, b in zip(ours, self.values[bar.against])] if bar.against else ours

    def holds(self) -> bool:
        return not self.missing and all(bar.holds(median(self.ratios(bar))) for bar in self.row.bars)
