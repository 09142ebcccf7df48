"""The table on the terminal, and RESULTS.md with its chart."""

import datetime
import os
import sys
from pathlib import Path
from statistics import median

from . import chart, machine
from .processes import Stage
from .rows import Result, Settings

SERVERS = ("parley", "nginx", "h2o", "ngtcp2", "own TCP", "floor")


def figure(value: float | None) -> str:
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 20 else f"{value:.1f}"


def spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else f"{values[0]:.2f}"


def paint(code: str, text: str) -> str:
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def heading() -> None:
    print(paint("1", f"{'':46}" + "".join(f"{name:>10}" for name in SERVERS) + "  bars"), flush=True)


def show(result: Result) -> None:
    row = result.row
    name = f"{row.title}"
    if result.missing:
        print(f"{name:<46}" + paint("33", f"  not yet: {result.missing.splitlines()[0]}"), flush=True)
        return
    line = f"{name:<46}" + "".join(f"{figure(result.middle(server)):>10}" for server in SERVERS)
    print(f"{line}  {paint('2', row.unit)}")
    for bar in row.bars:
        values = result.ratios(bar)
        met = bar.holds(median(values))
        mark = paint("32", "met   ") if met else paint("31", "MISSED")
        print(f"{'':48}{mark} {bar.words():<16} is {spread(values)}", flush=True)


def summary(results: list[Result], busy: str) -> None:
    bars = [(bar, result) for result in results if not result.missing for bar in result.row.bars]
    met = sum(bar.holds(median(result.ratios(bar))) for bar, result in bars)
    missing = sum(bool(result.missing) for result in results)
    print(f"\n{met} of {len(bars)} bars met" + (f", {missing} rows not yet" if missing else "") + f"; {busy}")


def write(folder: Path, results: list[Result], settings: Settings, stage: Stage, build: Path, busy: str) -> None:
    (folder / "results.svg").write_text(chart.draw(results))
    lines = [
        "# Results",
        "",
        "Written by `./dev bench`; every figure is from one run of it. How it measures: [README.md](README.md).",
        "",
        "![The cost of ours as a part of the others', a bar each](results.svg)",
        "",
        "Figures of servers are medians over the rounds. A bar compares ours with another server within each round; the median of those ratios",
        "counts, the smallest and largest stand behind it.",
        "",
        f"| row | unit | {' | '.join(SERVERS)} | bar | is | |",
        f"| --- | --- |{' ---: |' * len(SERVERS)} --- | --- | --- |",
    ]
    for result in results:
        row = result.row
        if result.missing:
            lines.append(f"| {row.title} | {row.unit} |{' |' * len(SERVERS)} {'; '.join(bar.words() for bar in row.bars)} | not yet: {result.missing.splitlines()[0]} | |")
            continue
        figures = [figure(result.middle(server)) for server in SERVERS]
        if not row.bars:
            lines.append("| " + " | ".join([row.title, row.unit, *figures, "none", "", ""]) + " |")
        for i, bar in enumerate(row.bars):
            values = result.ratios(bar)
            left = [row.title, row.unit, *figures] if i == 0 else [""] * (2 + len(SERVERS))
            lines.append("| " + " | ".join([*left, bar.words(), spread(values), "met" if bar.holds(median(values)) else "**missed**"]) + " |")
    now = datetime.datetime.now(datetime.UTC) if hasattr(datetime, "UTC") else datetime.datetime.now(datetime.timezone.utc)
    lines += ["", "## Where and with what", "", "| | |", "| --- | --- |", f"| date | {now:%Y-%m-%d %H:%M} UTC |"]
    lines += [f"| {name} | {value} |" for name, value in {**machine.description(), **machine.versions(build)}.items()]
    lines += [
        f"| during the run | {busy} |",
        f"| settings | {settings.rounds} rounds of {settings.seconds} s a server; servers on core {stage.server_core}, load on core {stage.load_core}; "
        f"{'real-time' if stage.realtime else 'ordinary'} priority; {settings.handshakes:,} handshakes, {settings.idle:,} idle and "
        f"{settings.crowd:,} busy connections |",
        "",
    ]
    (folder / "RESULTS.md").write_text("\n".join(lines))
    print("written: bench/RESULTS.md, bench/results.svg")
