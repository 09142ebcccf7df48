"""Clients of HTTP/3: our command, ngtcp2's (gtlsclient), and libcurl's GnuTLS build through test/session/http3_libcurl.c."""
import functools
import os
import shutil
import subprocess
import tempfile
import unittest

PARLEY = os.environ.get("PARLEY", "build/release/parley")
GTLSCLIENT = shutil.which("gtlsclient")
PATIENCE = 240  # seconds, for what hangs
_folder = None


@functools.cache
def libcurl():
    """The program, and why there is none."""
    global _folder
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None, "no C compiler, which libcurl's test program needs"
    _folder = tempfile.TemporaryDirectory(prefix="parley-libcurl-")
    program = os.path.join(_folder.name, "http3_libcurl")
    source = os.path.join(os.path.dirname(__file__), "..", "session", "http3_libcurl.c")
    done = subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", program, source, "-lcurl-gnutls"], capture_output=True, text=True)
    if done.returncode != 0:
        if "curl/curl.h" in done.stderr or "-lcurl-gnutls" in done.stderr:
            return None, "libcurl4-gnutls-dev is not installed"
        raise AssertionError(done.stderr)
    if done.stderr:
        raise AssertionError(done.stderr)
    done = subprocess.run([program, "version"], capture_output=True, text=True)
    return (None, "without HTTP/3: " + done.stdout.strip()) if done.returncode == 77 else (program, "")


def needs_libcurl(test):
    return unittest.skipUnless(*libcurl())(test)


def needs_gtlsclient(test):
    return unittest.skipUnless(GTLSCLIENT, "gtlsclient (ngtcp2-client) is not installed")(test)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError("%s: %d\n%s" % (" ".join(words), done.returncode, (done.stdout + done.stderr)[-3000:]))
    return done.stdout


def curl(what, server, *words):
    """What libcurl tells of each transfer: version, status, bytes received, connections made for it."""
    return [tuple(map(int, line.split())) for line in run(libcurl()[0], what, server.authority, *map(str, words)).splitlines()]


def contents(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def ours(server, port, *names):
    """What came, by name."""
    got = {}
    for name in names:
        done = subprocess.run([PARLEY, "get", "--http3-only", "--cacert", server.authority, "https://localhost:%d/%s" % (port, name)],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError("%s: %d\n%s" % (name, done.returncode, done.stderr.decode("utf-8", "replace")[-3000:]))
        got[name] = done.stdout
    return got


def gtls_words(port, paths, options=()):
    return [GTLSCLIENT, "-q", "--exit-on-all-streams-close", *options, "127.0.0.1", str(port),
            *["https://localhost:%d/%s" % (port, path) for path in paths]]


def gtls(port, *paths, options=()):
    """What came, by name. It waits for nothing but content: that all of it came is the caller's to see."""
    with tempfile.TemporaryDirectory(prefix="parley-test-") as into:
        run(*gtls_words(port, paths, ("--download", into, *options)))
        return contents(into)
