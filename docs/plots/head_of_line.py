#!/usr/bin/env python3
"""Draws docs/plots/head_of_line.svg: 20 responses at once over one connection through a network that loses packets, by HTTP/2 and by HTTP/3.

    docs/plots/head_of_line.py [--rounds N] [--parley build/release/parley]

The server is `parley demo`, the client libcurl (test/session/http3_libcurl.c), in two network namespaces; what one sends as IP packets through its
TUN device this script hands to the other, later, or not at all. So TCP is the system's own, and loses below it, as QUIC does: netem would do
the same, where the kernel has it. Both congestion controls are CUBIC. Needs Linux, `unshare` and libcurl4-gnutls-dev; root, or unprivileged
user namespaces. Nothing leaves the two namespaces.
"""
import argparse
import collections
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "support"))
SERVER, CLIENT = "10.99.0.1", "10.99.0.2"
PORT = 8443
SMALL, SMALL_SIZE = 16, 20_000
LARGE, LARGE_SIZE = 4, 200_000
LOSS, DELAY, BYTES_A_SECOND = 0.02, 0.020, 4_000_000
CLONE_NEWNET = 0x40000000


def tun(address, peer):
    """A device of this network namespace, up; the descriptor at its other side gives and takes IP packets."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"path0", 0x0001 | 0x1000))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    for words in (("addr", "add", address, "peer", peer, "dev", "path0"), ("link", "set", "path0", "mtu", "1500", "txqueuelen", "1000", "up"),
                  ("link", "set", "lo", "up")):
        subprocess.run(("ip", *words), check=True)
    with open("/proc/sys/net/ipv4/tcp_congestion_control", "w") as control:
        control.write("cubic")
    return device


class Path:
    """Between the two devices: a link of so many bytes a second, a way of so many seconds, and losses."""

    def __init__(self, ends):
        self.ends = ends
        self.loss, self.fate = 0.0, random.Random()
        self.free_at = [0.0, 0.0]
        self.count = 0
        self.flying = []
        threading.Thread(target=self.run, daemon=True).start()

    def weather(self, loss, seed):
        self.loss, self.fate = loss, random.Random(seed)

    def run(self):
        while True:
            now = time.monotonic()
            while self.flying and self.flying[0][0] <= now:
                _, _, to, packet = heapq.heappop(self.flying)
                os.write(self.ends[to], packet)
            patience = max(0.0, self.flying[0][0] - now) if self.flying else None
            ready, _, _ = select.select(self.ends, [], [], patience)
            now = time.monotonic()
            for device in ready:
                to = 1 - self.ends.index(device)
                for _ in range(64):
                    try:
                        packet = os.read(device, 65536)
                    except BlockingIOError:
                        break
                    self.free_at[to] = max(self.free_at[to], now) + len(packet) / BYTES_A_SECOND
                    # Packets without content, which are few bytes, are lost as the others are.
                    if self.fate.random() >= self.loss:
                        self.count += 1
                        heapq.heappush(self.flying, (self.free_at[to] + DELAY, self.count, to, packet))


def ready(process):
    for line in process.stderr:
        if line == b"ready\n":
            return
    raise SystemExit("the server did not start")


def measure(parley, rounds):
    from http3_clients import libcurl
    program, why = libcurl()
    if program is None:
        raise SystemExit("head_of_line: " + why)
    import tempfile
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.TemporaryDirectory(prefix="parley-plot-") as data:
        here = tun(SERVER, CLIENT)
        server = subprocess.Popen([parley, "demo", "--http", "off", "--https", "%s:%d" % (SERVER, PORT), "--data", data, "--threads", "1"],
                                  stderr=subprocess.PIPE)
        try:
            ready(server)
            if libc.unshare(CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            path = Path([here, tun(CLIENT, SERVER)])
            base = "https://localhost:%d/bytes/" % PORT
            # The small ones are asked for behind the large ones.
            urls = [base + str(LARGE_SIZE)] * LARGE + [base + str(SMALL_SIZE)] * SMALL
            found = collections.defaultdict(list)
            for number in range(rounds):
                for loss in (0.0, LOSS) if number < max(3, rounds // 5) else (LOSS,):
                    for version in ("2", "3"):
                        path.weather(loss, number)
                        told = subprocess.run([program, "race", version, os.path.join(data, "ca", "ca.pem"),
                                               "localhost:%d:%s" % (PORT, SERVER), *urls], check=True, capture_output=True, text=True, timeout=120)
                        for line in told.stdout.splitlines():
                            place, size, when = line.split()
                            if int(size) != (LARGE_SIZE if int(place) < LARGE else SMALL_SIZE):
                                raise SystemExit("not whole: " + line)
                            if int(place) >= LARGE:
                                found[version, loss].append(float(when))
        finally:
            server.terminate()
            server.wait()
    return found


def draw(found, rounds):
    width, height, left, right, top, bottom = 760, 400, 70, 40, 74, 350
    longest = max(sorted(times)[int(len(times) * 0.99)] for times in found.values())
    step = next(s for s in (50, 100, 200, 250, 500, 1000, 2000) if longest / s <= 8)
    longest = step * (int(longest / step) + 1)

    def x(ms):
        return left + (width - left - right) * min(ms, longest) / longest

    def y(share):
        return bottom - (bottom - top) * share

    lines = ["""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
<title>Small responses beside large ones through 2 %% loss, over HTTP/2 and HTTP/3</title>
<style>
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  path { fill: none; stroke-width: 2.5; }
  .h3 { stroke: #1a7f64; } .h2 { stroke: #c4432b; } .clear { stroke-width: 1.5; stroke-dasharray: 4 4; }
  text.h3 { fill: #1a7f64; stroke: none; font-weight: 600; } text.h2 { fill: #c4432b; stroke: none; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #9198a1; } .grid { stroke: #30363d; }
    .h3 { stroke: #3fb58f; } .h2 { stroke: #f0745c; } text.h3 { fill: #3fb58f; } text.h2 { fill: #f0745c; }
  }
</style>
<text class="title" x="16" y="26">%d responses of %d KB beside %d of %d KB, on one connection, 2 %% of packets lost</text>
<text class="quiet" x="16" y="46">Share of the small ones that are whole, by the time since all were asked for. %d rounds; dashed: nothing lost.</text>""" %
             (width, height, width, height, SMALL, SMALL_SIZE // 1000, LARGE, LARGE_SIZE // 1000, rounds)]
    for part in range(0, 5):
        lines.append('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>' % (left, width - right, y(part / 4), y(part / 4)))
        lines.append('<text class="quiet" x="%d" y="%.1f" text-anchor="end">%d %%</text>' % (left - 8, y(part / 4) + 4, part * 25))
    for ms in range(0, longest + 1, step):
        lines.append('<text class="quiet" x="%.1f" y="%d" text-anchor="middle">%d ms</text>' % (x(ms), bottom + 20, ms))
    for (version, loss), times in sorted(found.items()):
        times = sorted(times)
        text = "M%.1f %.1f" % (x(0), y(0))
        for place in range(1, 101):  # a percentile a step
            when = times[min(len(times) - 1, len(times) * place // 100)]
            text += " H%.1f V%.1f" % (x(when), y(place / 100))
        lines.append('<path class="h%s%s" d="%s"/>' % (version, "" if loss else " clear", text))
    for row, version in enumerate("32"):
        lost, clear = (statistics.median(found[version, loss]) for loss in (LOSS, 0.0))
        lines.append('<text class="h%s" x="%d" y="%d" text-anchor="end">HTTP/%s: median %.0f ms, without loss %.0f ms</text>' %
                     (version, width - right - 8, bottom - 40 + 20 * row, version, lost, clear))
    lines.append('<text class="quiet" x="16" y="%d">Round trip %.0f ms, %.0f Mbit/s, CUBIC in both; made by docs/plots/head_of_line.py.</text></svg>' %
                 (height - 10, 2000 * DELAY, BYTES_A_SECOND * 8 / 1e6))
    with open(os.path.join(HERE, "head_of_line.svg"), "w") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--parley", default=os.path.join(ROOT, "build", "release", "parley"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        words = ["unshare", *(("-n",) if os.geteuid() == 0 else ("-r", "-n"))]
        os.execvp("unshare", [*words, sys.executable, os.path.abspath(__file__), "--inside", "--rounds", str(options.rounds),
                              "--parley", os.path.abspath(options.parley)])
    found = measure(options.parley, options.rounds)
    for (version, loss), times in sorted(found.items()):
        times.sort()
        print("HTTP/%s, %g %% lost: %d small responses, median %.0f ms, 90 %% within %.0f ms" %
              (version, 100 * loss, len(times), statistics.median(times), times[len(times) * 9 // 10]))
    draw(found, options.rounds)


if __name__ == "__main__":
    main()
