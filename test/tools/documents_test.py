# ctest: TIMEOUT 600
"""Every block of C++ in README.md and docs/ compiles, against the public headers alone. What a block leaves to its reader (an `app`, a
request, a record) is given to it here; beside the headers that its document includes it has server.hpp or client.hpp, form.hpp and json.hpp."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("PARLEY_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
COMPILER = shutil.which("g++")

# What a fragment may use without saying where it comes from.
GIVEN = """
#include <parley/{end}.hpp>
#include <parley/form.hpp>
#include <parley/json.hpp>
using namespace std::chrono_literals;
struct customer_record {{
  std::string revision;
  operator nlohmann::json() const {{ return {{}}; }}
}};
std::string page_of();
"""
VALUES = ("parley::server& app, const parley::request& req, parley::response& res, const customer_record& customer, std::string page, "
          "std::string report, std::chrono::system_clock::time_point report_time, std::string rows, std::string sum, std::string token, "
          "parley::form& sent")


def blocks(name):
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"```cpp\n(.*?)```", text, re.S):
        yield text[:found.start()].count("\n") + 2, found.group(1)


def program(document, found):
    """One translation unit of a document's blocks, each in a namespace of its own: whole programs, functions, or fragments of a handler or of
    `main`. The compiler names a fault by the document's own lines."""
    includes, parts = set(), []
    end = "client" if document.endswith("client.md") else "server"
    for line, text in found:
        lines = text.splitlines()
        includes.update(each for each in lines if each.startswith("#include"))
        body = "".join("%s\n" % ("" if each.startswith("#include") else each) for each in lines)
        body = body.replace("{ ... }", "{ default: break; }").replace("page()", "page_of()")
        body = '#line %d "%s"\n%s' % (line, document, body)
        if "int main()" not in body and not re.search(r"^parley::task<", body, re.M):
            result = "int" if "return app.run()" in body else "parley::response"
            body = "%s fragment(%s) {\n%s\nreturn %s();\n}\n" % (result, VALUES if end == "server" else "", body, result)
        parts.append("namespace line_%d {\n%s}\n" % (line, body))
    return "".join(each + "\n" for each in sorted(includes)) + GIVEN.format(end=end) + "".join(parts)


@unittest.skipUnless(COMPILER, "g++ is not installed")
class Documents(unittest.TestCase):
    def test_every_block_compiles(self):
        names = [os.path.join(SOURCE, "README.md"), *sorted(glob.glob(os.path.join(SOURCE, "docs", "*.md")))]
        count = 0
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                found = list(blocks(name))
                if not found:
                    continue
                count += len(found)
                document = os.path.relpath(name, SOURCE)
                file = os.path.join(folder, "blocks.cpp")
                with open(file, "w", encoding="utf-8") as out:
                    out.write(program(document, found))
                with self.subTest(document):
                    said = subprocess.run([COMPILER, "-std=c++23", "-fsyntax-only", "-I", os.path.join(SOURCE, "include"), file],
                                          capture_output=True, text=True, timeout=400, check=False)
                    self.assertEqual(said.returncode, 0, said.stderr[:4000])
        self.assertGreater(count, 20)


if __name__ == "__main__":
    unittest.main()
