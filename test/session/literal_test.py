#!/usr/bin/env python3
"""The literal session of the issue, byte by byte: 0.9 in both forms, 1.0, 1.1, the PUT, the pages."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from session import PARLEY, WithDemo  # noqa: E402

CUSTOMER = b'{"CustID": 100, "Name": "David Smith", "Address": "123 Bank Street"}'


def put(customer, host=b"www.example.re", path=b"/customers/requests", kind=b"application/json", extra=b""):
    return (b"PUT " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nContent-Type: " + kind + b"\r\nContent-Length: "
            + str(len(customer)).encode() + b"\r\n" + extra + b"\r\n" + customer)


class Literal(WithDemo):
    def check_test_page(self, response):
        self.assertEqual(response.status, 200)
        self.assertEqual(response.fields["content-type"], "text/html; charset=utf-8")
        self.assertEqual(response.fields["content-language"], "en")
        self.assertRegex(response.fields["last-modified"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertRegex(response.fields["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertIn("server", response.fields)
        self.assertEqual(int(response.fields["content-length"]), len(response.content))
        self.assertIn(b"<title>Test Page</title>", response.content)

    def test_http_0_9_without_version(self):
        with self.server.connect() as connection:
            connection.send(b"GET /\r\n")
            content = connection.until_close()
        self.assertTrue(content.lstrip().lower().startswith(b"<!doctype html"), content[:80])
        self.assertIn(b"<title>Test Page</title>", content)

    def test_http_0_9_only_a_path(self):
        with self.server.connect() as connection:
            connection.send(b"/\r\n")
            content = connection.until_close()
        self.assertTrue(content.lstrip().lower().startswith(b"<!doctype html"), content[:80])

    def test_http_0_9_unknown_path(self):
        with self.server.connect() as connection:
            connection.send(b"GET /nothing\r\n")
            self.assertIn(b"<title>Page Not Found</title>", connection.until_close())

    def test_http_1_0_closes(self):
        with self.server.connect() as connection:
            connection.send(b"GET / HTTP/1.0\r\n\r\n")
            self.check_test_page(connection.response())
            self.assertEqual(connection.until_close(), b"")

    def test_http_1_0_keeps_alive_on_request(self):
        with self.server.connect() as connection:
            for _ in range(2):
                connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                response = connection.response()
                self.check_test_page(response)
                self.assertEqual(response.fields["connection"].lower(), "keep-alive")

    def test_http_1_1_stays_open(self):
        with self.server.connect() as connection:
            for _ in range(3):
                connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                response = connection.response()
                self.assertEqual(response.version, "HTTP/1.1")
                self.check_test_page(response)
            connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertEqual(connection.response().fields["connection"], "close")
            self.assertEqual(connection.until_close(), b"")

    def test_http_1_1_needs_host(self):
        response = self.exchange(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(response.status, 400)
        self.assertEqual(response.fields["connection"], "close")

    def test_every_fragment_size(self):
        request = put(CUSTOMER)
        for size in (1, 2, 3, 5, 7, 16, 31):
            with self.server.connect() as connection:
                for at in range(0, len(request), size):
                    connection.send(request[at:at + size])
                self.assertIn(connection.response().status, (200, 201))

    def test_page_not_found(self):
        response = self.exchange(b"GET /no/such/page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(response.status, 404)
        self.assertEqual(response.fields["content-type"], "text/html; charset=utf-8")
        self.assertEqual(response.fields["content-language"], "en")
        self.assertEqual(int(response.fields["content-length"]), len(response.content))
        self.assertIn(b"<title>Page Not Found</title>", response.content)
        self.assertNotIn("last-modified", response.fields)

    def test_page_not_found_for_programs(self):
        response = self.exchange(b"GET /no/such HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n")
        self.assertEqual(response.status, 404)
        self.assertEqual(response.fields["content-type"], "application/problem+json")
        self.assertEqual(response.json()["status"], 404)

    def test_the_put(self):
        customer = b'{"CustID": 4711, "Name": "David Smith", "Address": "123 Bank Street"}'
        response = self.exchange(put(customer))
        self.assertEqual(response.status, 201)
        self.assertEqual(response.fields["location"], "/customers/4711")
        response = self.exchange(put(customer.replace(b"123", b"124")))
        self.assertEqual(response.status, 200)
        response = self.exchange(b"GET /customers/4711 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(response.json(), {"CustID": 4711, "Name": "David Smith", "Address": "124 Bank Street"})

    def test_the_put_over_1_0(self):
        response = self.exchange(put(CUSTOMER).replace(b"HTTP/1.1", b"HTTP/1.0"))
        self.assertIn(response.status, (200, 201))

    def test_customers(self):
        def request(method, path, content=None, kind=b"application/json"):
            data = method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n"
            if content is not None:
                data += b"Content-Type: " + kind + b"\r\nContent-Length: " + str(len(content)).encode() + b"\r\n"
            return self.exchange(data + b"\r\n" + (content or b""), method.decode())

        made = request(b"POST", b"/customers", b'{"Name": "Ada", "Address": "1 Engine Row"}')
        self.assertEqual(made.status, 201)
        where = made.fields["location"].encode()
        self.assertEqual(request(b"GET", where).json()["Name"], "Ada")
        self.assertEqual(request(b"HEAD", where).status, 200)
        patched = request(b"PATCH", where, b'{"Address": "2 Engine Row"}', b"application/merge-patch+json")
        self.assertEqual(patched.status, 200)
        self.assertEqual(request(b"GET", where).json()["Address"], "2 Engine Row")
        self.assertTrue(any(c["Name"] == "Ada" for c in request(b"GET", b"/customers").json()["customers"]))
        self.assertEqual(request(b"DELETE", where).status, 204)
        self.assertEqual(request(b"GET", where).status, 404)
        self.assertEqual(request(b"DELETE", where).status, 404)

    def test_bad_json(self):
        table = [
            (b'{"CustID": 100, ', b"application/json", 400, ""),
            (CUSTOMER, b"text/plain", 415, ""),
            (b'{"CustID": 100, "Address": "x"}', b"application/json", 422, "Name"),
            (b'{"CustID": 100, "Name": 7, "Address": "x"}', b"application/json", 422, "Name"),
            (b'{"CustID": "100", "Name": "a", "Address": "x"}', b"application/json", 422, "CustID"),
            (b'[]', b"application/json", 422, ""),
        ]
        for content, kind, status, member in table:
            with self.subTest(content=content, kind=kind):
                response = self.exchange(put(content, kind=kind))
                self.assertEqual(response.status, status)
                if kind == b"application/json":  # who sends it understands it
                    self.assertEqual(response.fields["content-type"], "application/problem+json")
                    self.assertEqual(response.json()["status"], status)
                self.assertIn(member, response.content.decode())

    def test_id_differs_from_the_path(self):
        response = self.exchange(put(CUSTOMER, path=b"/customers/101"))
        self.assertEqual(response.status, 422)
        self.assertIn("CustID", response.content.decode())

    def test_pipelining(self):
        with self.server.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 8 + put(CUSTOMER)
                            + b"GET /customers/100 HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                            + b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            for _ in range(8):
                self.check_test_page(connection.response())
            self.assertIn(connection.response().status, (200, 201))
            self.assertEqual(connection.response().json()["CustID"], 100)
            self.assertEqual(connection.response("HEAD").status, 200)
            self.assertEqual(connection.response().status, 404)
            self.assertEqual(connection.until_close(), b"")

    def test_expect(self):
        with self.server.connect() as connection:
            head, content = put(CUSTOMER, extra=b"Expect: 100-continue\r\n").split(b"\r\n\r\n")
            connection.send(head + b"\r\n\r\n")
            self.assertEqual(connection.response().status, 100)
            connection.send(content)
            self.assertIn(connection.response().status, (200, 201))

    def test_expect_unknown(self):
        self.assertEqual(self.exchange(put(CUSTOMER, extra=b"Expect: miracles\r\n")).status, 417)

    def test_chunked_upload(self):
        head = b"PUT /customers/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(CUSTOMER[i:i + 9]), CUSTOMER[i:i + 9]) for i in range(0, len(CUSTOMER), 9))
        with self.server.connect() as connection:
            connection.send(head + chunks + b"0\r\nX-Check: 1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(connection.response().status, (200, 201))
            self.check_test_page(connection.response())

    def test_methods(self):
        def status(line, extra=b""):
            return self.exchange(line + b" HTTP/1.1\r\nHost: x\r\n" + extra + b"\r\n", line.split()[0].decode())

        self.assertEqual(status(b"HEAD /").fields["content-length"], str(len(status(b"GET /").content)))
        self.assertEqual(status(b"DELETE /").status, 405)
        self.assertIn("GET", status(b"DELETE /").fields["allow"])
        self.assertIn("GET", status(b"OPTIONS /").fields["allow"])
        self.assertIn("PATCH", status(b"OPTIONS *").fields["allow"])
        self.assertEqual(status(b"TRACE /").status, 405)
        self.assertEqual(status(b"CONNECT example.org:80").status, 405)
        self.assertEqual(status(b"BREW /pot").status, 501)
        self.assertEqual(status(b"GET http://example.org/").status, 200)

    def test_refusals_close(self):
        for line in (b"GET / HTTP/1.1\nHost: x\n\n", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)):
            with self.subTest(line=line), self.server.connect() as connection:
                connection.send(line)
                response = connection.response()
                self.assertIn(response.status, (400, 505))
                self.assertEqual(response.fields["connection"], "close")
                self.assertEqual(connection.until_close(), b"")

    def test_too_large(self):
        self.assertEqual(self.exchange(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n").status, 414)
        self.assertEqual(self.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n").status, 431)
        self.assertEqual(self.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n").status, 431)
        response = self.exchange(put(b"1").replace(b"Content-Length: 1", b"Content-Length: 20000000"))
        self.assertEqual(response.status, 413)

    def test_half_close_is_answered(self):
        with self.server.connect() as connection:
            connection.send(put(CUSTOMER))
            connection.finish()
            self.assertIn(connection.response().status, (200, 201))
            self.assertEqual(connection.until_close(), b"")

    def test_curl(self):
        base = "http://127.0.0.1:%d" % self.server.port
        out = subprocess.run(["curl", "-sS", "-i", base + "/"], capture_output=True, text=True, check=True).stdout
        self.assertIn("<title>Test Page</title>", out)
        out = subprocess.run(["curl", "-sS", "--http0.9", "--http1.0", base + "/"], capture_output=True, text=True, check=True).stdout
        self.assertIn("<title>Test Page</title>", out)
        out = subprocess.run(["curl", "-sS", "-w", "%{http_code}", "-X", "PUT", "-H", "Content-Type: application/json",
                              "-H", "Host: www.example.re", "-d", CUSTOMER.decode(), base + "/customers/requests"],
                             capture_output=True, text=True, check=True).stdout
        self.assertRegex(out, r"20[01]$")

    def test_our_command(self):
        base = "127.0.0.1:%d" % self.server.port
        for version in ("--http0.9", "--http1.0", "--http1.1"):
            out = subprocess.run([PARLEY, "get", version, base + "/"], capture_output=True, text=True, check=True).stdout
            self.assertIn("<title>Test Page</title>", out)
        out = subprocess.run([PARLEY, "put", "-i", base + "/customers/requests", "--json", CUSTOMER.decode(), "-H",
                              "Host: www.example.re"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(out, r"^HTTP/1\.1 20[01] ")
        self.assertEqual(json.loads(re.split(r"\r?\n\r?\n", out, maxsplit=1)[1])["CustID"], 100)


if __name__ == "__main__":
    session.main()
