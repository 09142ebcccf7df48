"""Interleaved rounds: every server gets its turn in every round, in another order each time, and ratios are made within a round."""

from collections.abc import Callable

from .processes import Stage, Trouble
from .responses import compare, compare_content
from .rows import Result, Row, Settings
from .servers import LARGE, SMALL, Floor, H2o, Nginx, Ngtcp2, Ours, OwnTcp, Site

SERVERS = {kind.name: kind for kind in (Ours, Nginx, H2o, Ngtcp2, OwnTcp, Floor)}


def prepare(stage: Stage, site: Site) -> str:
    """Learns what ours answers, with TLS if it has it; why there is none, or nothing."""
    without = ""
    site.make_certificate(stage.folder)
    site.tls = True
    ours = Ours(stage, site)
    try:
        ours.start()
        if ours.https is None:
            raise Trouble(f"no https line from ours: {ours.log.read_text().strip()}")
    except Trouble as trouble:
        ours.stop()
        without, site.tls, site.certificate = str(trouble).rsplit("parley: ", 1)[-1], False, None
        ours.start()
    site.model = ours.fetch(SMALL)
    ours.stop()
    return without


def compare_all(servers: dict, row: Row) -> None:
    """The floor has one answer, made of ours, so there is nothing to compare it with."""
    for path in (SMALL, LARGE):
        if row.h3:
            ours = servers["parley"].fetch(path, h3=True)
            if "ngtcp2" in servers:
                compare_content(ours, servers["ngtcp2"].fetch(path), "ngtcp2", path + " over HTTP/3")
            continue
        ours = servers["parley"].fetch(path, tls=row.tls, h2=row.h2)
        for name, server in servers.items():
            if name not in ("parley", "floor"):
                over = f"{' over HTTP/2' if row.h2 else ''}{' over TLS' if row.tls else ''}"
                compare(ours, server.fetch(path, tls=row.tls, h2=row.h2), name, path + over)


def measure(stage: Stage, site: Site, row: Row, settings: Settings, tell: Callable[[str], None]) -> Result:
    result = Result(row)
    site.nginx, site.limits, site.http3, stage.urgent = row.nginx, row.limits, row.h3, row.urgent
    servers = {name: SERVERS[name](stage, site) for name in row.servers}
    try:
        for server in servers.values():
            server.start()
        compare_all(servers, row)
        if not row.once:
            quick = Settings(1, 1, min(50, settings.handshakes), 100, 100)
            for server in servers.values():
                row.measure(server, quick)  # warm: caches, tables, the branch predictor
        rounds = 1 if row.once else settings.rounds
        for turn in range(rounds):
            names = list(servers)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                tell(f"{row.key}: round {turn + 1} of {rounds}, {name}")
                result.values.setdefault(name, []).append(row.measure(servers[name], settings))
    finally:
        for server in servers.values():
            server.stop()
    return result
