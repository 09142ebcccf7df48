"""Headless Chromium, led over its debugging pipe (the DevTools protocol: messages of JSON, each ended by a zero byte)."""
import base64
import hashlib
import json
import os
import select
import shutil
import ssl
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium")


def public_key_hash(pem):
    """What Chromium knows a certificate's key by: the SHA-256 of its SubjectPublicKeyInfo. `pem`: the first one in this text counts."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index(begin):pem.index(end) + len(end)] + "\n")

    def element(at):  # X.690 §8.1: where its content begins, and where it ends
        size, at = der[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(der[at:at + count], "big"), at + count
        return at, at + size

    at, _ = element(0)  # Certificate
    at, _ = element(at)  # TBSCertificate (RFC 5280 §4.1): version, serial number, signature, issuer, validity, subject, key
    for _ in range(6):
        _, at = element(at)
    return base64.b64encode(hashlib.sha256(der[at:element(at)[1]]).digest()).decode()


class Chromium:
    """With a profile of its own. Use it in a `with`."""

    def __init__(self, *options, patience=120):
        self.profile = tempfile.TemporaryDirectory(prefix="parley-chromium-", ignore_cleanup_errors=True)
        self.patience = patience
        commands, self.commands = os.pipe()
        self.news, news = os.pipe()

        def lay_out():  # its pipe is 3 and 4; a copy first, since they may be each other
            a, b = os.dup(commands), os.dup(news)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.log = open(os.path.join(self.profile.name, "log"), "w+b")
        self.process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
             "--user-data-dir=" + self.profile.name, *options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=lay_out, close_fds=False,
            env={**os.environ, "HOME": self.profile.name})
        os.close(commands)
        os.close(news)
        self.received, self.count, self.session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Page.setBypassCSP", enabled=True)  # what tests evaluate may fetch

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)  # it ends with its pipe
        os.close(self.news)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.profile.cleanup()

    def message(self):
        until = time.monotonic() + self.patience
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.news], [], [], max(0, until - time.monotonic()))
            more = os.read(self.news, 1 << 20) if ready else b""
            if not more:
                self.log.seek(0)
                raise AssertionError("chromium %s; its log: %s" % ("ended" if ready else "says nothing",
                                                                   self.log.read()[-3000:].decode("utf-8", "replace")))
            self.received += more
        text, _, self.received = self.received.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.count += 1
        command = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        while True:
            got = self.message()
            if got.get("id") == self.count:
                if "error" in got:
                    raise AssertionError("%s: %s" % (method, got["error"]))
                return got["result"]

    def evaluate(self, expression):
        """The value of JavaScript in the page; a promise's when it is kept."""
        got = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            raise AssertionError("%s: %s" % (expression, got["exceptionDetails"]))
        return got["result"].get("value")

    def go(self, url):
        """Loads a page, whole."""
        got = self.call("Page.navigate", url=url)
        if "errorText" in got:
            raise AssertionError("%s: %s" % (url, got["errorText"]))
        until = time.monotonic() + self.patience
        while self.evaluate("location.href !== 'about:blank' && document.readyState") != "complete":
            if time.monotonic() > until:
                raise AssertionError("%s does not become complete" % url)
            time.sleep(0.02)

    def protocols(self):
        """By what the page and all that belongs to it came: h3, h2, http/1.1 (Resource Timing, nextHopProtocol), by path."""
        return self.evaluate("Object.fromEntries(['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
                             ".map(e => [new URL(e.name).pathname, e.nextHopProtocol]))")

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
