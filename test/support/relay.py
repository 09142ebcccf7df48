"""A network between a client and a server on this machine: passes datagrams on, and loses, delays, repeats and breaks some."""
import heapq
import random
import select
import socket
import threading
import time


class Relay:
    """In front of 127.0.0.1:`to`; clients send to `port`. Chances are from 0 to 1; `late` is overtaken by others; larger ones than `mtu` vanish.
    Its default is what Ethernet carries.

    Each client has a port of its own at the server's side, as behind a NAT. After each `rebind_after` datagrams, both ways, it is another one.
    """

    def __init__(self, to, loss=0.0, late=0.0, twice=0.0, broken=0.0, mtu=1472, rebind_after=None, seed=1):
        self.to, self.loss, self.late, self.twice, self.broken, self.mtu = ("127.0.0.1", to), loss, late, twice, broken, mtu
        self.rebind_after = rebind_after
        self.fate = random.Random(seed)
        self.passed = self.lost = self.delayed = self.repeated = self.changed = self.rebound = 0
        self.front = self._socket()
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.clients, self.owners = {}, {}  # address -> [its socket at the server's side, datagrams since]; that socket -> address
        self.waiting, self.count = [], 0
        self.closing, self.wake = socket.socketpair()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wake.close()
        self.thread.join()
        for one in (self.front, self.closing, *self.owners):
            one.close()

    @staticmethod
    def _socket():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        made.setblocking(False)
        return made

    def _back(self, client):
        """Where this client's datagrams leave to the server."""
        entry = self.clients.get(client)
        if entry is not None and self.rebind_after is not None and entry[1] >= self.rebind_after:
            del self.owners[entry[0]]
            entry[0].close()  # what still comes there is refused, as a NAT does that forgot
            self.rebound += 1
            entry = None
        if entry is None:
            made = self._socket()
            made.connect(self.to)
            self.owners[made] = client
            entry = self.clients[client] = [made, 0]
        entry[1] += 1
        return entry[0]

    def _deliver(self, client, inwards, data):
        try:
            if inwards:
                self._back(client).send(data)
            else:
                self.front.sendto(data, client)
            self.passed += 1
        except OSError:  # nobody there, or no room: lost
            self.lost += 1

    def _launch(self, client, inwards, data):
        if len(data) > self.mtu or self.fate.random() < self.loss:
            self.lost += 1
            return
        if self.fate.random() < self.broken:
            at = self.fate.randrange(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << self.fate.randrange(8)]) + data[at + 1:]
            self.changed += 1
        copies = 1
        if self.fate.random() < self.twice:
            self.repeated += 1
            copies = 2
        for _ in range(copies):
            if self.fate.random() < self.late:
                self.delayed += 1
                self.count += 1
                heapq.heappush(self.waiting, (time.monotonic() + self.fate.uniform(0.001, 0.01), self.count, client, inwards, data))
            else:
                self._deliver(client, inwards, data)

    def _run(self):
        while True:
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, client, inwards, data = heapq.heappop(self.waiting)
                self._deliver(client, inwards, data)
            patience = max(0.0, self.waiting[0][0] - now) if self.waiting else None
            ready, _, _ = select.select([self.closing, self.front, *self.owners], [], [], patience)
            if self.closing in ready:
                return
            for one in ready:
                for _ in range(64):
                    if one is not self.front and one not in self.owners:
                        break  # closed since
                    try:
                        data, client = one.recvfrom(65535)
                    except OSError:
                        break
                    if one is self.front:
                        self._launch(client, True, data)
                    else:
                        client = self.owners[one]
                        self.clients[client][1] += 1
                        self._launch(client, False, data)
