# ctest: TIMEOUT 300
"""The demo's pages by curl, without a browser or scripts: cookies, forms, ranges, events."""
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from session import Server  # noqa: E402

CURL = shutil.which("curl")


class Answer:
    def __init__(self, text):
        head, _, self.content = text.partition(b"\r\n\r\n")
        while head.startswith((b"HTTP/1.1 100", b"HTTP/2 103", b"HTTP/1.1 103")):  # interim ones
            head, _, self.content = self.content.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields.setdefault(name.lower(), []).append(value.strip())
        self.page = self.content.decode("utf-8", "replace")

    def field(self, name):
        return ", ".join(self.fields.get(name, []))

    def hidden(self):
        return {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.page)}


class Visitor:
    """Curl with cookies of its own."""
    count = 0

    def __init__(self, server, folder, *options):
        self.base = "https://localhost:%d" % server.https_port
        Visitor.count += 1
        self.jar = os.path.join(folder, "jar-%d" % Visitor.count)
        self.options = ["--silent", "--show-error", "--include", "--max-time", "120", "--cacert", server.authority, "--resolve",
                        "localhost:%d:127.0.0.1" % server.https_port, "--cookie", self.jar, "--cookie-jar", self.jar, *options]

    def ask(self, path, *words):
        done = subprocess.run([CURL, *self.options, *words, self.base + path], capture_output=True, timeout=150)
        if done.returncode != 0:
            raise AssertionError("curl %s %s: %d %s" % (path, words, done.returncode, done.stderr.decode()))
        return Answer(done.stdout)

    def post(self, path, **fields):
        return self.ask(path, "--data", "", *[word for name, value in fields.items() for word in ("--data-urlencode", "%s=%s" % (name, value))])

    def cookies(self):
        with open(self.jar) as jar:
            lines = [line.removeprefix("#HttpOnly_").rstrip("\n").split("\t") for line in jar]
        return {line[5]: line[6] for line in lines if len(line) == 7}


@unittest.skipUnless(CURL, "curl is not installed")
class ByCurl(unittest.TestCase):
    version = "--http1.1"

    @classmethod
    def setUpClass(cls):
        cls.server = Server(secure=True)
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-test-")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server.messages

    def visitor(self):
        return Visitor(self.server, self.folder.name, self.version)

    def test_the_counter(self):
        ada = self.visitor()
        for visit in range(1, 4):
            self.assertEqual(ada.ask("/visits").status, 200)
            self.assertEqual(ada.cookies()["visits"], str(visit))
        token = ada.ask("/visits").hidden()
        self.assertEqual(ada.post("/visits/forget", **token).status, 303)
        self.assertNotIn("visits", ada.cookies())

    def log_in(self, who, name):
        token = who.ask("/login").hidden()
        answer = who.post("/login", name=name, password="parley", **token)
        self.assertEqual((answer.status, answer.field("location")), (303, "/account"), answer.page)

    def test_login_and_logout_everywhere(self):
        here, there, other = self.visitor(), self.visitor(), self.visitor()
        self.log_in(here, "Ada")
        self.log_in(there, "Ada")
        self.log_in(other, "Eve")
        account = here.ask("/account")
        self.assertIn("Hello, Ada", account.page)
        stolen = here.cookies()["__Host-session"]
        self.assertEqual(here.post("/logout/everywhere", **account.hidden()).status, 303)
        for who, status in ((here, 303), (there, 303), (other, 200)):
            self.assertEqual(who.ask("/account").status, status)
        self.assertEqual(here.ask("/account", "--cookie", "__Host-session=" + stolen).status, 303)

    def test_an_order(self):
        ada = self.visitor()
        token = ada.ask("/order").hidden()
        second = ada.post("/order", book="http2", cover="leather", copies="9", **token)
        self.assertEqual(second.status, 200)
        hidden = second.hidden()
        for name in ("choices", "csrf_token"):
            wrong = {**hidden, name: hidden[name][:-1] + ("A" if hidden[name][-1] != "A" else "B")}
            self.assertIn(ada.post("/order/delivery", name="Ada", address="1 Hill Road", **wrong).status, (400, 403), name)
        self.assertEqual(ada.post("/order/delivery", name="Ada", address="1 Hill Road", **hidden).status, 303)
        self.assertIn("9 copies of HTTP/2, bound in leather.", ada.ask("/order/done").page)

    def test_forged_requests(self):
        ada = self.visitor()
        token = ada.ask("/visits").hidden()
        self.assertEqual(ada.post("/visits/forget").status, 403)
        for word in ("Origin: https://evil.example", "Sec-Fetch-Site: cross-site"):
            self.assertEqual(ada.ask("/visits/forget", "-H", word, "--data-urlencode", "csrf_token=" + token["csrf_token"]).status, 403, word)
        eve = self.visitor()
        eve.ask("/visits")
        self.assertEqual(eve.post("/visits/forget", **token).status, 403)
        self.assertIn("visits", ada.cookies())

    def send(self, who, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content)
        token = who.ask("/files").hidden()["csrf_token"]
        return who.ask("/files", "-F", "csrf_token=" + token, "-F", 'file=@"%s"' % path)

    def test_files_in_ranges(self):
        ada = self.visitor()
        content = os.urandom(700_000)
        self.assertEqual(self.send(ada, "data.bin", content).status, 303)
        whole = ada.ask("/files/data.bin")
        self.assertEqual((whole.status, whole.content == content, whole.field("content-disposition")), (200, True, "attachment"))
        part = ada.ask("/files/data.bin", "-r", "100-199")
        self.assertEqual((part.status, part.content, part.field("content-range")), (206, content[100:200], "bytes 100-199/700000"))
        self.assertEqual(ada.ask("/files/data.bin", "-r", "-5").content, content[-5:])
        self.assertEqual(ada.ask("/files/data.bin", "-r", "700000-").status, 416)
        parts = ada.ask("/files/data.bin", "-r", "0-9,699990-")
        self.assertTrue(parts.field("content-type").startswith("multipart/byteranges"), parts.fields)
        self.assertIn(content[:10], parts.content)
        self.assertIn(content[-10:], parts.content)
        until = time.monotonic() + 60  # what was written a moment ago has another tag each time
        while (tag := ada.ask("/files/data.bin", "-I").field("etag")) != ada.ask("/files/data.bin", "-I").field("etag"):
            self.assertLess(time.monotonic(), until)
        self.assertEqual(ada.ask("/files/data.bin", "-r", "0-9", "-H", "If-Range: " + tag).status, 206)
        self.assertEqual(ada.ask("/files/data.bin", "-r", "0-9", "-H", 'If-Range: "other"').status, 200)
        self.assertEqual(ada.ask("/files/data.bin", "-H", "If-None-Match: " + tag).status, 304)
        broken = os.path.join(self.folder.name, "broken-%d" % id(ada))
        with open(broken, "wb") as file:
            file.write(content[:300_000])
        subprocess.run([CURL, *[w for w in ada.options if w != "--include"], "-C", "-", "-o", broken, ada.base + "/files/data.bin"],
                       check=True, timeout=150)
        with open(broken, "rb") as file:
            self.assertTrue(file.read() == content)

    def test_a_file_that_is_too_large(self):
        ada = self.visitor()
        path = os.path.join(self.folder.name, "large.bin")
        with open(path, "wb") as file:
            file.truncate((64 << 20) + 1)
        token = ada.ask("/files").hidden()["csrf_token"]
        self.assertEqual(ada.ask("/files", "-F", "csrf_token=" + token, "-F", "file=@" + path).status, 413)
        self.assertNotIn("large.bin", ada.ask("/files").page)

    def test_events(self):
        ada = self.visitor()
        address = ada.base + "/live/events"
        with subprocess.Popen([CURL, "-N", *ada.options, address], stdout=subprocess.PIPE) as stream:
            text = b""
            while text.count(b"\n\n") < 2:
                more = stream.stdout.read1(65536)
                self.assertTrue(more, text)
                text += more.replace(b"\r\n", b"\n")
            stream.terminate()
        head, _, events = text.partition(b"\n\n")
        self.assertIn(b"content-type: text/event-stream", head.lower())
        self.assertRegex(events, rb'\Aid: ?\d+\ndata: ?\{.*"rate":|\Adata: ?\{.*"rate":.*\}\nid: ?\d+\n')


class ByCurlOverHttp2(ByCurl):
    version = "--http2"


if __name__ == "__main__":
    unittest.main()
