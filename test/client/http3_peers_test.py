# ctest: TIMEOUT 300
"""Our command over HTTP/3 against servers that others wrote: ngtcp2's (gtlsserver) and caddy."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import certificates  # noqa: E402
from relay import Relay  # noqa: E402

PARLEY = os.environ.get("PARLEY", "build/release/parley")
TIMEOUT = 120
FILES = {"small.txt": b"Hello, world\n", "empty.txt": b"", "large.bin": os.urandom(10 << 20)}

if certificates.OPENSSL is None:
    print("openssl is not installed, which makes the certificates")
    sys.exit(77)
if "--http3-only" not in subprocess.run([PARLEY, "get", "--help"], capture_output=True, text=True).stdout:
    print("this build has no HTTP/3")
    sys.exit(77)


def setUpModule():
    global authority, home, server_pem, site
    authority = certificates.Authority()
    server_pem = authority.issue("server", "DNS:localhost,IP:127.0.0.1")
    home = tempfile.TemporaryDirectory(prefix="parley-test-")  # no local authority
    site = tempfile.TemporaryDirectory(prefix="parley-test-")
    for name, content in FILES.items():
        with open(os.path.join(site.name, name), "wb") as file:
            file.write(content)


def tearDownModule():
    authority.close()
    home.cleanup()
    site.cleanup()


def parley(*words, content=None):
    done = subprocess.run([PARLEY, words[0], "--cacert", authority.pem, "--http3-only", *words[1:]], input=content or b"", capture_output=True,
                          timeout=TIMEOUT, env=dict(os.environ, XDG_DATA_HOME=home.name, LC_ALL="C.UTF-8"))
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def free_port():
    """One that neither TCP nor UDP has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            return free_port()
        return udp.getsockname()[1]


class Peer:
    """A server that takes a port by number; another port when that one is gone before it has it."""

    def __init__(self, words_for):
        for _ in range(5):
            self.port = free_port()
            self.log = tempfile.TemporaryFile()
            self.process = subprocess.Popen(words_for(self.port), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                            env=dict(os.environ, HOME=home.name, XDG_DATA_HOME=home.name, XDG_CONFIG_HOME=home.name))
            until = time.monotonic() + TIMEOUT
            while self.process.poll() is None and time.monotonic() < until:
                if parley("get", self.url("small.txt"))[0] == 0:
                    return
                time.sleep(0.05)
            said = self.said()
            self.stop()
        raise AssertionError("the server does not serve: " + said)

    def url(self, path):
        return "https://localhost:%d/%s" % (self.port, path)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.peer = Peer(cls.words)

    @classmethod
    def tearDownClass(cls):
        cls.peer.stop()
        cls.folder.cleanup()

    def get(self, *names, port=None, options=()):
        urls = ["https://localhost:%d/%s" % (port or self.peer.port, name) for name in names]
        code, out, err = parley("get", *options, *urls)
        self.assertEqual(code, 0, err + self.peer.said()[-2000:])
        self.assertTrue(out == b"".join(FILES[name] for name in names), (len(out), err))
        return err


class AllOfThem:
    """Runs against each of them."""
    loses = False

    def test_sessions_are_resumed_with_early_data(self):
        # Sessions are kept for the authorities that count by themselves: the local one, which is that of the test here.
        with tempfile.TemporaryDirectory(prefix="parley-test-") as data:
            folder = os.path.join(data, "parley", "ca")
            os.makedirs(folder, 0o700)
            shutil.copyfile(authority.pem, os.path.join(folder, "ca.pem"))
            os.chmod(os.path.join(folder, "ca.pem"), 0o600)
            env = dict(os.environ, XDG_DATA_HOME=data, LC_ALL="C.UTF-8")
            said = []
            for _ in range(4):
                done = subprocess.run([PARLEY, "get", "--http3-only", "--early-data", "--show", self.peer.url("small.txt")],
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, env=env)
                said.append(done.stderr.decode("utf-8", "replace"))
                self.assertEqual((done.returncode, done.stdout), (0, FILES["small.txt"]), said[-1])
        self.assertNotIn("resumed", said[0])
        if self.loses:
            return  # what early data, and a ticket within a second, then come to, is a matter of luck; that it is answered is not
        for each in said[1:]:
            self.assertIn(", resumed, early data accepted", each)

    def test_all_sizes(self):
        for name in FILES:
            self.get(name)

    def test_many_on_one_connection(self):
        said = self.get(*(["small.txt"] * 30 + ["large.bin"]), options=("--show",))
        self.assertEqual(len(re.findall("│   TLS 1.3, .*, h3", said)), 1, said)
        self.assertIn("request 31 on this connection", said)

    def test_head(self):
        code, out, err = parley("head", self.peer.url("large.bin"))
        self.assertEqual(code, 0, err)
        self.assertIn(b"HTTP/3 200", out)
        self.assertIn(b"content-length: %d" % len(FILES["large.bin"]), out.lower())

    def test_a_bad_network(self):
        with Relay(self.peer.port, loss=0.02, late=0.05, twice=0.05, broken=0.01) as relay:
            self.get("small.txt", "large.bin", port=relay.port)
            self.assertGreater(min(relay.lost, relay.delayed, relay.repeated, relay.changed), 0)

    def test_a_server_that_nobody_vouches_for(self):
        done = subprocess.run([PARLEY, "get", "--http3-only", self.peer.url("small.txt")], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=TIMEOUT, env=dict(os.environ, XDG_DATA_HOME=home.name))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"certificate", done.stderr)


@unittest.skipUnless(shutil.which("gtlsserver"), "gtlsserver (ngtcp2-server) is not installed")
class Ngtcp2(AllOfThem, Peers):
    more = ()

    @classmethod
    def words(cls, port):
        return ["gtlsserver", *cls.more, "-d", site.name, "127.0.0.1", str(port), server_pem, server_pem]

    def test_content(self):
        with open(os.path.join(site.name, "large.bin"), "rb") as content:
            code, out, err = parley("post", "-d", "@" + content.name, self.peer.url("small.txt"))
        self.assertEqual((code, out), (0, FILES["small.txt"]), err)


class Ngtcp2Retries(Ngtcp2):
    """It asks each client to prove its address (RFC 9000 §8.1.2)."""
    more = ("-V",)


class Ngtcp2WithLosses(Ngtcp2):
    """It loses packets of its own, both ways."""
    more = ("-q", "--tx-loss=0.03", "--rx-loss=0.03")
    loses = True


@unittest.skipUnless(shutil.which("caddy"), "caddy is not installed")
class Caddy(AllOfThem, Peers):
    @classmethod
    def words(cls, port):
        name = os.path.join(cls.folder.name, "Caddyfile")
        with open(name, "w") as file:
            file.write("""{
  admin off
  auto_https off
  skip_install_trust
  storage file_system %s
}
https://localhost:%d {
  bind 127.0.0.1
  tls %s %s
  root * %s
  respond /echo "{http.request.body}"
  file_server
}
""" % (os.path.join(cls.folder.name, "storage"), port, server_pem, server_pem, site.name))
        return ["caddy", "run", "--config", name, "--adapter", "caddyfile"]

    def test_content(self):
        text = b"0123456789abcdef" * 20_000
        with tempfile.NamedTemporaryFile(prefix="parley-test-") as content:
            content.write(text)
            content.flush()
            code, out, err = parley("post", "-d", "@" + content.name, self.peer.url("echo"))
        self.assertEqual(code, 0, err)
        self.assertTrue(out == text, len(out))


if __name__ == "__main__":
    unittest.main()
