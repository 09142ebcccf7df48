# ctest: TIMEOUT 120
"""Our command against servers that others wrote: Python's http.server, and nginx where it is installed."""
import functools
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

PARLEY = os.environ.get("PARLEY", "build/release/parley")
LARGE = bytes(range(256)) * 4096


def parley(*arguments):
    done = subprocess.run([PARLEY, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def folder():
    made = tempfile.TemporaryDirectory(prefix="parley-test-")
    for name, content in (("hello.txt", b"hello\n"), ("large.bin", LARGE), ("empty.txt", b"")):
        with open(os.path.join(made.name, name), "wb") as file:
            file.write(content)
    os.chmod(made.name, 0o755)
    return made


class Checks:
    """What every server of that folder must give us."""

    def url(self, path):
        return "http://127.0.0.1:%d/%s" % (self.port, path)

    def test_files_of_all_sizes(self):
        for name, content in (("hello.txt", b"hello\n"), ("large.bin", LARGE), ("empty.txt", b"")):
            for version in ("--http1.0", "--http1.1"):
                code, out, err = parley("get", version, self.url(name))
                self.assertEqual((code, out == content), (0, True), err)

    def test_head_has_no_content(self):
        code, out, err = parley("head", self.url("large.bin"))
        self.assertEqual(code, 0, err)
        self.assertNotIn(LARGE[:64], out)

    def test_what_is_not_there(self):
        _, out, err = parley("get", "-i", self.url("absent"))
        self.assertIn(b"404", out, err)


class PythonServer(Checks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder()

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=cls.folder.name))
        cls.port = cls.server.server_address[1]
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
        cls.folder.cleanup()


@unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
class Nginx(Checks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder()
        cls.state = tempfile.TemporaryDirectory(prefix="parley-test-")
        os.chmod(cls.state.name, 0o755)
        for _ in range(5):  # nginx cannot choose a free port, and one that was free may be taken by then
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                cls.port = probe.getsockname()[1]
            if cls.start():
                return
        raise AssertionError("nginx did not start")

    @classmethod
    def start(cls):
        where = cls.state.name
        kinds = "".join("%s_temp_path %s/%s;" % (k, where, k) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(where + "/nginx.conf", "w") as file:
            file.write("daemon off; master_process off; worker_processes 1; pid %s/pid; error_log %s/error.log;"
                       "events {} http { access_log off; %s server { listen 127.0.0.1:%d; root %s; "
                       "location /basic/ { auth_basic there; auth_basic_user_file %s/users; alias %s/; } "
                       "location /packed/ { gzip on; gzip_min_length 1; gzip_types *; alias %s/; } "
                       "location /moved/ { rewrite ^/moved/(.*)$ /$1 permanent; } } }"
                       % (where, where, kinds, cls.port, cls.folder.name, where, cls.folder.name, cls.folder.name))
        with open(where + "/users", "w") as file:
            file.write("ada:{PLAIN}secret\n")
        cls.process = subprocess.Popen([shutil.which("nginx"), "-p", where, "-c", where + "/nginx.conf"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until and cls.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", cls.port), timeout=1).close()
                return True
            except OSError:
                try:
                    cls.process.wait(timeout=0.05)
                except subprocess.TimeoutExpired:
                    pass
        cls.process.kill()
        cls.process.wait()
        return False

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait()
        cls.folder.cleanup()
        cls.state.cleanup()


    def test_basic(self):
        for words, status in (([], b"401"), (["-u", "ada:wrong"], b"401"), (["-u", "ada:secret"], b"200"), (["--anyauth", "-u", "ada:secret"], b"200"),
                              (["--digest", "-u", "ada:secret"], b"401")):
            code, out, err = parley("get", "-i", self.url("basic/hello.txt"), *words)
            self.assertEqual((code, out.split(b" ")[1]), (0, status), err)

    def test_compressed(self):
        code, out, err = parley("get", "--compressed", "-i", self.url("packed/large.bin"))
        self.assertEqual((code, out.endswith(LARGE)), (0, True), err)
        self.assertIn(b"Content-Encoding: gzip", out)

    def test_redirected(self):
        code, out, err = parley("get", "-L", self.url("moved/hello.txt"))
        self.assertEqual((code, out), (0, b"hello\n"), err)

    def test_resumed_and_conditional(self):
        with tempfile.TemporaryDirectory(prefix="parley-test-") as here:
            part, tag = os.path.join(here, "part"), os.path.join(here, "tag")
            with open(part, "wb") as file:
                file.write(LARGE[:500_000])
            code, out, err = parley("get", self.url("large.bin"), "-o", part, "-C", "-", "-i")
            self.assertEqual((code, out.startswith(b"HTTP/1.1 206")), (0, True), err)
            with open(part, "rb") as file:
                self.assertEqual(file.read() == LARGE, True)
            self.assertEqual(parley("get", self.url("large.bin"), "-o", part, "-C", "-")[0], 0)
            self.assertEqual(parley("get", self.url("hello.txt"), "--etag-save", tag)[1], b"hello\n")
            code, out, err = parley("get", self.url("hello.txt"), "--etag-compare", tag, "-i")
            self.assertTrue(out.startswith(b"HTTP/1.1 304"), out)
            code, out, err = parley("get", self.url("large.bin"), "-r", "1-3")
            self.assertEqual((code, out), (0, LARGE[1:4]), err)


class Nobody(unittest.TestCase):
    def test_a_port_without_a_server(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))  # bound and not listening: refused
            code, _, err = parley("get", "http://127.0.0.1:%d/" % probe.getsockname()[1])
        self.assertNotEqual(code, 0)
        self.assertIn("connection refused (is the server running?)", err)


if __name__ == "__main__":
    unittest.main()
