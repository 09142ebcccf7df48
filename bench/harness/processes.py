"""Processes of a benchmark: started on a core of their own, measured, and ended by their id."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path


class Trouble(Exception):
    """Something that ends the run, in words for the person who started it."""


class NoAnswer(Trouble):
    """A server does not answer, or not yet."""


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += tree(int(child))
        except OSError:
            pass  # the thread has ended meanwhile
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree, all threads, those that have ended included.

    The clock of a process counts in nanoseconds what the scheduler gave it (clock_getcpuclockid(3)); /proc/PID/stat has only ticks of 10 ms.
    """
    total = 0
    for one in tree(pid):
        try:
            total += time.clock_gettime_ns((~one << 3) | 2)
        except OSError:
            pass
    return total / 1e9


def user_share(pid: int) -> tuple[int, int]:
    """Ticks in user mode and in the kernel, of a process tree: coarse, for the share only."""
    user = system = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        user, system = user + int(fields[11]), system + int(fields[12])
    return user, system


def resident_bytes(pid: int) -> int:
    """Pss of a process tree: what is shared among its processes counts once."""
    total = 0
    for one in tree(pid):
        try:
            match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(match.group(1)) * 1024 if match else 0
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stage:
    """Where processes run: a core for the servers, one for the load, and whether at real-time priority."""

    def __init__(self, folder: Path, realtime: bool):
        self.folder = folder
        self.realtime = realtime
        self.urgent = False  # the row that is measured wants real-time priority where that is allowed
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.load_core = cores[0], cores[1 % len(cores)]
        self.running: list[subprocess.Popen] = []

    def _prepare(self, core: int):
        def prepare():
            os.sched_setaffinity(0, {core})
            if self.realtime or self.urgent:
                try:
                    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
                except PermissionError:
                    if self.realtime:
                        raise

        return prepare

    def start(self, command: list, output: Path, **more) -> subprocess.Popen:
        """Starts a server; what it prints lands in a file."""
        with output.open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self._prepare(self.server_core), **more
            )
        self.running.append(process)
        return process

    def start_load(self, command: list, **more) -> subprocess.Popen:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=self._prepare(self.load_core), **more,
        )
        self.running.append(process)
        return process

    def load(self, command: list, timeout: float, **more) -> str:
        """Runs a load to its end; its standard output."""
        process = self.start_load(command, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{Path(str(command[0])).name} did not end within {timeout:.0f} s") from None
        finally:
            self.end(process)
        if process.returncode != 0:
            raise Trouble(f"{' '.join(map(str, command))} ended with {process.returncode}: {err.strip() or out.strip()}")
        return out

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def end_all(self) -> None:
        for process in list(self.running):
            self.end(process)
