#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""parley serve and parley demo: start, refusals, signals, and the file server, by curl-free raw means."""
import email.utils
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import Authority
from harness import TIMEOUT, Case, Server, environment, main, parley

LOCAL_LINE = "parley: https by the local authority; parley ca --data %s tells how to trust it"


class Start(Case):
    def test_what_standard_error_says(self):
        with Server("serve", self.folder, "--http", "127.0.0.1:0") as server:
            self.assertEqual(server.said, [f"listening http {server.address}", "ready"], "no https, since http alone was asked for")
            self.assertRegex(server.address, r"\A127\.0\.0\.1:[1-9]\d*\Z")
            self.assertEqual(server.end(), (0, ""))
        data = self.path("data")
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data", data) as server:
            self.assertEqual(server.said, [LOCAL_LINE % data, f"listening http {server.address}", server.secure_line, "ready"])
            self.assertRegex(server.secure_line, r"\Alistening https 127\.0\.0\.1:\d+(, and HTTP/3 on UDP)?\Z")
            self.assertRegex(server.secure, r"\A127\.0\.0\.1:[1-9]\d*\Z")
            self.assertEqual(server.end(), (0, ""))
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--https", "off") as server:
            self.assertEqual(server.said, [f"listening http {server.address}", "ready"])

    def test_without_an_address_it_is_on_both_of_localhost(self):
        """In a network of its own, since these ports are whoever's."""
        network = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
        try:
            probe = subprocess.run([*network, "ip", "-6", "address", "show", "dev", "lo"], capture_output=True, text=True, timeout=TIMEOUT)
        except OSError:
            self.skipTest("unshare is not installed")
        if probe.returncode != 0:
            self.skipTest("no network of its own here: " + probe.stderr)
        hosts = ["127.0.0.1"] + (["[::1]"] if "::1/128" in probe.stdout else [])
        with Server("serve", self.folder, "--data", self.path("data"), wrapper=network) as server:
            said = [line.split(",")[0] for line in server.said if line.startswith("listening")]
            self.assertEqual(said, [f"listening http {h}:8080" for h in hosts] + [f"listening https {h}:8443" for h in hosts])
            self.assertEqual(server.end(), (0, ""))

    def test_the_demo(self):
        data = self.path("made/for/it")
        with Server("demo", "--http", "127.0.0.1:0", "--data", data) as server:
            said = parley("get", server.url("/"))
            self.assertIn(b"<title>Test Page</title>", said.out)
            said = parley("put", server.url("/customers/requests"), "-H", "Host: www.example.re", "-i",
                          "--json", '{"CustID": 100, "Name": "David Smith", "Address": "123 Bank Street"}')
            self.assertTrue(said.out.startswith(b"HTTP/1.1 201 Created\r\n"), said.out)
            self.assertEqual(server.end(), (0, ""))
        self.assertEqual(os.stat(data).st_mode & 0o777, 0o700)
        with Server("demo", "--http", "127.0.0.1:0", "--data", data) as server:
            self.assertIn(b"David Smith", parley("get", server.url("/customers/100")).out)

    def test_default_data_folder(self):
        with Server("demo", "--http", "127.0.0.1:0", env=environment(XDG_DATA_HOME=self.folder)) as server:
            self.assertIsNotNone(server.address, server.said)
            self.assertEqual(os.listdir(self.folder), ["parley"])

    def test_ipv6_and_threads(self):
        with Server("serve", self.folder, "--http", "[::1]:0", "--threads", "3") as server:
            self.assertRegex(server.address, r"\A\[::1\]:\d+\Z")
            self.assertEqual(parley("get", server.url(), "--fail").code, 22)
            with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
                self.assertGreaterEqual(int(re.search(r"Threads:\s+(\d+)", status.read()).group(1)), 3)
            self.assertEqual(server.end(), (0, ""))

    def test_configuration(self):
        self.write("site/index.html", b"configured")
        log = self.path("access.log")
        config = self.write("conf/parley.toml", b'http = "127.0.0.1:0"\nhttps = "off"\naccess-log = "../access.log"\nthreads = 1\n')
        with Server("serve", self.path("site"), "--config", config) as server:
            self.assertEqual(len(server.said), 2)
            self.assertEqual(parley("get", server.url("/?q")).out, b"configured")
            self.assertEqual(server.end(), (0, ""))
        with open(log, encoding="utf-8") as file:
            self.assertRegex(file.read(), r'\A127\.0\.0\.1 .*"GET /\?q HTTP/1\.1" 200 10\b.*\n\Z')

    def test_a_listing_by_the_configuration(self):
        self.write("site/some file.txt", b"x")
        config = self.write("parley.toml", b'http = "127.0.0.1:0"\nlist = true\n')
        with Server("serve", self.path("site"), "--config", config) as server:
            self.assertIn(b"some file.txt", parley("get", server.url()).out)
            self.assertEqual(server.end(), (0, ""))

    def test_access_log_on_standard_output(self):
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--access-log", "-") as server:
            self.assertEqual(parley("get", server.url("/%1bx")).code, 0)
            self.assertEqual(server.end(), (0, ""))
            self.assertIn(b'"GET /%1bx HTTP/1.1" 404', server.out)

    def test_show(self):
        self.write("index.html", b"0123456789")
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--show") as server:
            parley("get", server.url(), server.url("/missing"))
            code, err = server.end()
        self.assertEqual(code, 0)
        lines = err.splitlines()
        self.assertEqual(len(lines), 6, err)
        self.assertRegex(lines[0], r"\A╭ 1 connect   from 127\.0\.0\.1:\d+, new connection \d+\Z")
        self.assertRegex(lines[1], r"\A├ 2 request   GET / HTTP/1\.1 +\d+ B")
        self.assertRegex(lines[2], r"\A╰ 3 response  HTTP/1\.1 200 OK +\d+ B +\d+\.\d\d ms\Z")
        self.assertRegex(lines[3], r"kept alive: request 2 of connection \d+\Z")
        self.assertRegex(lines[5], r"HTTP/1\.1 404 Not Found")
        times = [float(lines[n].split()[-2]) for n in (2, 5)]
        self.assertGreater(sum(times), 0, "a response takes time, though all of it is one turn of the loop")

    def test_show_over_http2(self):
        self.write("index.html", b"0123456789")
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--frames") as server:
            said = parley("get", "--http2-prior-knowledge", "--frames", server.url(), server.url("/missing"))
            self.assertEqual(said.code, 0, said.err)
            code, err = server.end()
        self.assertEqual(code, 0)
        exchanges = [line for line in err.splitlines() if line[:1] in "╭├╰"]
        self.assertEqual(len(exchanges), 6, err)
        self.assertRegex(exchanges[0], r"\A╭ 1 connect   from 127\.0\.0\.1:\d+, new connection \d+, stream 1\Z")
        self.assertRegex(exchanges[1], r"\A├ 2 request   GET / HTTP/2 +\d+ B")
        self.assertRegex(exchanges[2], r"\A╰ 3 response  HTTP/2 200 OK +\d+ B +\d+\.\d\d ms\Z")
        self.assertRegex(exchanges[3], r"kept alive: stream 3 of connection \d+\Z")
        self.assertRegex(exchanges[4], r"\A├ 2 request   GET /missing HTTP/2 ")
        self.assertRegex(exchanges[5], r"HTTP/2 404 Not Found")
        # Each end lists the frames of both directions, and what one sends the other receives.
        def frames(text, arrow):
            return re.findall(rf"{arrow} (HEADERS|DATA|SETTINGS|GOAWAY)\b +(\d+|-) ", text)
        for ours, theirs in (("→", "←"), ("←", "→")):
            sent = [f for f in frames(said.err, ours) if f[0] != "GOAWAY"]
            self.assertIn(("HEADERS", "1"), sent, said.err)
            self.assertIn(("HEADERS", "3"), sent, said.err)
            self.assertIn(("SETTINGS", "-"), sent, said.err)
            self.assertEqual([f for f in frames(err, theirs) if f[0] in ("HEADERS", "DATA")],
                             [f for f in sent if f[0] in ("HEADERS", "DATA")], err + said.err)


class Https(Case):
    """--https and what belongs to it."""

    def setUp(self):
        super().setUp()
        self.data = self.path("data")
        self.write("site/index.html", b"secured")

    def serve(self, *words):
        return Server("serve", self.path("site"), "--https", "127.0.0.1:0", "--data", self.data, *words)

    def authority(self):
        return os.path.join(self.data, "ca", "ca.pem")

    def test_the_local_authority(self):
        with self.serve() as server:
            url = f"https://{server.secure}/"
            self.assertEqual(parley("get", url).code, 1, "this authority is not in the user's own data folder")
            said = parley("get", "--cacert", self.authority(), url)
            self.assertEqual((said.code, said.out), (0, b"secured"), said.err)
            said = parley("get", url, env=environment(XDG_DATA_HOME=self.folder))
            self.assertEqual(said.code, 1)
            self.assertEqual(server.end(), (0, ""))
        os.rename(self.data, self.path("parley"))
        with Server("serve", self.path("site"), "--https", "127.0.0.1:0", env=environment(XDG_DATA_HOME=self.folder)) as server:
            said = parley("get", f"https://localhost:{server.secure.split(':')[1]}/", env=environment(XDG_DATA_HOME=self.folder))
            self.assertEqual((said.code, said.out, said.err), (0, b"secured", ""), "trusted by itself")

    def test_a_session_goes_on(self):
        with self.serve() as server:
            url = f"https://{server.secure}/"
            said = parley("get", "--http1.0", "--show", "--cacert", self.authority(), url, url)
            shown = re.findall(r"│   (TLS 1\.3, .*)", said.err)
            self.assertEqual([line.endswith(", resumed") for line in shown], [False, True], said.err)

    def test_plain_http_on_its_port(self):
        with self.serve() as server:
            said = parley("get", "-i", f"http://{server.secure}/")
            self.assertTrue(said.out.startswith(b"HTTP/1.1 400 "), said.out)
            right = f"https://{server.secure}/a?b=%22&c"
            said = parley("get", f"http://{server.secure}/a?b=%22&c")
            shown = right.replace("&", "&amp;").encode()
            self.assertIn(b'<a href="' + shown + b'">' + shown + b"</a>", said.out)
            self.assertEqual((said.code, said.err), (0, ""), "an answer is an answer")
            said = parley("get", "-H", "Accept: application/json", f"http://{server.secure}/a?b=%22&c")
            self.assertTrue(json.loads(said.out)["detail"].endswith(f"use {right}"), said.out)
            said = parley("get", f"{server.secure}/a")
            self.assertEqual((said.code, said.err), (0, "parley: note: this was asked by http, since the URL names no scheme; if the port is "
                                                        f"for https, write https://{server.secure}\n"))

    def test_certificates_by_name(self):
        authority = Authority()
        self.addCleanup(authority.close)
        one = authority.issue("one", "DNS:localhost")
        two = authority.issue("two", "DNS:two.localhost,IP:127.0.0.1")
        words = ["--cert", one, "--cert", two, "--key", authority.path("one.key"), "--key", authority.path("two.key")]
        with self.serve(*words) as server:
            self.assertEqual(server.said, [server.secure_line, "ready"])
            port = server.secure.split(":")[1]
            for host, code in (("localhost", 0), ("two.localhost", 0), ("three.localhost", 1)):
                said = parley("get", "--cacert", authority.pem, f"https://{host}:{port}/")
                self.assertEqual(said.code, code, said.err)
        self.assertFalse(os.path.exists(self.data), "no local authority is made where none is needed")
        both = self.path("both.pem")
        shutil.copy(one, both)
        with self.serve("--cert", both) as server:
            url = f"https://localhost:{server.secure.split(':')[1]}/"
            self.assertEqual(parley("get", "--cacert", authority.pem, url).code, 0)
            shutil.copy(authority.issue("new", "DNS:new.example"), both)
            server.process.send_signal(signal.SIGHUP)
            for line in server.process.stderr:
                if b"reloaded" in line:
                    break
            said = parley("get", "--cacert", authority.pem, url)
            self.assertEqual(said.code, 1)  # the message comes when all is done
            self.assertIn("is for new.example", said.err)
            with open(both, "w", encoding="utf-8") as file:
                file.write("nothing")
            server.process.send_signal(signal.SIGHUP)
            told = [server.process.stderr.readline().decode() for _ in range(2)]
            self.assertRegex(told[0], r"the certificates stay as they were: the certificate .*both\.pem is no PEM text")
            self.assertTrue(told[1].endswith("reloaded, but for the certificates\n"), told)

    def test_clients_with_certificates(self):
        authority = Authority()
        self.addCleanup(authority.close)
        ada = authority.issue("ada", "DNS:ada.example", use="clientAuth")
        with self.serve("--client-ca", authority.pem) as server:
            url = f"https://{server.secure}/"
            said = parley("get", "--cacert", self.authority(), url)
            self.assertEqual(said.code, 1)
            self.assertIn("does not accept our certificate, or wants one", said.err)
            said = parley("get", "--cacert", self.authority(), "--cert", ada, url)
            self.assertEqual((said.code, said.out), (0, b"secured"), said.err)

    def test_refusals(self):
        text = self.write("text", b"hello")
        self.write("data/ca/ca.pem", b"")
        authority = Authority()
        self.addCleanup(authority.close)
        os.chmod(os.path.join(self.data, "ca"), 0o700)
        rows = [
            (r"the certificate .*/text is no PEM text .*", ["--cert", text]),
            (r"cannot read the certificate /no/such: No such file or directory", ["--cert", "/no/such"]),
            (r"the file .*/text has no authority's certificate .*", ["--client-ca", text]),
            (r"the local certificate authority cannot be used: .*/data/ca/ca.key is missing; remove .*", []),
            (r"no private key is in .*\.pem; give it with --key FILE", ["--cert", authority.pem]),
        ]
        for sentence, words in rows:
            said = parley("serve", self.path("site"), "--https", "127.0.0.1:0", "--data", self.data, *words)
            self.assertEqual(said.code, 3, said.err)
            self.assertRegex(said.err, r"\Aparley: " + sentence + r"\n\Z")
        for words in (["--cert", text, "--key", text], ["--client-ca", text]):
            said = parley("serve", self.path("site"), "--http", "127.0.0.1:0", "--data", self.data, *words)
            self.assertEqual(said.code, 2, said.err)
            self.assertIn("for https, and nothing is served by https; give it an address with --https ADDR:PORT", said.err)
        with Server("serve", self.folder, "--http", "127.0.0.1:0") as other:
            said = parley("serve", self.folder, "--https", other.address, "--data", self.path("fresh"))
            self.assertEqual(said.code, 3)
            self.assertRegex(said.err, r"is in use; choose another with --https ADDR:PORT\n\Z")


class Refusals(Case):
    def refused(self, code, pattern, *words, **how):
        said = parley(*words, **how)
        self.assertEqual(said.code, code, said.err)
        self.assertRegex(said.err, r"\Aparley: " + pattern + r"\n\Z")
        self.assertEqual(said.out, b"")

    def test_port_in_use(self):
        for words in (["serve", self.folder], ["demo", "--data", self.folder]):
            with Server("serve", self.folder, "--http", "127.0.0.1:0") as server:
                port = server.address.split(":")[1]
                self.refused(3, f"port {port} on 127\\.0\\.0\\.1 is in use; choose another with --http ADDR:PORT",
                             *words, "--http", server.address, "--https", "off")

    def test_options(self):
        config = self.write("bad.toml", b"http = \"127.0.0.1:0\"\nthread = 2\n")
        file = self.write("file", b"")
        rows = [
            (2, "http and https are both off, so there is nothing to serve", ["--http", "off", "--https", "off"]),
            (2, "each --key belongs to a certificate; give that with --cert FILE", ["--key", "k.pem"]),
            (2, "--http 8080: give an address and a port, .*", ["--http", "8080"]),
            (2, "--threads takes a number from 1 to 1024; got \"0\"", ["--threads", "0"]),
            (2, re.escape(config) + " line 2: there is no key thread; did you mean threads\\?", ["--config", config]),
            (2, "serve: there is no option --htpp; did you mean --http\\?.*", ["--htpp", "x"]),
            (3, "cannot read the configuration /no/such.toml: No such file or directory", ["--config", "/no/such.toml"]),
            (3, "cannot write the access log /no/such/log: No such file or directory",
             ["--access-log", "/no/such/log", "--http", "127.0.0.1:0"]),
            (3, "cannot listen on .*192\\.0\\.2\\.1.*; choose another with --http ADDR:PORT",
             ["--http", "192.0.2.1:8080", "--https", "off"]),
        ]
        for code, pattern, words in rows:
            self.refused(code, pattern, "serve", self.folder, *words)
        self.refused(3, "cannot serve /no/such: No such file or directory", "serve", "/no/such")
        self.refused(3, f"cannot serve {re.escape(file)}: Not a directory", "serve", file)
        self.refused(3, f"cannot make the data folder {re.escape(file)}/data: Not a directory; choose another with --data DIR",
                     "demo", "--data", file + "/data", "--http", "127.0.0.1:0")
        self.refused(2, "demo takes no x; parley serve DIR serves a folder", "demo", "x")


    def test_what_the_configuration_gives_is_named_by_its_line(self):
        # What shows only when it is used: files, folders, addresses.
        self.write("plain", b"")
        file = self.path("plain")
        http, https = 'http = "127.0.0.1:0"\n', 'https = "127.0.0.1:0"\n'
        rows = [
            (3, 2, "cannot write the access log /no/such/log: .*", http + 'access-log = "/no/such/log"'),
            (3, 1, "cannot listen on .*192\\.0\\.2\\.1.*; choose another with --http ADDR:PORT", 'http = "192.0.2.1:1"'),
            (3, 1, "cannot listen on .*; choose another with --http ADDR:PORT", 'http = "unix:/no/such/x"'),
            (3, 2, "cannot listen on .*; choose another with --monitor ADDR:PORT", http + 'monitor = "192.0.2.1:1"'),
            (3, 2, "cannot read the certificate /no\\.pem: .*", https + 'cert = "/no.pem"'),
            (3, 2, f"the certificate {re.escape(file)} is no PEM text.*", https + f'cert = "{file}"'),
            (3, 3, "cannot read the authorities' certificates /no\\.pem: .*", https + '\nclient-ca = "/no.pem"'),
            (3, 2, "users: cannot read the users in /no: .*", http + 'users = "/no"'),
            (2, 2, "client-ca is for https, and nothing is served by https; .*", http + 'client-ca = "x"'),
            (2, 2, "cert and --key are for https, and nothing is served by https; .*", http + 'cert = "x"'),
        ]
        for code, line, pattern, text in rows:
            config = self.write("wrong.toml", text.encode() + b"\n")
            words = [] if "data =" in text else ["--data", self.path("data")]
            self.refused(code, re.escape(config) + f" line {line}: {pattern}", "serve", self.folder, "--config", config, *words)
        config = self.write("wrong.toml", (http + f'data = "{file}/data"\n').encode())
        self.refused(3, re.escape(config) + " line 2: cannot make the data folder .*; choose another with --data DIR",
                     "demo", "--config", config)


class Signals(Case):
    def test_each_ends_it_well(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with Server("serve", self.folder, "--http", "127.0.0.1:0") as server:
                self.assertEqual(server.end(how), (0, ""))

    def test_right_after_ready(self):
        # Server() has read `ready` this very moment, again and again.
        for _ in range(20):
            with Server("serve", self.folder, "--http", "127.0.0.1:0", "--threads", "2") as server:
                self.assertEqual(server.end(), (0, ""))

    def test_what_runs_is_finished(self):
        content = os.urandom(20_000_000)
        self.write("big.bin", content)
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--threads", "1") as server:
            with server.connect() as reader:
                reader.sendall(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                got = reader.recv(1000)
                server.process.send_signal(signal.SIGTERM)
                # It stops accepting at once. A connection that the kernel is making just as the listener closes is reset: as good
                # a refusal. One whose first packet is dropped would try again for seconds, which are not there: what runs has 10.
                host, port = server.address.split(":")
                end = time.monotonic() + TIMEOUT
                while True:
                    try:
                        socket.create_connection((host, int(port)), timeout=0.5).close()
                    except (ConnectionRefusedError, ConnectionResetError, TimeoutError):
                        break
                    self.assertLess(time.monotonic(), end, "it still accepts")
                    time.sleep(0.01)
                while piece := reader.recv(1 << 20):
                    got += piece
            self.assertEqual(got.partition(b"\r\n\r\n")[2], content)
            self.assertEqual(server.wait()[0], 0)

    def test_a_second_one_does_not_wait(self):
        self.write("big.bin", os.urandom(20_000_000))
        with Server("serve", self.folder, "--http", "127.0.0.1:0", "--threads", "1") as server:
            with server.connect() as reader:
                reader.sendall(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                reader.recv(1000)
                server.process.send_signal(signal.SIGINT)
                begun = time.monotonic()
                while server.process.poll() is None and time.monotonic() - begun < TIMEOUT:
                    server.process.send_signal(signal.SIGINT)
                    time.sleep(0.02)
                self.assertEqual(server.wait()[0], -signal.SIGINT)


class Files(Case):
    def setUp(self):
        super().setUp()
        self.site = self.path("site")
        for name, content in {
            "index.html": b"<h1>top</h1>", "a b.txt": b"spaced", "sub/index.html": b"sub", "empty/.keep": b"",
            ".git/config": b"hidden", ".well-known/x.txt": b"known", "sub/.hidden": b"hidden", "nothing.css": b"",
            "big.bin": os.urandom(3_000_000), "UPPER.HTML": b"u",
        }.items():
            self.write("site/" + name, content)
        self.write("secret.txt", b"outside")
        os.symlink("../secret.txt", self.site + "/out")
        os.symlink("/etc", self.site + "/etc")
        os.symlink("sub/index.html", self.site + "/in.html")
        os.mkfifo(self.site + "/pipe")
        self.server = Server("serve", self.site, "--http", "127.0.0.1:0", "--https", "off")
        self.addCleanup(self.server.__exit__)

    def ask(self, path, method="GET", **fields):
        """The raw path, as no client would send it."""
        connection = http.client.HTTPConnection(self.server.address, timeout=TIMEOUT)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in fields.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def test_what_is_found(self):
        rows = {
            "/": ("text/html; charset=utf-8", b"<h1>top</h1>"),
            "/index.html": ("text/html; charset=utf-8", b"<h1>top</h1>"),
            "/a%20b.txt": ("text/plain; charset=utf-8", b"spaced"),
            "/sub/": ("text/html; charset=utf-8", b"sub"),
            "/in.html": ("text/html; charset=utf-8", b"sub"),
            "/.well-known/x.txt": ("text/plain; charset=utf-8", b"known"),
            "/nothing.css": ("text/css; charset=utf-8", b""),
            "/UPPER.HTML": ("text/html; charset=utf-8", b"u"),
            "/big.bin": ("application/octet-stream", self.read("site/big.bin")),
        }
        for path, (kind, content) in rows.items():
            response, got = self.ask(path)
            self.assertEqual((response.status, response.getheader("Content-Type")), (200, kind), path)
            self.assertEqual(got, content, path)
            self.assertEqual(response.getheader("Content-Length"), str(len(content)))
            self.assertTrue(response.getheader("Last-Modified").endswith(" GMT"))
            head, nothing = self.ask(path, "HEAD")
            self.assertEqual((head.status, head.getheader("Content-Length"), nothing), (200, str(len(content)), b""))

    def test_what_is_not(self):
        for path in ("/missing", "/out", "/etc/passwd", "/pipe", "/empty/", "/.git/config", "/sub/.hidden", "/../secret.txt",
                     "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/../../secret.txt", "/sub%2findex.html", "//etc/passwd",
                     "/index.html/", "/index.html%00.png", "/sub/.", "/..", "/" + "x" * 3000):
            response, content = self.ask(path)
            self.assertEqual(response.status, 404, path)
            self.assertNotIn(b"outside", content)
            self.assertNotIn(b"root:", content)

    def test_folders_get_their_slash(self):
        for path, location in (("/sub", "./sub/"), ("/sub?x=//y", "./sub/?x=//y"), ("/empty", "./empty/")):
            response, _ = self.ask(path)
            self.assertEqual((response.status, response.getheader("Location")), (301, location))

    def test_conditional(self):
        os.utime(self.site + "/index.html", (1_000_000_000, 1_000_000_000))
        response, _ = self.ask("/")
        date = response.getheader("Last-Modified")
        self.assertEqual(date, "Sun, 09 Sep 2001 01:46:40 GMT")
        rows = ((date, 304), ("Sunday, 09-Sep-01 01:46:40 GMT", 304), ("Sun, 09 Sep 2001 01:46:39 GMT", 200), ("yesterday", 200))
        for since, status in rows:
            response, content = self.ask("/", If_Modified_Since=since)
            self.assertEqual((response.status, len(content)), (status, 0 if status == 304 else 12), since)
        self.assertEqual(self.ask("/", If_Modified_Since=date, If_None_Match='"x"')[0].status, 200)
        self.assertEqual(self.ask("/", If_None_Match="*")[0].status, 304)
        # A file from the future is not newer than the answer.
        os.utime(self.site + "/index.html", (4_000_000_000, 4_000_000_000))
        response, _ = self.ask("/")
        modified, now = (email.utils.parsedate_to_datetime(response.getheader(name)) for name in ("Last-Modified", "Date"))
        self.assertLessEqual(modified, now)

    def test_methods(self):
        response, _ = self.ask("/", "POST", Content_Length="0")
        self.assertEqual((response.status, response.getheader("Allow")), (405, "GET, HEAD, OPTIONS"))

    def test_a_file_that_shrinks_cuts_its_answer_off(self):
        size = 200_000_000  # more than the sockets hold
        with open(self.site + "/sparse.bin", "wb") as file:
            file.truncate(size)
        with self.server.connect() as reader:
            reader.sendall(b"GET /sparse.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            head = b""
            while b"\r\n\r\n" not in head:
                head += reader.recv(1)
            os.truncate(self.site + "/sparse.bin", 1000)
            got = 0
            try:
                while piece := reader.recv(1 << 16):
                    got += len(piece)
            except ConnectionResetError:
                pass
            self.assertLess(got, size)
        self.assertEqual(self.ask("/")[0].status, 200)

    def test_many_at_once(self):
        wrong = []

        def fetch():
            for _ in range(10):
                response, content = self.ask("/big.bin")
                if response.status != 200 or len(content) != 3_000_000:
                    wrong.append(response.status)

        threads = [threading.Thread(target=fetch) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    main()
