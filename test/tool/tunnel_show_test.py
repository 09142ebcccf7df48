#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""What --show, -v and the notes say of a session that goes through a proxy, and of one that has no early data."""
import re
import tempfile

from harness import Case, Server, environment, main, parley


def bare(url):
    return url.removeprefix("https://").split(" ")[0].rstrip("/")


class Tunnels(Case):
    @classmethod
    def setUpClass(cls):
        cls.data = tempfile.TemporaryDirectory(prefix="parley-test-")
        cls.env = environment(XDG_DATA_HOME=cls.data.name)
        cls.demo = Server("demo", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", env=cls.env)
        cls.secure = "https://" + bare(cls.demo.secure)
        port = cls.secure.rsplit(":", 1)[1]
        cls.proxy = Server("proxy", "--forward", "--allow", "127.0.0.1", "--allow-private", "--tunnel-port", port, "--http", "127.0.0.1:0",
                           "--https", "127.0.0.1:0", env=cls.env)

    @classmethod
    def tearDownClass(cls):
        for server in (cls.proxy, cls.demo):
            server.end()
        cls.data.cleanup()

    def test_the_proxys_time_is_in_the_sum(self):
        for proxy, version in ((self.proxy.url(""), "HTTP/1.1 200"), ("https://" + bare(self.proxy.secure), ":status: 200")):
            said = parley("get", self.secure + "/customers", self.secure + "/", "-x", proxy, "--show", env=self.env)
            self.assertEqual(said.code, 0, said.err)
            parts = said.err.split("in all\n")
            self.assertEqual(len(parts), 3, said.err)
            first = parts[0]
            self.assertIn(f"1 Connect     {bare(self.secure)} through the proxy {bare(proxy.removeprefix('http://'))}\n", first)
            # In this order: to the proxy, the tunnel, TLS with the server, the request.
            order = [first.index(text) for text in ("│ TCP ", "│ CONNECT ", "│   CONNECT " if version.startswith("HTTP") else ":method: CONNECT",
                                                     version, "│ TLS ", "2 Request", "3 Response")]
            if proxy.startswith("https"):
                order = order[:1] + order[1:4] + [first.rindex("│ TLS ")] + order[5:]
                self.assertEqual(first.count("│ TLS "), 2, first)
            self.assertEqual(order, sorted(order), first)
            # Each part ends after the one before it, and the last end is the sum.
            ends = [float(end) for end in re.findall(r"([0-9.]+) ms\n", first)]
            total = float(re.search(r"╰ ([0-9.]+) ms ", first).group(1))
            self.assertEqual(ends, sorted(ends), first)
            self.assertAlmostEqual(ends[-1], total, delta=0.02)
            self.assertIn("kept alive: request 2 on this connection", parts[1])
            self.assertNotIn("CONNECT", parts[1])

    def test_a_tunnel_that_was_not_opened(self):
        said = parley("get", "https://127.0.0.1:1/", "-x", self.proxy.url(""), "--show", env=self.env)
        self.assertEqual(said.code, 1)
        self.assertIn("\nCONNECT 127.0.0.1:1 ", said.err)
        self.assertIn("3 Response    403 Forbidden", said.err)

    def test_http3_is_not_for_proxies(self):
        said = parley("get", self.secure + "/customers", "-x", self.proxy.url(""), "--http3", env=self.env)
        self.assertEqual(said.code, 0, said.err)
        self.assertEqual(said.err, "parley: note: --http3 has no effect through a proxy, whose tunnels are TCP; --noproxy HOST leaves the proxy out\n")
        said = parley("get", self.secure + "/customers", "-x", self.proxy.url(""), "--http3-only", env=self.env)
        self.assertEqual((said.code, said.out), (2, b""))
        self.assertIn("HTTP/3 is not spoken through a proxy", said.err)
        self.assertIn("leave --http3-only out, or the proxy for this host (--noproxy HOST)", said.err)
        by_environment = environment(XDG_DATA_HOME=self.data.name, https_proxy=self.proxy.url(""))
        said = parley("get", self.secure + "/customers", "--http3-only", env=by_environment)
        self.assertEqual(said.code, 2, said.err)

    def test_trailers_are_asked_for_in_each_version(self):
        for version, lines in (("--http1.1", ["> TE: trailers", "> Connection: TE"]), ("--http2", ["> te: trailers"]), ("--http3-only", ["> te: trailers"])):
            said = parley("get", self.secure + "/customers", "-H", "TE: trailers", "-v", version, env=self.env)
            if version == "--http3-only" and "no HTTP/3" in said.err:
                continue  # a build without QUIC
            self.assertEqual(said.code, 0, said.err)
            for line in lines:
                self.assertIn(line + "\n", said.err)
            self.assertEqual("onnection:" in said.err.split("< ")[0], version == "--http1.1", said.err)

    def test_one_note_says_why_there_is_no_early_data(self):
        post = ["post", self.secure + "/customers", "--early-data", "-v", "--json", '{"Name": "Ada", "Address": "1 Hill"}']
        for words in (post + ["--http3-only"], post, ["get", self.secure + "/", "--early-data", "-v", "-k"]):
            said = parley(*words, env=self.env)
            self.assertEqual(said.code, 0, said.err)
            notes = [line for line in said.err.splitlines() if "early data" in line]
            self.assertEqual(len(notes), 1, said.err)
        self.assertEqual(notes, ["* no early data, and no session is kept for it: with -k nobody knows whose it is"])
        said = parley(*post, env=self.env)
        self.assertIn("* no early data: it is for GET, HEAD, OPTIONS and TRACE without content\n", said.err)


if __name__ == "__main__":
    main()
