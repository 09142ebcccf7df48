#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Cookies, redirects, forms, codings, logins, resumed downloads and proxies: the command against Python's servers, with its own eyes on RFC 7616
and RFC 6265."""
import gzip
import hashlib
import http.cookiejar
import http.server
import os
import pty
import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request
import zlib

from harness import PARLEY, TIMEOUT, Case, Server, environment, main, parley


class Web:
    """A threaded HTTP/1.1 server of Python's; `answer(handler)` says what to do with a request."""

    def __init__(self, answer, family=socket.AF_INET):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                length = int(self.headers.get("Content-Length", 0))
                self.content = self.rfile.read(length) if length else b""
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        self.content += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                seen.append((self.command, self.path, self.headers, self.content))
                answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_CONNECT = handle_one

            def reply(self, status=200, content=b"", *lines):
                self.send_response(status)
                for line in lines:
                    name, _, value = line.partition(": ")
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            address_family = family

            def handle_error(self, request, client_address):
                pass  # clients may go when they like

        self.server = Threads(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), Handler)
        host, self.port = self.server.server_address[:2]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def url(self, path="/"):
        return f"http://{self.address}{path}"

    def secure(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(TIMEOUT)


class AgentCase(Case):
    def ok(self, *words, **more):
        said = parley(*words, **more)
        self.assertEqual((said.code, said.err), (0, ""), words)
        return said


class Cookies(AgentCase):
    def test_a_jar_is_read_sent_and_written(self):
        def answer(h):
            h.reply(200, b"x", "Set-Cookie: visits=1; Max-Age=1000; Path=/", "Set-Cookie: once=2", "Set-Cookie: wide=3; Domain=com")

        jar = self.path("jar")
        with Web(answer) as web:
            self.ok("get", web.url("/a/b"), "--cookie-jar", jar)
            self.ok("get", web.url("/a/c"), "-c", jar)
            self.assertIsNone(web.seen[0][2]["Cookie"])
            self.assertEqual(web.seen[1][2]["Cookie"], "once=2; visits=1")
        self.assertEqual(os.stat(jar).st_mode & 0o7777, 0o600)
        self.assertEqual(os.listdir(self.folder), ["jar"])

    def test_pythons_cookiejar_agrees(self):
        """It reads what we write, and sends what we send. (Session cookies have a 0 in the file, as curl writes it, which Python takes for 1970.)"""
        lines = ["a=1; Path=/; Max-Age=5000", "b=2; Path=/deep; Max-Age=5000", "c=3; Path=/deep/er; Max-Age=5000; HttpOnly", "d=4; Max-Age=0"]
        jar = self.path("jar")
        with Web(lambda h: h.reply(200, b"x", *[f"Set-Cookie: {line}" for line in lines])) as web:
            self.ok("get", web.url("/deep/x"), "-c", jar)
            theirs = http.cookiejar.MozillaCookieJar(jar)
            theirs.load(ignore_discard=True)
            for path in ("/", "/deep", "/deep/", "/deeper", "/deep/er/1", "/deep/x"):
                self.ok("get", web.url(path), "-b", jar)
                request = urllib.request.Request(web.url(path))
                theirs.add_cookie_header(request)
                ours = web.seen[-1][2]["Cookie"] or ""
                self.assertEqual(sorted(ours.split("; ")), sorted((request.get_header("Cookie") or "").split("; ")), path)
            # And the way back.
            theirs.save(self.path("back"), ignore_discard=True)
            self.ok("get", web.url("/deep/er/x"), "-b", self.path("back"))
            self.assertEqual(sorted(web.seen[-1][2]["Cookie"].split("; ")), ["a=1", "b=2", "c=3"])

    def test_pythons_cookiejar_keeps_and_sends_the_same(self):
        """Answers of several hosts, each to both jars; then what each of them would send where. Where RFC 6265bis and Python's Netscape rules
        differ (Secure from http, prefixes, SameSite, parts of addresses), no row asks. A proxy makes every name lead to the same server."""
        rows = [("www.a.test", "/", "host=1"), ("www.a.test", "/deep/x", "default=2"), ("www.a.test", "/deep/", "slash=3"),
                ("www.a.test", "/", "domain=4; Domain=a.test"), ("www.a.test", "/", "dotted=5; Domain=.a.test"),
                ("a.test", "/", "above=6; Domain=www.a.test"), ("www.a.test", "/", "other=7; Domain=b.test"),
                ("www.a.test", "/", "suffix=8; Domain=test"), ("www.a.test", "/", "sibling=9; Domain=ww.a.test"),
                ("xa.test", "/", "end=10; Domain=a.test"), ("www.a.test", "/", "deeper=11; Path=/deep/er"),
                ("www.a.test", "/", "trailing=12; Path=/deep/er/"), ("www.a.test", "/", "CASE=13; PATH=/Deep; MAX-AGE=1000"),
                ("www.a.test", "/", "gone=14; Max-Age=0"), ("www.a.test", "/", "host=15; Max-Age=1000"),
                ("www.a.test", "/", "past=16; Expires=Sun, 06 Nov 1994 08:49:37 GMT"), ("www.a.test", "/", "soon=17; Expires=Fri, 31 Dec 2999 23:59:59 GMT"),
                ("www.a.test", "/", "domain=18; Domain=a.test; Max-Age=0"), ("a.test", "/", "root=19; Domain=a.test; HttpOnly"),
                ("www.a.test", "/", "equals=a=b=c"), ("www.a.test", "/", "empty="), ("a.test", "/", "only=20"), ("127.0.0.1", "/", "number=21")]
        places = [(host, path) for host in ("www.a.test", "a.test", "x.www.a.test", "xa.test", "b.test", "127.0.0.1")
                  for path in ("/", "/deep", "/deep/", "/deeper", "/deep/er", "/deep/er/1", "/Deep/x", "/other")]
        policy = http.cookiejar.DefaultCookiePolicy
        theirs = http.cookiejar.CookieJar(policy(strict_ns_domain=policy.DomainStrictNonDomain))
        said = [""]
        with Web(lambda h: h.reply(200, b"x", *([f"Set-Cookie: {said[0]}"] if said[0] else []))) as web:
            by = ["--noproxy", "", "-x", web.url("")]
            jar = self.path("jar")
            words = []
            for host, path, line in rows:
                said[0] = line
                request = urllib.request.Request(f"http://{host}{path}")
                self.ok("get", request.full_url, *by, "-c", jar)
                with urllib.request.build_opener(urllib.request.ProxyHandler({"http": web.url("")})).open(request) as response:
                    theirs.extract_cookies(response, urllib.request.Request(f"http://{host}{path}"))
            said[0] = ""
            for host, path in places:
                words.append(f"http://{host}{path}")
            web.seen.clear()
            self.ok("get", *words, *by, "-b", jar)
            self.assertEqual([url for _, url, _, _ in web.seen], words)
            for url, (_, _, fields, _) in zip(words, web.seen):
                request = urllib.request.Request(url)
                theirs.add_cookie_header(request)
                self.assertEqual(sorted(filter(None, (fields["Cookie"] or "").split("; "))),
                                 sorted(filter(None, (request.get_header("Cookie") or "").split("; "))), url)
            self.assertIn("root=19", web.seen[0][2]["Cookie"])

    def test_pairs_and_files(self):
        with Web(lambda h: h.reply(200, b"x", "Set-Cookie: s=1")) as web:
            self.ok("get", web.url(), "-b", "a=1; b=2", "-b", "c=3")
            self.assertEqual(web.seen[-1][2]["Cookie"], "a=1; b=2; c=3")
            self.ok("get", web.url(), web.url(), "-b", "")
            self.assertEqual(web.seen[-1][2]["Cookie"], "s=1")
            said = parley("get", web.url(), "-b", self.path("none"))
            self.assertEqual(said.code, 3)
            self.assertIn("a cookie has a = in it", said.err)
            said = parley("get", web.url(), "-c", self.folder)
            self.assertEqual(said.code, 3)

    def test_a_damaged_jar_says_so(self):
        jar = self.write("jar", b"127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1\nwhat is this\n")
        with Web(lambda h: h.reply(200, b"x")) as web:
            said = parley("get", web.url(), "-c", jar)
            self.assertEqual((said.code, said.err), (0, f"parley: note: {jar} has 1 line that is no cookie\n"))
            self.assertEqual(web.seen[0][2]["Cookie"], "a=1")


class Redirects(AgentCase):
    def test_followed_when_asked(self):
        def answer(h):
            number = int(h.path[1:] or 0)
            h.reply(302, b"gone", f"Location: {number + 1}") if number < 3 else h.reply(200, b"there")

        with Web(answer) as web:
            self.assertEqual(self.ok("get", web.url("/0")).out, b"gone")
            self.assertEqual(self.ok("get", "-L", web.url("/0")).out, b"there")
            said = parley("get", "--max-redirs", "2", web.url("/0"))
            self.assertEqual(said.code, 1)
            self.assertIn("after 2 redirects that were followed (--max-redirs)", said.err)
            said = parley("get", "-L", web.url("/0"), "-v", "--show")
            for number in range(4):
                self.assertIn(f"> GET /{number} HTTP/1.1", said.err)
            self.assertIn("then GET /2", said.err)

    def test_nothing_leaks_to_another_origin(self):
        with Web(lambda h: h.reply(200, b"other")) as other:
            with Web(lambda h: h.reply(307, b"", f"Location: {other.url('/x')}")) as web:
                self.ok("post", "-L", web.url(), "-u", "ada:secret", "-b", "a=1", "-H", "Referer: http://here/", "-H", "Authorization: own", "-d", "content")
                first, then = web.seen[0][2], other.seen[0][2]
                self.assertEqual((first["Authorization"], first["Cookie"]), ("own", "a=1"))
                for name in ("Authorization", "Cookie", "Referer"):
                    self.assertIsNone(then[name], name)
                self.assertEqual(other.seen[0][0], "POST")
                self.assertEqual(other.seen[0][3], b"content")

    def test_a_large_file_is_sent_again(self):
        large = os.urandom(200_000)
        path = self.write("large", large)
        with Web(lambda h: h.reply(308, b"", "Location: /b") if h.path == "/a" else h.reply(200, b"ok")) as web:
            self.ok("put", "-L", web.url("/a"), "-d", "@" + path)
            self.assertEqual([s[3] == large for s in web.seen], [True, True])
            said = parley("put", "-L", web.url("/a"), "-d", "@-", stdin=b"a pipe")
            self.assertEqual(said.code, 1)
            self.assertIn("was produced once and is gone", said.err)

    def test_https_to_http_is_refused(self):
        pair = make_certificate(self.folder)
        if pair is None:
            self.skipTest("no openssl")
        with Web(lambda h: h.reply(200, b"plain")) as plain:
            with Web(lambda h: h.reply(302, b"", f"Location: {plain.url()}")) as web:
                web.secure(pair)
                words = ["get", "-L", f"https://127.0.0.1:{web.port}/", "--cacert", pair[0]]
                said = parley(*words)
                self.assertEqual(said.code, 1)
                self.assertIn("from https to http", said.err)
                self.assertIn("--allow-downgrade allows it", said.err)
                self.assertEqual(len(plain.seen), 0)
                self.assertEqual(self.ok(*words, "--allow-downgrade").out, b"plain")


class Content(AgentCase):
    def test_compressed(self):
        text = b"some text\n" * 1000
        with Web(lambda h: h.reply(200, gzip.compress(text), "Content-Encoding: gzip", "ETag: \"a\"")) as web:
            said = self.ok("get", "--compressed", "-i", web.url())
            self.assertTrue(said.out.endswith(text))
            self.assertIn(b"Content-Encoding: gzip", said.out)
            self.assertEqual(web.seen[0][2]["Accept-Encoding"], "br, zstd, gzip")
            self.assertEqual(gzip.decompress(self.ok("get", web.url()).out), text)

    def test_what_is_cut_off_is_no_file(self):
        with Web(lambda h: h.reply(200, gzip.compress(b"x" * 10000)[:-5], "Content-Encoding: gzip")) as web:
            said = parley("get", "--compressed", web.url(), "-o", self.path("out"))
            self.assertEqual(said.code, 1)
            self.assertIn("cut off", said.err)
            self.assertEqual(os.listdir(self.folder), [])

    def test_digests(self):
        right = hashlib.sha256(b"content").digest()
        import base64

        for digest, code in ((right, 0), (bytes(32), 1)):
            with Web(lambda h: h.reply(200, b"content", "Content-Digest: sha-256=:" + base64.b64encode(digest).decode() + ":")) as web:
                said = parley("get", "--check-digest", web.url(), "-o", self.path("out"))
                self.assertEqual(said.code, code, said.err)
                self.assertEqual(os.path.exists(self.path("out")), code == 0)
                self.assertEqual(parley("get", web.url()).code, 0)
                if code == 0:
                    os.remove(self.path("out"))


class Forms(AgentCase):
    def parts(self, seen):
        import email

        message = email.message_from_bytes(b"Content-Type: " + seen[2]["Content-Type"].encode() + b"\r\n\r\n" + seen[3])
        return [(p.get_param("name", header="Content-Disposition"), p.get_filename(), p.get_content_type(), p.get_payload(decode=True))
                for p in message.get_payload()]

    def test_trailers_are_shown(self):
        def answer(h):
            h.send_response(200)
            h.send_header("Transfer-Encoding", "chunked")
            h.end_headers()
            h.wfile.write(b"2\r\nok\r\n0\r\nX-Sum: 6\r\nSet-Cookie: a=topsecret\r\n\r\n")

        with Web(answer) as web:
            said = parley("get", web.url(), "-v")
            self.assertEqual(said.out, b"ok")
            self.assertIn("* trailers\n< X-Sum: 6\n< Set-Cookie: [hidden]\n", said.err)
            said = parley("get", web.url(), "--show")
            self.assertIn("trailers, after the content:\n│   X-Sum: 6\n", said.err)

    def test_multipart(self):
        photo = self.write("photo.jpg", os.urandom(150_000))
        note = self.write("note", b"from a file")
        with Web(lambda h: h.reply(200, b"ok")) as web:
            self.ok("request", web.url(), "-F", "name=Ada; and more", "-F", f"photo=@{photo}", "-F", f"text=<{note};type=text/markdown",
                    "--form", f"other=@{note};filename=\"a;b.txt\";type=text/x", "--form-string", "raw=@not;type=x", "-F", "in=@-", stdin=b"piped")
            self.assertEqual(web.seen[0][0], "POST")
            parts = self.parts(web.seen[0])
            self.assertEqual(parts[0], ("name", None, "text/plain", b"Ada; and more"))
            self.assertEqual(parts[1], ("photo", "photo.jpg", "image/jpeg", self.read("photo.jpg")))
            self.assertEqual(parts[2], ("text", None, "text/markdown", b"from a file"))
            self.assertEqual(parts[3][:3], ("other", "a;b.txt", "text/x"))
            self.assertEqual(parts[4], ("raw", None, "text/plain", b"@not;type=x"))  # in the order of the command line
            self.assertEqual(parts[5], ("in", "-", "application/octet-stream", b"piped"))
            self.assertEqual(int(web.seen[0][2]["Content-Length"]), len(web.seen[0][3]))

    def test_urlencoded(self):
        note = self.write("note", "é & b".encode())
        with Web(lambda h: h.reply(200, b"ok")) as web:
            words = ["--data-urlencode", "a b", "--data-urlencode", "=c=d", "--data-urlencode", "n=é&", "--data-urlencode", f"f@{note}", "--data-urlencode", f"@{note}"]
            self.ok("post", web.url(), "-d", "x=1", *words)
            wanted = "x=1&a%20b&c%3Dd&n=%C3%A9%26&f=%C3%A9%20%26%20b&%C3%A9%20%26%20b"
            self.assertEqual(web.seen[0][3].decode(), wanted)
            self.assertEqual(web.seen[0][2]["Content-Type"], "application/x-www-form-urlencoded")
            self.ok("get", "-G", web.url("/s?q=0"), "-d", "x=1", *words)
            self.assertEqual(web.seen[1][1], "/s?q=0&" + wanted)
            self.assertEqual(web.seen[1][3], b"")

    def test_refused(self):
        for words, why in ((["-F", "x"], "NAME=VALUE"), (["-F", "a=@"], "file's name"), (["-F", "a=@/nonexistent/x"], "cannot read"),
                           (["-F", "a=@/dev/null"], "plain file"), (["-F", "a=<x;what=1"], "nothing else"), (["-F", "a=1", "-d", "x"], "choose one"),
                           (["-F", "a=\"x"], "quote")):
            said = parley("post", "http://127.0.0.1:1/", *words)
            self.assertIn(said.code, (2, 3), words)
            self.assertIn(why, said.err)


def digest_server(algorithm, session=False, qop="auth", proof="right", userhash=False):
    """RFC 7616's server, written from its text."""
    H = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}[algorithm]
    name = algorithm + ("-sess" if session else "")
    counts = {}

    def h(text):
        return hashlib.new(H, text.encode() if isinstance(text, str) else text).hexdigest()

    def answer(handler):
        said = dict((k, q or p) for k, q, p in re.findall(r'(\w+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', handler.headers.get("Authorization", "")[7:]))
        good = False
        if said:
            user = said["username"]
            right_user = h("ada:there") if userhash else "ada"
            a1 = h("ada:there:secret")
            if session:
                a1 = h(f"{a1}:{said['nonce']}:{said['cnonce']}")
            a2 = f"{handler.command}:{said['uri']}"
            if said["qop"] == "auth-int":
                a2 += ":" + h(handler.content)
            wanted = h(":".join([a1, said["nonce"], said["nc"], said["cnonce"], said["qop"], h(a2)]))
            counts[said["nonce"]] = counts.get(said["nonce"], 0) + 1
            good = wanted == said["response"] and user == right_user and int(said["nc"], 16) == counts[said["nonce"]] and said["uri"] == handler.path
            back = h(":".join([a1, said["nonce"], said["nc"], said["cnonce"], said["qop"], h(":" + said["uri"])]))
        if not good:
            extra = ", userhash=true" if userhash else ""
            return handler.reply(401, b"who?", f'WWW-Authenticate: Digest realm="there", nonce="n{len(counts)}", qop="{qop}", algorithm={name}, opaque="o"{extra}')
        lines = [] if said["qop"] == "auth-int" else [f'Authentication-Info: rspauth="{back if proof == "right" else "0" * len(back)}", qop=auth']
        handler.reply(200, b"welcome", *lines)

    return answer


class Logins(AgentCase):
    def test_digest(self):
        for algorithm in ("MD5", "SHA-256", "SHA-512-256"):
            if algorithm == "SHA-512-256" and "sha512_256" not in hashlib.algorithms_available:
                continue
            for session in (False, True):
                for qop in ("auth", "auth-int"):
                    with Web(digest_server(algorithm, session, qop, userhash=session)) as web:
                        said = self.ok("post", web.url("/x?y"), web.url("/z"), "--digest", "-u", "ada:secret", "-d", "content")
                        self.assertEqual(said.out, b"welcomewelcome", (algorithm, session, qop))
                        self.assertEqual(len(web.seen), 3, "asked once, answered, and answered unasked")
                        said = parley("post", web.url("/x"), "--digest", "-u", "ada:wrong", "-i", "-d", "content")
                        self.assertTrue(said.out.startswith(b"HTTP/1.1 401"))
                        self.assertEqual(len(web.seen), 5)

    def test_a_server_that_does_not_know_the_password(self):
        with Web(digest_server("SHA-256", proof="wrong")) as web:
            said = parley("get", web.url(), "--digest", "-u", "ada:secret")
            self.assertEqual((said.code, said.out), (1, b""))
            self.assertIn("does not prove", said.err)

    def test_basic_bearer_netrc_and_any(self):
        with Web(lambda h: h.reply(200 if h.headers.get("Authorization") else 401, b"x", 'WWW-Authenticate: Basic realm="r"')) as web:
            basic = "Basic YWRhOnNlY3JldA=="
            token = self.write("token", b"abc.def\n")
            password = self.write("password", b"secret\r\n")
            netrc = self.write(".netrc", b"# mine\nmachine other login x password y\nmachine 127.0.0.1\n login ada\n password secret\nmacdef x\nmachine 127.0.0.1 login z\n\n")
            for words, wanted in ((["-u", "ada:secret"], basic), (["-u", "ada", "--password-file", password], basic), (["--anyauth", "-u", "ada:secret"], basic),
                                  (["--bearer", "abc.def"], "Bearer abc.def"), (["--oauth2-bearer", "@" + token], "Bearer abc.def"),
                                  (["--netrc-file", netrc], basic)):
                self.ok("get", web.url(), *words)
                self.assertEqual(web.seen[-1][2]["Authorization"], wanted, words)
            self.ok("get", web.url(), "-n", env=environment(HOME=self.folder))
            self.assertEqual(web.seen[-1][2]["Authorization"], basic)

    def test_secrets_are_not_shown(self):
        with Web(digest_server("SHA-256")) as web:
            said = parley("get", web.url(), "--digest", "-u", "ada:secret", "-b", "a=topsecret", "-v", "--show")
            self.assertEqual(said.code, 0)
            self.assertIn("> Authorization: [hidden]", said.err)
            self.assertNotIn("response=", said.err)
            self.assertNotIn("topsecret", said.err)
            said = parley("get", web.url(), "--digest", "-u", "ada:secret", "-v", "--show-secrets")
            self.assertIn("> Authorization: Digest username=\"ada\"", said.err)

    def test_a_password_is_asked_for(self):
        with Web(lambda h: h.reply(200, b"x")) as web:
            pid, terminal = pty.fork()
            if pid == 0:
                os.execve(PARLEY, [PARLEY, "get", web.url(), "-u", "ada", "-o", self.path("out")], environment())
            said = b""
            while b"Password of ada: " not in said:
                self.assertTrue(select.select([terminal], [], [], TIMEOUT)[0])
                said += os.read(terminal, 1000)
            os.write(terminal, b"secret\n")
            _, status = os.waitpid(pid, 0)
            try:
                said += os.read(terminal, 1000)
            except OSError:
                pass
            os.close(terminal)
            self.assertEqual(os.waitstatus_to_exitcode(status), 0, said)
            self.assertNotIn(b"secret", said)
            self.assertEqual(web.seen[0][2]["Authorization"], "Basic YWRhOnNlY3JldA==")


class Downloads(AgentCase):
    whole = os.urandom(300_000)

    def file(self, handler, tag='"one"', cut=None, ranges=True):
        lines = [f"ETag: {tag}"]
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        same = handler.headers.get("If-Range", tag) == tag
        if asked and same and ranges:
            first = int(asked[1])
            if first >= len(self.whole):
                return handler.reply(416, b"", f"Content-Range: bytes */{len(self.whole)}")
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {first}-{len(self.whole) - 1}/{len(self.whole)}")
        else:
            first = 0
            handler.send_response(200)
        for line in lines:
            handler.send_header(*line.split(": ", 1))
        handler.send_header("Content-Length", str(len(self.whole) - first))
        handler.end_headers()
        handler.wfile.write(self.whole[first:cut])
        if cut is not None:
            handler.close_connection = True

    def test_resumed(self):
        cuts = [100_000, 200_000, None]
        out = self.path("out")
        with Web(lambda h: self.file(h, cut=cuts[min(len(web.seen), 3) - 1])) as web:
            for number in range(2):
                said = parley("get", web.url(), "-o", out, "-C", "-")
                self.assertEqual(said.code, 1, said.err)
                self.assertEqual(os.path.getsize(out), cuts[number])
                self.assertEqual(self.read("out.parley-part"), b'"one"\n')
            self.ok("get", web.url(), "-o", out, "-C", "-")
            self.assertEqual(self.read("out"), self.whole)
            self.assertEqual(os.listdir(self.folder), ["out"])
            self.assertEqual(web.seen[1][2]["Range"], "bytes=100000-")
            self.assertEqual(web.seen[1][2]["If-Range"], '"one"')
            said = parley("get", web.url(), "-o", out, "-C", "-")
            self.assertEqual((said.code, said.err), (0, f"parley: note: {out} is whole already\n"))

    def test_what_has_changed_is_written_anew(self):
        out = self.write("out", b"old" * 1000)
        self.write("out.parley-part", b'"zero"\n')
        with Web(lambda h: self.file(h)) as web:
            said = parley("get", web.url(), "-o", out, "-C", "-")
            self.assertEqual(said.code, 0, said.err)
            self.assertIn("is written anew", said.err)
            self.assertEqual(self.read("out"), self.whole)

    def test_a_server_without_ranges_corrupts_nothing(self):
        out = self.write("out", self.whole[:1000])
        with Web(lambda h: self.file(h, ranges=False)) as web:
            self.assertEqual(parley("get", web.url(), "-o", out, "-C", "500").code, 0)
            self.assertEqual(self.read("out"), self.whole)

    def test_what_does_not_fit(self):
        def wrong_part(h):
            h.reply(206, b"abc", "Content-Range: bytes 0-2/3000")

        out = self.write("out", b"x" * 1000)
        for answer, why in ((wrong_part, "another part"), (lambda h: h.reply(206, b"abc"), "another part"), (lambda h: h.reply(404, b"no"), "404"),
                            (lambda h: h.reply(416, b"", "Content-Range: bytes */999"), "999 bytes long"), (lambda h: h.reply(416, b""), "416")):
            with Web(answer) as web:
                said = parley("get", web.url(), "-o", out, "-C", "-")
                self.assertNotEqual(said.code, 0)
                self.assertIn(why, said.err)
                self.assertEqual(self.read("out"), b"x" * 1000)
        for words in (["-C", "-"], ["-C", "-", "-o", "-"], ["-C", "x", "-o", out], ["-C", "2000", "-o", out], ["-C", "-", "-o", out, "--compressed"],
                      ["-C", "-", "-o", "/dev/null"]):
            self.assertEqual(parley("get", "http://127.0.0.1:1/", *words).code, 2, words)

    def test_ranges_and_conditions(self):
        def answer(h):
            if h.headers.get("If-None-Match") == '"one"' or h.headers.get("If-Modified-Since"):
                return h.reply(304, b"", 'ETag: "one"')
            h.reply(200, b"content", 'ETag: "one"')

        with Web(answer) as web:
            tag, out = self.path("tag"), self.path("out")
            self.ok("get", web.url(), "--etag-compare", tag, "--etag-save", tag, "-o", out)
            self.assertEqual(self.read("tag"), b'"one"\n')
            self.assertIsNone(web.seen[-1][2]["If-None-Match"])
            self.ok("get", web.url(), "--etag-compare", tag, "--etag-save", tag, "-o", out)
            self.assertEqual(web.seen[-1][2]["If-None-Match"], '"one"')
            self.assertEqual((self.read("tag"), self.read("out")), (b'"one"\n', b"content"))
            os.utime(out, (1_000_000_000, 1_000_000_000))
            for when in (out, "2001-09-09 01:46:40", "Sun, 09 Sep 2001 01:46:40 GMT"):
                self.ok("get", web.url(), "-z", when)
                self.assertEqual(web.seen[-1][2]["If-Modified-Since"], "Sun, 09 Sep 2001 01:46:40 GMT")
            self.ok("get", web.url(), "-z", "-2001-09-09")
            self.assertEqual(web.seen[-1][2]["If-Unmodified-Since"], "Sun, 09 Sep 2001 00:00:00 GMT")
            said = parley("get", web.url(), "-r", "0-9,-5")
            self.assertEqual((said.code, said.err), (0, "parley: note: the server sends all of it, and not the range alone\n"))
            self.assertEqual(web.seen[-1][2]["Range"], "bytes=0-9,-5")
            for words in (["-z", "yesterday"], ["-r", "x"], ["--etag-compare", self.write("bad", b"no tag\n")]):
                self.assertIn(parley("get", web.url(), *words).code, (2, 3))


def tunnel(handler):
    """The proxy's half of a CONNECT."""
    host, _, port = handler.path.rpartition(":")
    far = socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)
    handler.wfile.write(b"HTTP/1.1 200 Go on\r\n\r\n")
    near = handler.connection
    handler.close_connection = True
    near.settimeout(TIMEOUT)
    ends = {near: far, far: near}
    while ends:
        ready, _, _ = select.select(list(ends), [], [], TIMEOUT)
        if not ready:
            return
        for one in ready:
            data = one.recv(65536)
            if data:
                ends_of = far if one is near else near
                ends_of.sendall(data)
            else:
                (far if one is near else near).shutdown(socket.SHUT_WR)
                del ends[one]
    far.close()


class H2Proxy:
    """An https proxy that speaks HTTP/2: CONNECT on any number of streams of one connection, and requests in absolute form (by :authority)."""

    def __init__(self, pair):
        import h2.config
        import h2.connection
        import h2.events

        self.h2 = h2
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*pair)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.asked = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                self.talk(self.context.wrap_socket(near, server_side=True))
            except OSError:
                pass

    def talk(self, near):
        h2 = self.h2
        link = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, validate_inbound_headers=False))  # it knows no CONNECT
        link.initiate_connection()
        near.sendall(link.data_to_send())
        near.setblocking(False)
        far, waiting, out = {}, {}, b""
        while True:
            for stream in list(waiting):  # what the far ends sent, as windows allow
                data, ended = waiting[stream]
                room = min(link.local_flow_control_window(stream), link.max_outbound_frame_size)
                piece, waiting[stream][0] = data[:room], data[room:]
                if piece:
                    link.send_data(stream, piece)
                if ended and not waiting[stream][0]:
                    link.end_stream(stream)
                    del waiting[stream]
            out += link.data_to_send()
            readable = [near] if near.pending() == 0 else []
            readable += [s for n, s in far.items() if len(waiting.get(n, [b""])[0]) < 100_000]
            ready, _, _ = select.select(readable, [near] if out else [], [], 0 if near.pending() else TIMEOUT)
            if out:
                try:
                    out = out[near.send(out):]
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    pass
            for stream, end in list(far.items()):
                if end in ready:
                    data = end.recv(65536)
                    waiting.setdefault(stream, [b"", False])[0] += data
                    if not data:
                        waiting[stream][1] = True
                        far.pop(stream).close()
            try:
                data = near.recv(65536)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            if not data:
                return
            for event in link.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    head = {k.decode() if isinstance(k, bytes) else k: v.decode() if isinstance(v, bytes) else v for k, v in event.headers}
                    self.asked.append(head)
                    if head[":method"] == "CONNECT":
                        host, _, port = head[":authority"].rpartition(":")
                        far[event.stream_id] = socket.create_connection((host, int(port)), timeout=TIMEOUT)
                        link.send_headers(event.stream_id, [(":status", "200")])
                    else:
                        link.send_headers(event.stream_id, [(":status", "200")])
                        link.send_data(event.stream_id, b"relayed", end_stream=True)
                elif isinstance(event, h2.events.DataReceived):
                    link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if event.stream_id in far:
                        far[event.stream_id].sendall(event.data)
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    if event.stream_id in far and isinstance(event, h2.events.StreamReset):
                        far.pop(event.stream_id).close()
                        waiting.pop(event.stream_id, None)
                    elif event.stream_id in far:
                        far[event.stream_id].shutdown(socket.SHUT_WR)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(TIMEOUT)


class Proxies(AgentCase):
    @classmethod
    def setUpClass(cls):
        import tempfile

        cls.data = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.env = environment(XDG_DATA_HOME=cls.data.name)
        cls.demo = Server("demo", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", env=cls.env)
        cls.secure = "https://" + cls.demo.secure.removeprefix("https://").split(" ")[0].rstrip("/")

    @classmethod
    def tearDownClass(cls):
        cls.demo.end()
        cls.data.cleanup()

    def test_https_through_a_tunnel_in_both_versions(self):
        with Web(tunnel) as proxy:
            for words, version in (([], "HTTP/2"), (["--http1.1"], "HTTP/1.1")):
                said = self.ok("get", self.secure + "/", "-x", proxy.url(), "-i", *words, env=self.env)
                self.assertTrue(said.out.startswith(version.encode() + b" 200"), said.out[:80])
            self.assertEqual(proxy.seen[0][0], "CONNECT")
            said = self.ok("get", self.secure + "/", self.secure + "/customers", "-x", proxy.address, env=self.env)
            self.assertEqual(len(proxy.seen), 3, "the tunnel is used again")

    def test_http2_in_cleartext_through_a_tunnel(self):
        with Web(tunnel) as proxy:
            said = self.ok("get", self.demo.url("/"), "--http2-prior-knowledge", "-i", "-x", proxy.url())
            self.assertTrue(said.out.startswith(b"HTTP/2 200"))

    def test_absolute_form_and_the_environment(self):
        with Web(lambda h: h.reply(200, b"proxied")) as proxy:
            self.assertEqual(self.ok("get", "http://far.example/x?y", "-x", proxy.url(), "-U", "ada:se:cret@").out, b"proxied")
            self.assertEqual(proxy.seen[-1][1], "http://far.example/x?y")
            self.assertEqual(proxy.seen[-1][2]["Proxy-Authorization"], "Basic YWRhOnNlOmNyZXRA")
            env = environment(http_proxy=proxy.url())
            self.assertEqual(self.ok("get", "http://far.example/", env=env).out, b"proxied")
            self.assertNotEqual(self.ok("get", self.demo.url("/"), "--noproxy", "127.0.0.0/8", env=env).out, b"proxied")
            self.assertNotEqual(self.ok("get", self.demo.url("/"), env=environment(http_proxy=proxy.url(), no_proxy="127.0.0.1")).out, b"proxied")
            self.assertNotEqual(self.ok("get", self.demo.url("/"), "-x", "", env=env).out, b"proxied")
            self.assertNotEqual(self.ok("get", self.demo.url("/"), env=environment(HTTP_PROXY=proxy.url())).out, b"proxied")

    def test_what_the_proxy_refuses(self):
        with Web(lambda h: h.reply(403, b"no")) as proxy:
            said = parley("get", self.secure + "/", "-x", proxy.url(), env=self.env)
            self.assertEqual(said.code, 1)
            self.assertIn(f"the proxy 127.0.0.1 port {proxy.port} opened no tunnel to 127.0.0.1 port", said.err)
            self.assertIn("403 Forbidden", said.err)
        for url in ("socks5://x:1", "http://a b", "http://x/y"):
            self.assertEqual(parley("get", "http://127.0.0.1:1/", "-x", url).code, 2, url)
        self.assertEqual(parley("get", "--http3-only", "https://127.0.0.1:1/", "-x", "http://127.0.0.1:1").code, 2)

    def test_ipv6(self):
        try:
            proxy = Web(lambda h: h.reply(200, b"six"), socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 on this machine")
        with proxy:
            self.assertEqual(self.ok("get", "http://[2001:db8::1]/", "-x", proxy.url()).out, b"six")
            self.assertEqual(proxy.seen[-1][1], "http://[2001:db8::1]/")

    def test_tls_inside_tls(self):
        pair = make_certificate(self.folder)
        if pair is None:
            self.skipTest("no openssl")
        with Web(tunnel) as proxy:
            proxy.secure(pair)
            said = self.ok("get", self.secure + "/", "-i", "-x", f"https://127.0.0.1:{proxy.port}", "--cacert", pair[0], env=self.env)
            self.assertTrue(said.out.startswith(b"HTTP/2 200"), said.out[:80])
            self.assertEqual(proxy.seen[0][0], "CONNECT")
            said = parley("get", self.secure + "/", "-x", f"https://127.0.0.1:{proxy.port}", env=self.env)
            self.assertEqual(said.code, 1, "the proxy's certificate counts")

    def test_an_https_proxy_that_speaks_http2(self):
        try:
            import h2.connection  # noqa: F401
        except ImportError:
            self.skipTest("no python3-h2")
        pair = make_certificate(self.folder)
        if pair is None:
            self.skipTest("no openssl")
        with H2Proxy(pair) as proxy:
            words = ["-x", f"https://127.0.0.1:{proxy.port}", "--cacert", pair[0]]
            said = self.ok("get", self.secure + "/", self.secure + "/customers", "-i", *words, env=self.env)
            self.assertTrue(said.out.startswith(b"HTTP/2 200"), said.out[:80])
            self.assertIn(b"HTTP/2 200 OK\r\ncontent-type: application/json\r\n", said.out)
            said = self.ok("get", self.secure + "/", "-i", "--http1.1", *words, env=self.env)
            self.assertTrue(said.out.startswith(b"HTTP/1.1 200"), said.out[:80])
            self.assertEqual([head[":method"] for head in proxy.asked], ["CONNECT", "CONNECT"])
            self.assertNotIn(":scheme", proxy.asked[0])
            proxy.asked.clear()
            before = proxy.connections
            said = self.ok("get", "http://one.example/x?y", "http://two.example/", *words)
            self.assertEqual(said.out, b"relayed" * 2)
            self.assertEqual(proxy.connections, before + 1, "one connection for all")
            self.assertEqual([(h[":scheme"], h[":authority"], h[":path"]) for h in proxy.asked],
                             [("http", "one.example", "/x?y"), ("http", "two.example", "/")])
            # Content in both directions, larger than any window.
            large = self.write("large", os.urandom(400_000))
            with Web(lambda h: h.reply(200, h.content)) as web:
                web.secure(pair)
                said = self.ok("post", f"https://127.0.0.1:{web.port}/", "-d", "@" + large, *words)
                self.assertEqual(said.out, self.read("large"))

    def test_our_own_proxy_in_cleartext_and_over_tls(self):
        """TLS inside TLS, HTTP/2 inside HTTP/2, and what the proxy says of those it does not know."""
        def port(url):
            return url.rsplit(":", 1)[1].strip("/").split(" ")[0]

        ports = ["--tunnel-port", port(self.secure), "--http-port", port(self.demo.address)]
        words = ["proxy", "--forward", "--allow", "127.0.0.1", "--allow-private", *ports, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]
        with Server(*words, env=self.env) as proxy:
            over_tls = "https://" + proxy.secure.removeprefix("https://").split(" ")[0].rstrip("/")
            for by in (proxy.url(""), over_tls):
                for version, first in (([], b"HTTP/2 200"), (["--http1.1"], b"HTTP/1.1 200")):
                    said = self.ok("get", self.secure + "/", self.secure + "/customers", "-i", "-x", by, *version, env=self.env)
                    self.assertTrue(said.out.startswith(first), (by, said.out[:80]))
                said = self.ok("get", self.demo.url("/customers"), "-i", "-x", by, env=self.env)
                self.assertTrue(said.out.startswith(b"HTTP/2 200" if by == over_tls else b"HTTP/1.1 200"), (by, said.out[:80]))
                said = parley("get", "https://127.0.0.1:1/", "-x", by, env=self.env)
                self.assertEqual(said.code, 1)
                self.assertRegex(said.err, r"answered 403( Forbidden)? \(it does not allow this host or port\)")
            self.assertEqual(proxy.end()[0], 0)

    def test_tinyproxy(self):
        tinyproxy = shutil.which("tinyproxy")
        if tinyproxy is None:
            self.skipTest("no tinyproxy")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        demo_ports = "".join(f"ConnectPort {url.rsplit(':', 1)[1].strip('/')}\n" for url in (self.secure,))
        config = self.write("tinyproxy.conf", f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n{demo_ports}BasicAuth ada secret\n".encode())
        process = subprocess.Popen([tinyproxy, "-d", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + TIMEOUT
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT).close()
                    break
                except OSError:
                    if time.monotonic() > until or process.poll() is not None:
                        self.skipTest("tinyproxy does not start")
                    select.select([], [], [], 0.02)
            proxy = f"http://ada:secret@127.0.0.1:{port}"
            self.assertTrue(self.ok("get", self.secure + "/", "-i", "-x", proxy, env=self.env).out.startswith(b"HTTP/2 200"))
            self.assertTrue(self.ok("get", self.demo.url("/"), "-i", "-x", proxy).out.startswith(b"HTTP/1."))
            said = parley("get", self.secure + "/", "-x", f"http://ada:wrong@127.0.0.1:{port}", env=self.env)
            self.assertIn("opened no tunnel", said.err)
        finally:
            process.terminate()
            process.wait(TIMEOUT)


def make_certificate(folder):
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    certificate, key = os.path.join(folder, "proxy.pem"), os.path.join(folder, "proxy.key")
    words = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=proxy",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    done = subprocess.run(words, capture_output=True, timeout=TIMEOUT)
    return (certificate, key) if done.returncode == 0 else None


if __name__ == "__main__":
    main()
