#!/usr/bin/env python3
"""tools/check_layers.py lets the design's arrows pass and names each include that crosses one."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from check_layers import Checker  # noqa: E402

GOOD = {
    "include/parley/fields.hpp": "#include <string>\n#include <expected>\n",
    "include/parley/asio.hpp": "#include <parley/fields.hpp>\n#include <asio.hpp>\nusing x = asio::io_context;\n",
    "include/parley/json.hpp": "#include <nlohmann/json.hpp>\nusing y = nlohmann::json;\n",
    "src/base/buffer.hpp": "#include <unistd.h>\n#include <parley/fields.hpp>\n",
    "src/engine/observer.hpp": '#include "base/buffer.hpp"\n',
    "src/engine/events.hpp": '// asio::post and #include "net/loop.hpp" in a comment\n#include <chrono>\n',
    "src/h1/parser.hpp": '#include "engine/events.hpp"\n#include "h1/other.hpp"\n',
    "src/net/loop.cpp": '#include "engine/observer.hpp"\n',
    "src/net/tcp.cpp": '#include "net/loop.hpp"\n',
    "src/net/pool.hpp": "#include <thread>\n",
    "src/store/records.cpp": '#include <sqlite3.h>\n#include "net/pool.hpp"\nint a = sqlite3_libversion_number();\n',
    "src/connection/tcp.hpp": '#include "h1/parser.hpp"\n#include "net/loop.hpp"\n',
    "src/tool/bench.cpp": '#include "connection/tcp.hpp"\n#include <CLI/CLI.hpp>\n#include "embedded/web.hpp"\n',
    "examples/chat.cpp": "#include <parley/fields.hpp>\n#include <asio.hpp>\n",
    "examples/demo/demo.cpp": '#include "demo.hpp"\n#include "embedded/demo.hpp"\n',
    "test/net/loop_test.cpp": '#include "net/loop.hpp"\n#include <gtest/gtest.h>\n#include "support/wire.hpp"\n',
    "CMakeLists.txt": "parley_room(base)\nparley_room(engine DEPS base)\nparley_room(h1 DEPS engine base)\n"
    "parley_room(net DEPS engine base LIBS Threads::Threads)\nparley_room(store DEPS net LIBS SQLite::SQLite3)\n"
    "parley_room(connection DEPS net h1)\nparley_tool(DEPS trace LIBS CLI11::CLI11)\n",
}

# path, content, what the report must say
BAD = [
    ("src/h1/a.cpp", '#include "h2/frame.hpp"\n', "src/h1 may not include"),
    ("src/base/a.hpp", '\n#include "semantics/x.hpp"\n', "src/base/a.hpp:2: "),
    ("src/server/a.cpp", '#include "client/pool.hpp"\n', "src/server may not include"),
    ("src/net/a.cpp", '#include "engine/events.hpp"\n', "only the engine's observations"),
    ("src/store/a.cpp", '#include "net/tcp.hpp"\n', "only net's pool"),
    ("src/tool/get.cpp", '#include "connection/tcp.hpp"\n', "only tool/bench*"),
    ("src/net/a.cpp", "#include <asio.hpp>\n", "Asio"),
    ("src/server/a.cpp", "#  include <asio/ip/tcp.hpp>\n", "Asio"),
    ("src/connection/a.hpp", "void f(asio::io_context&);\n", "asio:: is Asio's"),
    ("src/server/a.cpp", "#include <sqlite3.h>\n", "src/store/"),
    ("src/server/a.cpp", "struct sqlite3_stmt;\n", "SQLite"),
    ("src/client/a.cpp", "#include <gnutls/gnutls.h>\n", "GnuTLS"),
    ("src/server/a.cpp", "#include <spdlog/spdlog.h>\n", "src/tool/"),
    ("src/trace/a.cpp", "#include <nlohmann/json.hpp>\n", "json.hpp"),
    ("src/engine/a.cpp", "#include <sys/socket.h>\n", "touch no socket"),
    ("src/h1/a.cpp", "#include <thread>\n", "touch no socket"),
    ("src/h1/a.cpp", "auto t = std::chrono::steady_clock::now();\n", "never asks for time"),
    ("src/engine/a.cpp", "std::random_device d;\n", "entropy"),
    ("src/base/a.cpp", '#include "buffer.hpp"\n', "names no room"),
    ("src/h1/a.cpp", "#include <engine/events.hpp>\n", "is one of our rooms"),
    ("src/h1/a.cpp", '#include "parley/fields.hpp"\n', "public header"),
    ("src/server/a.cpp", '#include "embedded/web.hpp"\n', "only src/tool"),
    ("include/parley/a.hpp", "#include <sys/types.h>\n", "not std's"),
    ("include/parley/a.hpp", '#include "base/buffer.hpp"\n', "quoted"),
    ("include/parley/a.hpp", "#include <base/buffer.hpp>\n", "not std's"),
    ("include/parley/a.hpp", "#include <parley/nowhere.hpp>\n", "does not exist"),
    ("include/parley/a.hpp", "#include <asio.hpp>\n", "Asio"),
    ("include/parley/a.hpp", "#include <nlohmann/json.hpp>\n", "json.hpp"),
    ("examples/a.cpp", '#include "base/buffer.hpp"\n', "not public"),
    ("src/parlour/a.cpp", "#include <vector>\n", "no such room"),
    ("src/h2/a.cpp", "#include <vector>\n", "does not declare it"),
    ("CMakeLists.txt", "parley_room(base DEPS engine)\n", "no arrow of its row"),
    ("CMakeLists.txt", "parley_room(cellar)\n", "not in the table"),
]


def problems_of(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        checker = Checker(root)
        for path in sorted(root.rglob("*.[ch]pp")):
            checker.check_file(path)
        checker.check_cmake()
        return checker.problems


class Layers(unittest.TestCase):
    def test_the_arrows_of_the_design_pass(self):
        self.assertEqual(problems_of(GOOD), [])

    def test_a_crossed_arrow_is_named(self):
        for path, content, words in BAD:
            with self.subTest(path=path, content=content):
                found = [problem for problem in problems_of({**GOOD, path: content}) if words in problem]
                self.assertEqual(len(found), 1, problems_of({**GOOD, path: content}))
                self.assertIn(path.split("/a.")[0], found[0])
                self.assertIn(";", found[0], "no way out is told")


if __name__ == "__main__":
    unittest.main()
