# ctest: TIMEOUT 300
"""1 GiB up and 1 GiB down beside a hundred small exchanges, all on one HTTP/3 connection: the small ones are not starved, and the server's
memory stays small. The client is libcurl."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import session  # noqa: E402
from http3_clients import libcurl, needs_libcurl, run  # noqa: E402
from session import SANITIZED, WithDemo  # noqa: E402

SIZE = (64 if SANITIZED else 1024) * 1024 * 1024
MEMORY = 48 * 1024 * 1024
SMALL = 10 if SANITIZED else 100


@needs_libcurl
class Large(WithDemo):
    secure = True

    def test_small_exchanges_beside_large_ones(self):
        said = run(libcurl()[0], "large", self.server.authority, "https://localhost:%d" % self.server.https_port, str(SIZE), str(SMALL))
        *lines, last = said.splitlines()
        told = json.loads(last)
        self.assertEqual(len(lines), SMALL + 2)
        self.assertEqual({tuple(line.split()[:2]) for line in lines}, {("3", "200")})
        self.assertEqual(sum(int(line.split()[3]) for line in lines), 1, "one connection")
        self.assertEqual(told["small"], SMALL, "all small ones were answered while both large ones went on")
        # What stands in the windows and in the system's buffers passes before them, and no more.
        self.assertLess(told["most_meanwhile"], 64 * 1024 * 1024)
        self.assertEqual((told["received"], told["wrong"]), (SIZE, 0))
        self.assertEqual(told["answer"], {"bytes": SIZE, "crc32": told["check"]})
        if not SANITIZED:  # the sanitizers' own memory would be measured
            self.assertLess(self.server.memory("VmHWM"), MEMORY)
            print("peak %d KiB, at most %d KiB passed while a small exchange ran" %
                  (self.server.memory("VmHWM") // 1024, told["most_meanwhile"] // 1024), file=sys.stderr)


if __name__ == "__main__":
    session.main()
