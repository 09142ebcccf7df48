"""The servers under test: ours, Debian's nginx, h2o and ngtcp2's own server, and the floor. One worker each, no access log, the same files and fields."""

import re
import subprocess
import time
from pathlib import Path

from .processes import NoAnswer, Stage, Trouble, free_port
from .responses import Response, fetch, fetch_h2, fetch_h3

SMALL, LARGE = "/small.txt", "/large.bin"
HOLD = 65536  # descriptors a server may have; 10,000 connections need as many


class Server:
    """One server: `http` and `https` are its ports once it runs, `https` None where it has no TLS."""

    name = ""
    colour = ""
    over_tcp = False  # in a row about HTTP/3 it is what that is compared with

    def __init__(self, stage: Stage, site: "Site"):
        self.stage, self.site = stage, site
        self.folder = stage.folder / self.name
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "log"
        self.process: subprocess.Popen | None = None
        self.under: list[str] = []  # what runs it, such as valgrind
        self.http = 0
        self.https: int | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        if self.process is not None:
            self.stage.end(self.process)
            self.process = None

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} ended with {self.process.returncode}: {self.log.read_text().strip()[-400:]}")

    def fetch(self, path: str, *, tls: bool = False, fields: dict | None = None, h2: bool = False, h3: bool = False) -> Response:
        if h3:
            return fetch_h3(self.site.build, self.https, path)
        if h2:
            return fetch_h2(self.https if tls else self.http, path, tls)
        return fetch(self.https if tls else self.http, path, fields or {}, tls)


class Reporting(Server):
    """A server that takes port 0 and says on standard error where it listens."""

    def command(self) -> list:
        raise NotImplementedError

    def start(self) -> None:
        self.process = self.stage.start(self.under + self.command(), self.log)
        for _ in range(600):
            words = self.log.read_text()
            if "\nready" in words:
                break
            if self.process.poll() is not None:
                raise Trouble(f"{self.name} did not start: {words.strip()}")
            time.sleep(0.05)
        else:
            raise Trouble(f"{self.name} was not ready within 30 s: {words.strip()}")
        # "listening https 127.0.0.1:8443", with "and HTTP/3 on UDP" behind it where that is served.
        ports = dict(re.findall(r"^listening (\S+) \S*:(\d+)", words, re.MULTILINE))
        self.http, self.https = int(ports["http"]), int(ports["https"]) if "https" in ports else None


class Ours(Reporting):
    name, colour = "parley", "#0f7b6c"

    def command(self) -> list:
        words = [self.site.build / "parley", "serve", self.site.root, "--http", "127.0.0.1:0", "--threads", "1", "--data", self.folder]
        if self.site.tls:
            words += ["--https", "127.0.0.1:0", "--cert", self.site.certificate, "--key", self.site.key]
        else:
            words += ["--https", "off"]
        # Else its answers over TLS carry Alt-Svc, which the others do not send.
        if not self.site.http3 or self.over_tcp:
            words += ["--no-http3"]
        for name, value in self.site.limits.items():
            words += ["--limit", f"{name}={value}"]
        return words


class OwnTcp(Ours):
    """Ours again, over TLS on TCP, beside HTTP/3."""

    name, over_tcp = "own TCP", True


class Sessions(Reporting):
    """A server of the library's: `/plain`, and `/session` for whoever has the cookie that `/begin` sets."""

    name = "sessions"

    def command(self) -> list:
        return [self.site.build / "bench/session_server"]

    def cookie(self) -> dict[str, str]:
        return {"Cookie": self.fetch("/begin").field("set-cookie").split(";")[0]}


class Floor(Reporting):
    """Answers with the bytes that ours answered."""

    name, colour = "floor", "#8a8f98"

    def command(self) -> list:
        answer = self.folder / "response"
        answer.write_bytes(self.site.model.raw)
        return [self.site.build / "bench/floor", answer]


class Configured(Server):
    """A server that wants its port in a file: a free one is taken, and another when somebody was quicker."""

    def configuration(self) -> str:
        raise NotImplementedError

    def command(self, file: Path) -> list:
        raise NotImplementedError

    def start(self) -> None:
        words = ""
        for _ in range(5):
            self.http, self.https = free_port(), free_port() if self.site.certificate else None
            file = self.folder / "configuration"
            file.write_text(self.configuration())
            self.process = self.stage.start(self.command(file), self.log)
            if self.answers():
                return
            words = self.log.read_text()
            self.stop()
            if "in use" not in words:
                break
        raise Trouble(f"{self.name} did not start: {words.strip()}")

    def answers(self) -> bool:
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            try:
                # A stranger on the port would not call itself so.
                return self.name in self.fetch(SMALL).field("server")
            except (OSError, NoAnswer):
                time.sleep(0.05)
        return False


class Nginx(Configured):
    name, colour = "nginx", "#3f6fb5"

    def configuration(self) -> str:
        model = self.site.model
        extra = "".join(f'    add_header {name} "{value}";\n' for name, value in self.site.extra_fields())
        tls = ""
        if self.https:
            tls = f"""    listen 127.0.0.1:{self.https} ssl http2 backlog=16384;
    ssl_certificate {self.site.certificate};
    ssl_certificate_key {self.site.key};
    ssl_protocols TLSv1.3;
    ssl_session_tickets on;
    ssl_buffer_size 16k;
"""
        # Debian's own nginx.conf has these two on.
        chosen = {"sendfile": "on", "tcp_nopush": "on", "tcp_nodelay": "on"} | self.site.nginx
        settings = "".join(f"  {name} {value};\n" for name, value in chosen.items())
        return f"""user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile {HOLD};
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off;
{settings}  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 1024;
  open_file_cache max=1000 inactive=3600s;
  open_file_cache_valid 1s;
  etag {"on" if model.field("etag") else "off"};
  {"" if model.field("accept-ranges") else "max_ranges 0;"}
  charset utf-8;
  types {{ text/plain txt; application/octet-stream bin; }}
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  server {{
    listen 127.0.0.1:{self.http} backlog=16384;
{tls}    root {self.site.root};
{extra}  }}
}}
"""

    def command(self, file: Path) -> list:
        return ["nginx", "-c", file, "-p", self.folder, "-e", self.log]


class H2o(Configured):
    name, colour = "h2o", "#c2702e"

    def configuration(self) -> str:
        model = self.site.model
        extra = [f'header.add: "{name}: {value}"\n' for name, value in self.site.extra_fields()]
        if not model.field("accept-ranges"):
            extra.append("header.unset: accept-ranges\n")
        tls = ""
        if self.https:
            tls = f"""listen:
  host: 127.0.0.1
  port: {self.https}
  ssl:
    certificate-file: {self.site.certificate}
    key-file: {self.site.key}
    ocsp-update-interval: 0
"""
        return f"""user: root
num-threads: 1
max-connections: 20000
pid-file: {self.folder}/pid
error-log: {self.folder}/error.log
http1-request-timeout: 3600
http2-idle-timeout: 3600
http2-max-concurrent-requests-per-connection: 1024
listen:
  host: 127.0.0.1
  port: {self.http}
{tls}file.etag: {"ON" if model.field("etag") else "OFF"}
file.mime.settypes:
  "text/plain; charset=utf-8": [".txt"]
  "application/octet-stream": [".bin"]
{"".join(extra)}hosts:
  default:
    paths:
      /:
        file.dir: {self.site.root}
"""

    def command(self, file: Path) -> list:
        return ["h2o", "-c", file]


class Ngtcp2(Configured):
    """The server that comes with ngtcp2, made with GnuTLS: the library and the cryptography that ours has, in one thread. It sends fewer fields."""

    name, colour = "ngtcp2", "#7a4fb5"

    def configuration(self) -> str:
        return ""

    def command(self, file: Path) -> list:
        return ["gtlsserver", "-q", "-d", self.site.root, "--timeout=3600s", "127.0.0.1", self.https, self.site.key, self.site.certificate]

    def fetch(self, path: str, **how) -> Response:
        return fetch_h3(self.site.build, self.https, path)


class Site:
    """What all servers serve, and the answer of ours that they all imitate."""

    def __init__(self, stage: Stage, build: Path):
        self.build = build
        self.root = stage.folder / "site"
        self.root.mkdir()
        (self.root / SMALL[1:]).write_bytes(b"Hello, world\n")
        # Not a run of zeros, which something on the way might treat in its own manner.
        block = bytes(range(256)) * 4096
        (self.root / LARGE[1:]).write_bytes(block * 10)
        self.certificate: Path | None = None
        self.key: Path | None = None
        self.tls = False
        self.http3 = False  # whether the row that is measured is about it
        self.model: Response | None = None
        self.nginx: dict[str, str] = {}  # settings for the row that is measured
        self.limits: dict[str, int | str] = {}  # of ours, for the row that is measured

    def make_certificate(self, folder: Path) -> None:
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split()
        command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(self.key), "-out", str(self.certificate)]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode != 0:
            raise Trouble(f"openssl could not make a certificate: {made.stderr.strip()}")

    def extra_fields(self) -> list[tuple[str, str]]:
        """What ours sends beyond what every server can be told to send."""
        usual = {"content-type", "content-length", "last-modified", "date", "server", "etag", "accept-ranges", "connection"}
        return [(name, value) for name, value in self.model.fields if name.lower() not in usual]
