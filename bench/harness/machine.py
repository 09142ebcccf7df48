"""Where and with what the figures were made."""

import os
import platform
import re
import subprocess
from pathlib import Path

CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")


def words_of(command: list[str], pattern: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return "missing"
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "?"


def versions(build: Path) -> dict[str, str]:
    root = Path(__file__).parent.parent.parent
    commit = words_of(["git", "-C", str(root), "describe", "--always", "--dirty=, changed", "--abbrev=10", "--exclude=*"], r"^([0-9a-f].*)")
    return {
        "parley": f"{words_of([str(build / 'parley'), '--version'], r'([0-9][0-9.]+)')} (commit {commit})",
        "nginx": words_of(["nginx", "-v"], r"nginx/(\S+)"),
        "h2o": words_of(["h2o", "--version"], r"version (\S+)"),
        "wrk": words_of(["wrk", "-v"], r"wrk (?:debian/)?(\S+)"),
        "ngtcp2": words_of(["dpkg-query", "-W", "-f", "${Version}", "ngtcp2-server"], r"([\d.]+)"),
        "OpenSSL": words_of(["openssl", "version"], r"OpenSSL (\S+)"),
        "GnuTLS": words_of(["dpkg-query", "-W", "-f", "${Version}", "libgnutls30*"], r"([\d.]+)"),
        "g++": words_of(["g++", "-dumpfullversion"], r"(\S+)"),
        "Python": platform.python_version(),
    }


def description() -> dict[str, str]:
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    release = re.search(r'^PRETTY_NAME="(.+)"$', Path("/etc/os-release").read_text(), re.MULTILINE)
    return {
        "CPU": f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores",
        "kernel": platform.release(),
        "system": release.group(1) if release else "?",
        "congestion control": CONGESTION.read_text().strip() if CONGESTION.exists() else "?",
    }


class Busy:
    """How much of the machine's time went to others while we measured, from /proc/stat."""

    def __init__(self):
        self.start = self.read()

    @staticmethod
    def read() -> list[int]:
        return [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]

    def words(self) -> str:
        user, nice, system, idle, wait, irq, soft, steal = (b - a for a, b in zip(self.start, self.read()))
        total = max(1, user + nice + system + idle + wait + irq + soft + steal)
        return f"load average {os.getloadavg()[0]:.1f}; {100 * (idle + wait) / total:.0f} % idle, {100 * steal / total:.1f} % stolen by the host"
