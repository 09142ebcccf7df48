#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""What a newcomer writes: wrong usages and what they are told, and options that curl's users know, by what is sent for them."""
import os

from harness import Case, Peer, environment, main, parley, reply


class Words(Case):
    def setUp(self):
        super().setUp()
        self.env = environment(XDG_DATA_HOME=self.folder, HOME=self.folder)

    def sent(self, *words, answer=reply(b"x"), read_content=0):
        """The head and content of the one request, as text."""
        with Peer(answer, read_content=read_content) as peer:
            said = parley(*[word.replace("URL", peer.url()) for word in words], env=self.env)
            self.assertEqual(said.code, 0, said.err)
            return peer.received[0].decode()

    def test_trailers_are_asked_for(self):
        head = self.sent("get", "URL", "-H", "TE: trailers")
        self.assertIn("\r\nTE: trailers\r\n", head)
        self.assertIn("\r\nConnection: TE\r\n", head)
        for value in ("gzip", "trailers, deflate", ""):
            said = parley("get", "http://127.0.0.1:1/", "-H", f"TE: {value}")
            self.assertEqual(said.code, 2)
            self.assertIn("only 'TE: trailers' may be asked for", said.err)

    def test_data_keeps_its_order(self):
        words = ["post", "URL", "--data-urlencode", "a=x y", "-d", "b=1", "--data-urlencode", "c=&", "-d", "d"]
        self.assertTrue(self.sent(*words, read_content=19).endswith("\r\n\r\na=x%20y&b=1&c=%26&d"))
        self.assertTrue(self.sent("get", "URL", "-G", *words[2:]).startswith("GET /?a=x%20y&b=1&c=%26&d HTTP/1.1\r\n"))

    def test_a_field_without_value(self):
        head = self.sent("get", "URL", "-H", "X-Empty;", "-H", "X-None:")
        self.assertIn("\r\nX-Empty: \r\n", head)
        self.assertNotIn("X-None", head)

    def test_dot_segments(self):
        with Peer(reply(b"x"), reply(b"x")) as peer:
            for more in ([], ["--path-as-is"]):
                self.assertEqual(parley("get", peer.url("/../a/./b/../c"), *more, env=self.env).code, 0)
            lines = [head.split(b"\r\n")[0] for head in peer.received]
        self.assertEqual(lines, [b"GET /a/c HTTP/1.1", b"GET /../a/./b/../c HTTP/1.1"])

    def test_no_redirect_at_all(self):
        for status, location, code in (("302 Found", "/x", 1), ("308 Permanent Redirect", "http://x.example/", 1), ("302 Found", "", 0), ("304 Not Modified", "/x", 0),
                                       ("201 Created", "/x", 0)):
            answer = f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
            with Peer(answer) as peer:
                said = parley("get", peer.url("/a?secret=1"), "--max-redirs", "0", "-i", env=self.env)
                self.assertEqual(said.code, code, (status, location, said.err))
                self.assertEqual("and --max-redirs 0 follows no redirect" in said.err, code == 1)
        answer = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
        with Peer(answer) as peer:
            self.assertEqual(parley("get", peer.url(), "-L", "--max-redirs", "0", "-o", self.path("none"), env=self.env).code, 1)
        self.assertFalse(os.path.exists(self.path("none")))

    def test_the_proxy_goes_where_the_url_says(self):
        with Peer(reply(b"x"), reply(b"x"), reply(b"x")) as peer:
            for url, host in (("http://Far.example/x?y", "Other.example"), ("http://[2001:DB8::1]:8080/", "other"), ("http://Far.example/", "far.EXAMPLE")):
                self.assertEqual(parley("get", url, "-H", f"Host: {host}", "-x", peer.address, env=self.env).code, 0)
            heads = [head.decode().split("\r\n")[:2] for head in peer.received]
        self.assertEqual(heads, [["GET http://far.example/x?y HTTP/1.1", "Host: Other.example"],
                                 ["GET http://[2001:db8::1]:8080/ HTTP/1.1", "Host: other"],
                                 ["GET http://far.EXAMPLE/ HTTP/1.1", "Host: far.EXAMPLE"]])

    def test_cookie_files_with_lines_that_are_none(self):
        jar = self.write("jar", b"# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1\nSet-Cookie: b=2\n127.0.0.1\tFALSE\t/\tFALSE\t0\t__Secure-c\t3\n")
        with Peer(reply(b"x")) as peer:
            said = parley("get", peer.url(), "-b", jar, env=self.env)
            self.assertEqual((said.code, said.err), (0, f"parley: note: {jar} has 2 lines that are no cookies\n"))
            self.assertIn(b"\r\nCookie: a=1\r\n", peer.received[0])

    def test_how_much_is_decoded(self):
        import gzip
        content = gzip.compress(bytes(100_000))
        answer = reply(content, "200 OK", "Content-Encoding: gzip")
        for limit, code in (("100000", 0), ("98KiB", 0), ("1GiB", 0), ("97KiB", 1), ("99999", 1)):
            with Peer(answer) as peer:
                said = parley("get", peer.url(), "--compressed", "--decode-limit", limit, "-o", self.path("out"), env=self.env)
            self.assertEqual(said.code, code, (limit, said.err))
        self.assertIn("the limit is 99999 bytes (--decode-limit; without --compressed it comes as it is)", said.err)

    def test_which_part_came(self):
        rows = [
            ("0-4", "206 Part", ["Content-Range: bytes 0-4/10"], ""),
            ("0-4", "206 Part", ["content-range: Bytes 0-4/*"], ""),
            ("0-40", "206 Part", ["Content-Range: bytes 0-4/5"], ""),
            ("-5", "206 Part", ["Content-Range: bytes 5-9/10"], ""),
            ("-50", "206 Part", ["Content-Range: bytes 0-4/5"], ""),
            ("5-", "206 Part", ["Content-Range: bytes 5-9/10"], ""),
            ("0-1,3-4", "206 Part", ["Content-Type: multipart/byteranges; boundary=x"], ""),
            ("0-1,3-4", "206 Part", ["Content-Range: bytes 0-4/5"], ""),
            ("0-4", "404 None", [], ""),
            ("0-4", "200 OK", [], "the server sends all of it, and not the range alone"),
            ("0-4", "206 Part", [], "the answer does not say which part it is (Content-Range)"),
            ("0-4", "206 Part", ["Content-Range: bytes 4-0/10"], "the answer does not say which part it is (Content-Range)"),
            ("0-4", "206 Part", ["Content-Range: bytes 5-9/10"], "the answer is bytes 5-9/10, another part than the one that was asked for"),
            ("0-9", "206 Part", ["Content-Range: bytes 0-4/10"], "the answer is bytes 0-4/10, another part than the one that was asked for"),
            ("-5", "206 Part", ["Content-Range: bytes 0-4/10"], "the answer is bytes 0-4/10, another part than the one that was asked for"),
            ("5-", "206 Part", ["Content-Range: bytes 5-9/20"], "the answer is bytes 5-9/20, another part than the one that was asked for"),
        ]
        for asked, status, lines, note in rows:
            with Peer(reply(b"hello", status, *lines)) as peer:
                said = parley("get", peer.url(), "-r", asked, env=self.env)
            self.assertEqual((said.code, said.out), (0, b"hello"), (asked, lines))
            self.assertEqual(said.err, f"parley: note: {note}\n" if note else "", (asked, lines))

    def test_a_part_that_is_not_what_it_says_is_no_file(self):
        rows = [(b"lo", "bytes 3-4/5", 0, b"hello"), (b"loXX", "bytes 3-4/5", 1, b"hel"), (b"l", "bytes 3-4/*", 1, b"hell"), (b"lo", "bytes 3-4/9", 1, b"hello"),
                (b"lo", "BYTES 3-4/*", 0, b"hello")]
        for content, part, code, left in rows:
            file = self.write("part", b"hel")
            with Peer(reply(content, "206 Part", f"Content-Range: {part}")) as peer:
                said = parley("get", peer.url(), "-C", "-", "-o", file, env=self.env)
            self.assertEqual((said.code, self.read("part")), (code, left), (part, said.err))

    def test_a_success_before_the_content_was_there(self):
        """The rest is sent all the same."""
        size = 3_000_000
        file = self.write("large", bytes(size))
        got = []

        def early(connection):
            connection.sendall(reply(b"early"))
            count = 0
            while count < size and (piece := connection.recv(1 << 20)):
                count += len(piece)
            got.append(count)

        for words in (["put", "URL", "-d", "@" + file], ["post", "URL", "-F", f"x=@{file}"]):
            with Peer(early) as peer:
                said = parley(*[word.replace("URL", peer.url()) for word in words], env=self.env)
            self.assertEqual((said.code, said.out), (0, b"early"), said.err)
            self.assertGreaterEqual(got.pop() + len(peer.received[0].partition(b"\r\n\r\n")[2]), size)

    def test_large_heads(self):
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        long, many = ["X: " + "a" * 99_000], [f"X-{i}: y" for i in range(990)]
        for answer, code in ((reply(b"x", "200 OK", *long), 0), (reply(b"x", "200 OK", *many), 0), (hints * 100 + reply(b"x"), 0),
                             (reply(b"x", "200 OK", "X: " + "a" * 103_000), 1), (reply(b"x", "200 OK", *many, *many), 1), (reply(b"x", "200 OK", *long, *long, *long, *long), 1),
                             (hints * 101 + reply(b"x"), 1)):
            with Peer(answer) as peer:
                said = parley("get", peer.url(), env=self.env)
            self.assertEqual(said.code, code, said.err)
            self.assertEqual("is beyond the limit" in said.err, code == 1)

    def test_what_is_refused_and_what_it_says(self):
        rows = [
            (["get", "--bogus", "localhost"], "get: there is no option --bogus; parley get --help lists them"),
            (["serve", "--bogus", "."], "serve: there is no option --bogus; parley serve --help lists them"),
            (["get", "--headr", "a: b", "localhost"], "did you mean --header?"),
            (["get", "--help=x"], "get: --help takes no value"),
            (["get", "-v=1", "localhost"], "get: -v takes no value"),
            (["get", "localhost", "-r", "5-2"], '-r "5-2": its last byte comes before its first; write 2-5'),
            (["get", "localhost", "-r", "0-1,x"], '-r "0-1,x": "x": a range is bytes such as 0-499, 500- or -500'),
            (["get", "localhost", "--compressed", "--decode-limit", "4GB"], '--decode-limit takes a size, such as 1000000 or 64MiB; got "4GB"'),
            (["get", "file:///etc/passwd"], "file:///etc/passwd: the scheme is file, but parley speaks http and https"),
            (["get", "ada:secret@localhost"], '"ada:[hidden]@localhost" is no URL: user and password do not belong in a URL; log in with -u USER'),
            (["get", "http://[fe80::1%25lo]/"], "an IPv6 address has no zone in a URL"),
            (["get", "localhost", "-H", "NoColon"], "-H \"NoColon\": write 'NAME: VALUE'"),
            (["get", "localhost", "-H", ";"], "-H \";\": write 'NAME: VALUE'"),
            (["get", "localhost", "-H", "X: a\r\nB: c"], "a value no control characters"),
        ]
        for words, sentence in rows:
            said = parley(*words, env=self.env)
            self.assertEqual((said.code, said.out), (2, b""), words)
            self.assertTrue(said.err.startswith("parley: ") and said.err.count("\n") == 1, said.err)
            self.assertIn(sentence, said.err)


if __name__ == "__main__":
    main()
