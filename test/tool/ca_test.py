#!/usr/bin/env python3
# ctest: TIMEOUT 120
"""parley ca: what it prints, and that others make of it what it promises."""
import os
import re
import shutil
import subprocess
import threading
import unittest

from harness import TIMEOUT, Case, environment, main, parley


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, timeout=TIMEOUT, text=True)


class Ca(Case):
    def setUp(self):
        super().setUp()
        self.data = self.path("data")
        self.file = os.path.join(self.data, "ca", "ca.pem")

    def ca(self, *words, **how):
        return parley("ca", "--data", self.data, *words, **how)

    def test_what_it_prints(self):
        path = self.ca("--path")
        self.assertEqual((path.code, path.out.decode(), path.err), (0, self.file + "\n", ""))
        pem = self.ca("--pem")
        with open(self.file, "rb") as file:
            self.assertEqual((pem.code, pem.out, pem.err), (0, file.read(), ""))
        alone = self.ca()
        self.assertEqual((alone.code, alone.err), (0, ""))
        text = alone.out.decode()
        self.assertTrue(text.startswith("Parley local authority "), text)
        self.assertTrue(text.endswith(pem.out.decode()), "the certificate comes last, so all of it is a PEM file too")
        for line in text.splitlines():
            if self.file not in line:
                self.assertLessEqual(len(line), 80, line)
        for word in ("curl --cacert " + self.file, "certutil -d sql:$HOME/.pki/nssdb -A -t C,,", "Firefox", "update-ca-certificates"):
            self.assertIn(word, text)
        self.assertNotIn("PRIVATE KEY", text)
        self.assertEqual(self.ca("--path").out, path.out)
        self.assertEqual(self.ca("--pem").out, pem.out, "made once")

    def test_where_it_is(self):
        said = parley("ca", "--path", env=environment(XDG_DATA_HOME=self.folder))
        self.assertEqual(said.out.decode(), self.path("parley/ca/ca.pem") + "\n")
        said = parley("ca", "--path", env=environment(HOME=self.folder, XDG_DATA_HOME="relative"))
        self.assertEqual(said.out.decode(), self.path(".local/share/parley/ca/ca.pem") + "\n")
        said = parley("ca", "--path", "--data", "here/../there", cwd=self.folder)
        self.assertEqual(said.out.decode(), self.path("there/ca/ca.pem") + "\n")

    def test_a_path_that_a_shell_would_take_apart(self):
        self.data = self.path("it's a folder")
        text = self.ca().out.decode()
        line = next(line for line in text.splitlines() if line.startswith("  curl"))
        shown = subprocess.run(["sh", "-c", "printf '%s\\n' " + line.split(" ", 3)[3]], capture_output=True, timeout=TIMEOUT, text=True)
        self.assertIn(os.path.join(self.data, "ca", "ca.pem"), shown.stdout.splitlines())

    def test_refusals(self):
        self.write("file", b"")
        self.ca()
        os.chmod(os.path.join(self.data, "ca", "ca.key"), 0o644)
        table = [
            (2, "ca takes no x; .*", ["x"]),
            (2, "choose one of --pem and --path", ["--pem", "--path"]),
            (2, "ca: there is no option --pat; did you mean --path\\? .*", ["--pat"]),
            (3, "the local certificate authority cannot be used: .*/ca.key can be read by other users: .*, say chmod 600 .*", []),
            (3, "the local certificate authority cannot be used: .*/file is no folder; use another data folder", ["--data", self.path("file")]),
            (2, "--data needs a folder's name", ["--data", ""]),
        ]
        for code, sentence, words in table:
            with self.subTest(sentence=sentence):
                said = self.ca(*words)
                self.assertEqual((said.code, said.out), (code, b""))
                self.assertRegex(said.err, r"\Aparley: %s\n\Z" % sentence)

    def test_many_at_once(self):
        said = []
        threads = [threading.Thread(target=lambda: said.append(self.ca("--pem"))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({one.code for one in said}, {0}, [one.err for one in said])
        self.assertEqual(len({one.out for one in said}), 1)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_what_openssl_sees(self):
        self.ca()
        text = openssl("x509", "-in", self.file, "-noout", "-text").stdout
        for piece in ("CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "ASN1 OID: prime256v1", "X509v3 Name Constraints: critical"):
            self.assertIn(piece, text)
        printed = re.search(r"SHA-256 +(\S+)\n +(\S+)", self.ca().out.decode())
        shown = openssl("x509", "-in", self.file, "-noout", "-fingerprint", "-sha256").stdout
        self.assertEqual(shown.strip().split("=")[1], printed.group(1) + printed.group(2))

    @unittest.skipUnless(shutil.which("certutil"), "certutil (libnss3-tools) is not installed")
    def test_the_instructions_for_chromium(self):
        lines = [line.strip() for line in self.ca().out.decode().splitlines()]
        begin = lines.index("mkdir -p ~/.pki/nssdb")
        done = subprocess.run(["sh", "-e", "-c", "\n".join(lines[begin:begin + 3])], capture_output=True, timeout=TIMEOUT, text=True,
                              env=environment(HOME=self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = subprocess.run(["certutil", "-d", "sql:" + self.path(".pki/nssdb"), "-L"], capture_output=True, timeout=TIMEOUT, text=True)
        self.assertRegex(shown.stdout, r"Parley local authority .* +C,,")


if __name__ == "__main__":
    main()
