"""Certificates for tests, made by openssl when they run."""
import os
import shutil
import subprocess
import tempfile

OPENSSL = shutil.which("openssl")


def openssl(*words):
    done = subprocess.run([OPENSSL, *words], capture_output=True, timeout=60, text=True)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (" ".join(words), done.stderr))
    return done.stdout


class Authority:
    """A folder with an authority, `ca.pem`, and what it issues."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="parley-test-")
        os.chmod(self.folder.name, 0o755)
        self.pem = self.path("ca.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test authority",
                "-days", "2", "-keyout", self.path("ca.key"), "-out", self.pem, "-addext", "keyUsage=critical,keyCertSign")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def issue(self, name, names, days=1, use="serverAuth"):
        """The file of a certificate with its key. `names` as in `DNS:localhost,IP:127.0.0.1`; days below 0: expired."""
        request, extensions, both = self.path(name + ".csr"), self.path(name + ".ext"), self.path(name + ".pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                "-keyout", self.path(name + ".key"), "-out", request)
        with open(extensions, "w", encoding="ascii") as file:
            file.write("subjectAltName=%s\nextendedKeyUsage=%s\nkeyUsage=digitalSignature\n" % (names, use))
        issue = ["x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.path("ca.key"), "-extfile", extensions, "-out", both]
        try:
            openssl(*issue, "-days", str(days))
        except AssertionError:
            if days >= 0:
                raise
            # From 3.4 on openssl refuses that, and has options for the dates themselves.
            openssl(*issue, "-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
        with open(both, "a", encoding="ascii") as file, open(self.path(name + ".key"), encoding="ascii") as key:
            file.write(key.read())
        return both

    def close(self):
        self.folder.cleanup()
