#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""The client commands against peers that are not ours: raw sockets and Python's http.server."""
import http.server
import os
import re
import signal
import socket
import subprocess
import threading

from harness import PARLEY, TIMEOUT, Case, Peer, environment, main, parley, reply


class Requests(Case):
    """What is sent, byte by byte."""

    def sent(self, *words, stdin=b"", answer=reply(b"ok"), read_content=0):
        with Peer(answer, read_content=read_content) as peer:
            said = parley(*[w.replace("ADDR", peer.address) for w in words], stdin=stdin)
            self.assertEqual((said.code, said.err), (0, ""))
            self.said = said
            return peer.received[0].decode("latin-1").replace(peer.address, "ADDR")

    def test_get(self):
        head = self.sent("get", "ADDR/a?b=c#part")
        self.assertRegex(head, r"^GET /a\?b=c HTTP/1\.1\r\nHost: ADDR\r\n")
        self.assertIn("\r\nUser-Agent: parley/", head)
        self.assertIn("\r\nAccept: */*\r\n", head)
        self.assertNotIn("Content-Length", head)
        self.assertEqual(self.said.out, b"ok")

    def test_every_method(self):
        for method in ("get", "head", "post", "put", "patch", "delete", "options", "trace"):
            answer = reply(b"", "204 No Content") if method != "head" else b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
            head = self.sent(method, "ADDR/x", answer=answer)
            self.assertTrue(head.startswith(method.upper() + " /x HTTP/1.1\r\n"), head)
            self.assertEqual("Content-Length: 0" in head, method in ("post", "put", "patch"), head)

    def test_request(self):
        self.assertTrue(self.sent("request", "PURGE", "ADDR/x").startswith("PURGE /x HTTP/1.1\r\n"))
        self.assertTrue(self.sent("request", "ADDR/x").startswith("GET /x HTTP/1.1\r\n"))
        self.assertTrue(self.sent("request", "ADDR/x", "--json", "1", read_content=1).startswith("POST /x HTTP/1.1\r\n"))

    def test_options_of_the_whole_server(self):
        self.assertTrue(self.sent("options", "ADDR").startswith("OPTIONS * HTTP/1.1\r\n"))

    def test_versions(self):
        self.assertTrue(self.sent("get", "--http1.0", "ADDR/").startswith("GET / HTTP/1.0\r\n"))
        self.assertEqual(self.sent("get", "--http0.9", "ADDR/simple", answer=b"just content"), "GET /simple\r\n")
        self.assertEqual(self.said.out, b"just content")

    def test_fields(self):
        lines = ["User-Agent:", "Accept: text/html", "X-One: 1", "X-One: 2", "Host: www.example.re"]
        head = self.sent("get", "ADDR/", *[word for line in lines for word in ("-H", line)])
        self.assertNotIn("User-Agent", head)
        self.assertIn("\r\nAccept: text/html\r\n", head)
        self.assertNotIn("*/*", head)
        self.assertIn("\r\nX-One: 1\r\nX-One: 2\r\n", head)
        self.assertIn("\r\nHost: www.example.re\r\n", head)
        self.assertEqual(head.count("Host:"), 1)

    def test_content(self):
        sent = self.sent("post", "ADDR/", "-d", "a=1", "-d", "b=2", read_content=7)
        self.assertIn("\r\nContent-Type: application/x-www-form-urlencoded\r\n", sent)
        self.assertIn("\r\nContent-Length: 7\r\n", sent)
        self.assertTrue(sent.endswith("\r\n\r\na=1&b=2"))
        for json in ("{}", "[1,2]", '{"CustID": 100, "Name": "David Smith"}'):
            sent = self.sent("put", "ADDR/", "--json", json, read_content=len(json))
            self.assertIn("\r\nContent-Type: application/json\r\n", sent)
            self.assertIn("\r\nAccept: application/json\r\n", sent)
            self.assertTrue(sent.endswith("\r\n\r\n" + json))

    def test_files_and_pipes(self):
        large = os.urandom(300_000)
        path = self.write("large", large)
        with Peer(reply(b"ok"), read_content=len(large)) as peer:
            self.assertEqual(parley("post", peer.url(), "-d", "@" + path).code, 0)
            head, _, content = peer.received[0].partition(b"\r\n\r\n")
            self.assertIn(b"\r\nContent-Length: 300000", head)
            self.assertEqual(content, large)

        def read_chunked(connection):
            data = peer.received[0]
            while not data.endswith(b"0\r\n\r\n"):
                data += connection.recv(65536)
            self.chunked = data
            connection.sendall(reply(b"ok"))

        with Peer(read_chunked) as peer:
            self.assertEqual(parley("post", peer.url(), "-d", "@-", stdin=b"from a pipe").code, 0)
            self.assertIn(b"\r\nTransfer-Encoding: chunked\r\n", self.chunked)
            self.assertIn(b"from a pipe", self.chunked)

    def test_expect(self):
        def wait_for_content(connection):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.content = connection.recv(100)
            connection.sendall(reply(b"thanks"))

        with Peer(wait_for_content) as peer:
            said = parley("put", peer.url(), "-d", "x", "--expect", "-v")
            self.assertEqual((said.code, said.out), (0, b"thanks"))
            self.assertIn(b"\r\nExpect: 100-continue\r\n", peer.received[0])
            self.assertEqual(self.content, b"x")
            self.assertIn("< HTTP/1.1 100 Continue\n<\n", said.err)

    def test_a_port_for_https_that_was_taken_for_http(self):
        with Peer(b"", b"\x15\x03\x01\x00\x02\x02\x0a", b"") as peer:  # it closes, or sends an alert of TLS
            for _ in range(2):
                said = parley("get", peer.address)
                self.assertEqual((said.code, said.out), (1, b""))
                self.assertTrue(said.err.endswith(f"; if the port is for https, write https://{peer.address}\n"), said.err)
            said = parley("get", peer.url())
            self.assertEqual((said.code, said.err), (1, f"parley: 127.0.0.1 port {peer.port} closed the connection before it answered\n"))

    def test_ipv6(self):
        with Peer(reply(b"six"), family=socket.AF_INET6) as peer:
            said = parley("get", peer.address + "/")
            self.assertEqual((said.code, said.out), (0, b"six"))
            self.assertIn(f"\r\nHost: {peer.address}\r\n".encode(), peer.received[0])


class Responses(Case):
    """What is made of the answer."""

    def test_include_and_verbose(self):
        answer = reply(b"hello\n", "200 Fine", "X-Order: 1")
        with Peer(answer, answer) as peer:
            said = parley("get", peer.url(), "-i")
            self.assertEqual(said.out, answer)
            said = parley("get", peer.url(), "-v")
            self.assertEqual(said.out, b"hello\n")
            lines = said.err.splitlines()
            self.assertEqual(lines[0], "> GET / HTTP/1.1")
            self.assertEqual(lines[lines.index("<") - 3:], ["< HTTP/1.1 200 Fine", "< X-Order: 1", "< Content-Length: 6", "<"])

    def test_heads_of_peers_are_harmless(self):
        with Peer(reply(b"", "200 \x1b[2JOK", "X-Evil: a\tb\x85\x9b31m")) as peer:
            said = parley("get", peer.url(), "-v", "--show")
            self.assertNotIn("\x1b", said.err)
            self.assertNotIn("\x9b", said.err)

    def test_an_error_status_is_an_answer(self):
        missing = reply(b"not here", "404 Not Found")
        with Peer(missing, missing, missing) as peer:
            said = parley("get", peer.url())
            self.assertEqual((said.code, said.out, said.err), (0, b"not here", ""))
            said = parley("get", peer.url("/x"), "--fail")
            self.assertEqual((said.code, said.out), (22, b""))
            self.assertEqual(said.err, f"parley: {peer.url('/x')}: the answer is 404 Not Found\n")
            said = parley("get", peer.url(), "--fail", "-o", self.path("file"))
            self.assertEqual((said.code, os.listdir(self.folder)), (22, []))

    def test_output_appears_once_it_is_whole(self):
        with Peer(reply(b"new"), b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") as peer:
            self.assertEqual(parley("get", peer.url(), "-o", self.path("page")).code, 0)
            self.assertEqual(self.read("page"), b"new")
            said = parley("get", peer.url(), "-o", self.path("page"))
            self.assertEqual(said.code, 1)
            self.assertEqual(said.err.count("\n"), 1)
            self.assertEqual((self.read("page"), os.listdir(self.folder)), (b"new", ["page"]))

    def test_a_signal_takes_the_half_of_a_file_away(self):
        begun = threading.Event()

        def half(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            begun.set()
            connection.recv(1)

        with Peer(half) as peer:
            words = [PARLEY, "get", peer.url(), "-o", self.path("page"), "-v"]
            process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE)
            for line in process.stderr:
                if line == b"<\n":
                    break
            self.assertTrue(begun.wait(TIMEOUT))
            self.assertEqual(len(os.listdir(self.folder)), 1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, -signal.SIGINT)
            self.assertEqual(os.listdir(self.folder), [])

    def test_a_reader_that_has_enough(self):
        with Peer(reply(b"line\n" * 1_000_000)) as peer:
            shell = f"'{PARLEY}' get {peer.url()} | head -n 1; exit ${{PIPESTATUS[0]}}"
            done = subprocess.run(["bash", "-c", shell], capture_output=True, timeout=TIMEOUT, env=environment())
            self.assertEqual((done.stdout, done.stderr, done.returncode), (b"line\n", b"", 128 + signal.SIGPIPE))

    def test_several_urls(self):
        def twice(connection):
            connection.sendall(reply(b"one\n"))
            second = connection.recv(65536)
            self.assertTrue(second.startswith(b"GET /2 "), second)
            connection.sendall(reply(b"two\n"))

        with Peer(twice) as peer:
            said = parley("get", peer.url("/1"), peer.url("/2"), "--show")
            self.assertEqual((said.code, said.out), (0, b"one\ntwo\n"))
            self.assertIn(f"1 Connect     {peer.address}, kept alive: request 2 on this connection\n", said.err)


class Failures(Case):
    """One sentence that names what failed, and the exit status."""

    def fails(self, code, pattern, *words, **how):
        said = parley(*words, **how)
        self.assertEqual(said.code, code, said.err)
        self.assertRegex(said.err, r"\Aparley: " + pattern + r"\n\Z")
        self.assertEqual(said.out, b"")

    def free_port(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            return unused.getsockname()[1]

    def test_no_response(self):
        port = self.free_port()
        self.fails(1, f".*127\\.0\\.0\\.1.*{port}.*refused.*", "get", f"127.0.0.1:{port}")
        self.fails(1, r".*no-such-host\.invalid.*", "get", "http://no-such-host.invalid/")
        with Peer(b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nBad Line\r\n\r\n") as peer:
            self.fails(1, ".*" + re.escape(peer.address.split(":")[0]) + ".*", "get", peer.url())
            self.fails(1, ".*", "get", peer.url())
            self.fails(1, ".*", "get", peer.url())

    def test_time(self):
        with Peer(b"", keep_open=True) as peer:
            self.fails(1, re.escape(peer.url()) + r": not done within 300\.00 ms \(--timeout\); it was waiting for the response",
                       "get", peer.url(), "--timeout", "0.3")
        with Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234", keep_open=True) as peer:
            said = parley("get", peer.url(), "--timeout", "0.3")
            self.assertEqual(said.code, 1)
            self.assertIn("it was receiving the response, 4 bytes of content so far", said.err)

    def test_refusals(self):
        rows = [
            (2, "there is no command gte; did you mean get\\?", ["gte", "localhost"]),
            (2, "get: there is no option --tmeout; did you mean --timeout\\?.*", ["get", "--tmeout", "1", "localhost"]),
            (2, "ftp://localhost: the scheme is ftp, but parley speaks http and https", ["get", "ftp://localhost"]),
            (3, "cannot read the authorities' certificates /no/such: No such file or directory",
             ["get", "localhost", "--cacert", "/no/such"]),
            (2, "(?:HTTP/3 is spoken over https only: write https://localhost, or leave --http3-only out"
                "|this build of parley has no HTTP/3 .*)", ["get", "localhost", "--http3-only"]),
            (2, "--push needs HTTP/2 or HTTP/3, which know pushed responses", ["get", "localhost", "--push", "--http1.1"]),
            (2, "\"localhost/a b\" is no URL: .* \\(character 12\\)", ["get", "localhost/a b"]),
            (2, "-o takes the content of one URL; give one", ["get", "localhost/1", "localhost/2", "-o", "x"]),
            (3, "cannot read /no/such: No such file or directory", ["post", "localhost", "-d", "@/no/such"]),
            (3, "cannot write /no/such/file: No such file or directory", ["get", "localhost", "-o", "/no/such/file"]),
        ]
        for code, pattern, words in rows:
            self.fails(code, pattern, *words)


class Show(Case):
    """--show."""

    def test_the_three_steps(self):
        answer = reply(b"0123456789", "200 OK", "Set-Cookie: id=s3cret")
        with Peer(answer) as peer:
            said = parley("get", peer.url("/a"), "--show", "-H", "Authorization: Basic s3cret")
        self.assertEqual(said.out, b"0123456789")
        shape = re.sub(r"[━╸╺]+", "━", re.sub(r"\d+\.\d\d ms", "N ms", said.err))
        shape = re.sub(r" +", " ", shape).replace(str(peer.port), "PORT")
        self.assertEqual(shape, """
GET http://127.0.0.1:PORT/a took at

1 Connect 127.0.0.1:PORT
│ TCP ━ N ms N ms
│
2 Request 117 B head
│ sent ━ N ms N ms
│ GET /a HTTP/1.1
│ Host: 127.0.0.1:PORT
│ User-Agent: parley/0.1.0
│ Accept: */*
│ Authorization: [hidden]
│
3 Response 200 OK, 61 B head + 10 B content
│ first byte ━ N ms N ms
│ last byte ━ N ms N ms
│ HTTP/1.1 200 OK
│ Set-Cookie: [hidden]
│ Content-Length: 10
│
╰ N ms in all
""".replace("117 B", f"{len(peer.received[0])} B").replace("61 B", f"{len(answer) - 10} B"))
        for line in said.err.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_secrets_and_ascii(self):
        with Peer(reply(b"", "200 OK", "Set-Cookie: id=s3cret")) as peer:
            said = parley("get", peer.url(), "--show", "--show-secrets", "-o", "/dev/null", env=environment(LANG="C"))
        self.assertIn("|   Set-Cookie: id=s3cret\n", said.err)
        self.assertTrue(said.err.isascii())

    def test_without_content(self):
        with Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", reply(b"", "204 No Content")) as peer:
            self.assertIn("3 Response    200 OK", parley("head", peer.url(), "--show").err)
            self.assertIn("3 Response    204 No Content", parley("delete", peer.url(), "--show").err)

    def test_a_connect_that_fails(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % unused.getsockname()[1]
        said = parley("get", address, "--show")
        self.assertEqual(said.code, 1)
        self.assertIn("2 Request     not sent\n", said.err)
        self.assertIn(f"✗ {address}: ", said.err)


class PythonServer(Case):
    """Python's http.server speaks HTTP/1.0 and closes."""

    def test_files(self):
        content = os.urandom(1_000_000)
        self.write("site/big.bin", content)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler(self.path("site"))) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://localhost:{server.server_port}/big.bin"
            for words in ([], ["--http1.0"]):
                said = parley("get", url, "-o", self.path("got"), *words)
                self.assertEqual((said.code, said.err), (0, ""))
                self.assertEqual(self.read("got"), content)
            said = parley("get", url + "x", "--fail")
            self.assertEqual(said.code, 22)
            server.shutdown()


def QuietHandler(folder):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def log_message(self, *arguments):
            pass

    return Handler


if __name__ == "__main__":
    main()
