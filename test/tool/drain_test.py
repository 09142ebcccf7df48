#!/usr/bin/env python3
# ctest: TIMEOUT 400
"""SIGTERM loses nobody: whoever was connected before the server stopped listening, and sends a request, is answered."""
import ctypes
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from harness import PARLEY, TIMEOUT, Case, Server, environment, main

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
# A client that has not sent its request half a second after it was connected may be taken for one that sends none (unused_time).
# On a machine that is busy that happens to ours, through no fault of the server's.
SLOW = 0.4

# <asm-generic/socket.h>
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27

# Connects in a tight loop until it is refused; says each outcome: `answered`, or what went wrong after connect() had succeeded.
CLIENT = r"""
import socket, sys, time
family, address, request, slow = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode().decode('unicode_escape').encode(), float(sys.argv[4])
to = address if family == socket.AF_UNIX else (address.rsplit(':', 1)[0], int(address.rsplit(':', 1)[1]))
answered, lost, late = 0, [], 0
while True:
    peer = socket.socket(family)
    peer.settimeout(30)
    try:
        peer.connect(to)
    except (ConnectionError, FileNotFoundError):
        break
    begun = time.monotonic()
    sent, got = begun, b''
    try:
        peer.sendall(request)
        sent = time.monotonic()
        while True:
            piece = peer.recv(65536)
            if not piece:
                break
            got += piece
        error = 'closed without an answer'
    except OSError as e:
        error = repr(e)
    peer.close()
    if got.startswith(b'HTTP/1.1 200 ') and got.endswith(b'whole'):
        answered += 1
        if answered == 5:
            print('going', flush=True)
    elif sent - begun > slow:
        late += 1
    else:
        lost.append(f'{error} after {time.monotonic() - begun:.3f} s, received {got!r}')
print(answered, late, lost)
sys.exit(1 if lost else 0)
"""


def half_open(server):
    """A client whose handshake is under way: a socket filter drops the server's SYN-ACK, which comes again a second later."""
    drop_all = struct.pack("HBBI", 0x06, 0, 0, 0)
    program = ctypes.create_string_buffer(drop_all)
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))
    peer.setblocking(False)
    host, port = server.address.split(":")
    peer.connect_ex((host, int(port)))
    entry = re.compile(rf"^ *\d+: \w{{8}}:{int(port):04X} \w+:{peer.getsockname()[1]:04X} 03 ", re.MULTILINE)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        with open("/proc/net/tcp", encoding="ascii") as table:
            if entry.search(table.read()):
                return peer
    raise AssertionError("the handshake does not begin")


class Drain(Case):
    def setUp(self):
        super().setUp()
        self.write("index.html", b"whole")

    def serve(self, *words):
        return Server("serve", self.folder, "--https", "off", *words)

    def clients(self, family, address, count):
        command = [sys.executable, "-c", CLIENT, str(int(family)), address, REQUEST.decode().encode("unicode_escape").decode(), str(SLOW)]
        return [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(count)]

    def in_a_loop(self, rounds, family, *words):
        answered = 0
        for _ in range(rounds):
            with self.serve(*words) as server:
                address = server.address.removeprefix("unix:")
                clients = self.clients(family, address, 4)
                for client in clients:
                    self.assertEqual(client.stdout.readline(), b"going\n")
                self.assertEqual(server.end(), (0, ""))
                for client in clients:
                    out, err = client.communicate(timeout=TIMEOUT)
                    self.assertEqual((client.returncode, err), (0, b""), out.decode())
                    answered += int(out.split()[0])
        self.assertGreater(answered, 0)

    def test_clients_in_a_tight_loop(self):
        self.in_a_loop(20, socket.AF_INET, "--http", "127.0.0.1:0", "--threads", "2")

    def test_clients_of_a_path_in_a_tight_loop(self):
        self.in_a_loop(10, socket.AF_UNIX, "--http", f"unix:{self.folder}/s", "--threads", "2")

    def test_clients_that_waited_while_it_was_stopped(self):
        for words, family in ((("--http", "127.0.0.1:0"), socket.AF_INET), (("--http", f"unix:{self.folder}/s"), socket.AF_UNIX)):
            with self.serve(*words, "--threads", "2") as server:
                address = server.address.removeprefix("unix:")
                os.kill(server.process.pid, signal.SIGSTOP)
                peers = []
                for _ in range(100):
                    peer = socket.socket(family)
                    self.addCleanup(peer.close)
                    peer.settimeout(TIMEOUT)
                    peer.connect(address if family == socket.AF_UNIX else ("127.0.0.1", int(address.split(":")[1])))
                    peer.sendall(REQUEST)
                    peers.append(peer)
                os.kill(server.process.pid, signal.SIGTERM)
                os.kill(server.process.pid, signal.SIGCONT)
                for peer in peers:
                    got = b""
                    while piece := peer.recv(65536):
                        got += piece
                    self.assertTrue(got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"whole"), got)
                self.assertEqual(server.wait(), (0, ""))

    def test_a_client_within_its_handshake(self):
        with self.serve("--http", "127.0.0.1:0", "--threads", "1") as server, half_open(server) as peer:
            server.process.send_signal(signal.SIGTERM)
            peer.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            self.assertEqual(select.select([], [peer], [], TIMEOUT)[1], [peer])
            self.assertEqual(peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
            peer.settimeout(TIMEOUT)
            peer.sendall(REQUEST)
            got = b""
            while piece := peer.recv(65536):
                got += piece
            self.assertTrue(got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"whole"), got)
            self.assertEqual(server.wait(), (0, ""))

    def test_it_ends_while_connections_stay_open(self):
        # Those that sent nothing are closed soon, and those that were answered at once.
        with self.serve("--http", "127.0.0.1:0") as server:
            silent = [server.connect() for _ in range(5)]
            for peer in silent:
                self.addCleanup(peer.close)
            used = server.connect()
            self.addCleanup(used.close)
            used.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(used.recv(65536).startswith(b"HTTP/1.1 200 "))
            server.process.send_signal(signal.SIGTERM)
            ended = []

            def wait_for(peer):
                while peer.recv(65536):
                    pass
                ended.append(time.monotonic())
                peer.close()

            threads = [threading.Thread(target=wait_for, args=(peer,)) for peer in [*silent, used]]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
            self.assertEqual(len(ended), 6)
            self.assertEqual(server.wait(), (0, ""))


class LivePages(Case):
    """A stream of events has no end of its own: SIGTERM ends it as a whole message, and does not wait for what never comes."""

    def test_a_page_that_is_open(self):
        data = self.path("data")
        for how in ("--http1.1", "--http2", "--http3-only"):
            with Server("demo", "--http", "off", "--https", "127.0.0.1:0", "--data", data) as server:
                if how == "--http3-only" and not server.secure_line.endswith("HTTP/3 on UDP"):
                    continue
                url = f"https://{server.secure}/live/events"
                reader = subprocess.Popen([PARLEY, "get", how, "--cacert", f"{data}/ca/ca.pem", url], stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, env=environment())
                self.assertTrue(reader.stdout.readline(), "the first event")
                self.assertEqual(server.end(), (0, ""), how)
                _, err = reader.communicate(timeout=TIMEOUT)
                self.assertEqual((reader.returncode, err), (0, b""), f"{how}: a message that was cut off is an error")


if __name__ == "__main__":
    main()
