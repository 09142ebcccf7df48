#!/usr/bin/env python3
"""Fails when a file includes across an arrow that the rooms do not have.

    tools/check_layers.py [ROOT]

The table below is that of ARCHITECTURE.md. CMakeLists.txt is compared with it too.
"""

import re
import sys
from pathlib import Path

from cxx_text import blank, cxx_files, finish, line_of, root_from_arguments

# room -> the rooms that it may include; no transitive licence. The public headers are open to all.
ROOMS = {
    "base": [],
    "coding": ["base"],
    "semantics": ["base", "coding"],
    "engine": ["semantics", "base"],
    "fieldcode": ["base"],
    "h1": ["engine", "semantics", "base"],
    "h2": ["engine", "semantics", "base", "fieldcode"],
    "h3": ["engine", "semantics", "base", "fieldcode"],
    "tls": ["base"],
    "quic": ["base", "engine", "tls"],
    "net": ["base", "engine"],
    "connection": ["base", "semantics", "engine", "h1", "h2", "h3", "tls", "quic", "net"],
    "store": ["base", "net"],
    "server": ["connection", "net", "tls", "engine", "semantics", "coding", "base", "store"],
    "client": ["connection", "net", "tls", "engine", "semantics", "coding", "base"],
    "proxy": ["server", "client", "connection", "net", "semantics", "base"],
    "trace": ["engine", "semantics", "base"],
    "tool": ["trace", "connection", "net"],
}

# Arrows that are narrower than a room: (room, target) -> (file name pattern in the target, what is meant).
NARROW = {
    ("semantics", "coding"): (r"^content_coding$", "only the names of content codings"),
    ("net", "engine"): (r"observ", "only the engine's observations"),
    ("store", "net"): (r"^(pool|blocking|remote|loop)$", "only net's pool for blocking work and the loop that it reports to"),
}
# Arrows that only some files of a room may use: (room, target) -> (pattern of the file's name, what is meant).
ONLY_FROM = {
    ("tool", "connection"): (r"^bench", "only tool/bench* looks behind the public headers"),
    ("tool", "net"): (r"^bench", "only tool/bench* looks behind the public headers"),
}

# Foreign headers -> where they may be included. A folder, or a glob below the root.
FOREIGN = [
    (r"^asio(\.hpp$|/)", "Asio", ["include/parley/asio.hpp", "examples/", "test/", "bench/"]),
    (r"^boost/", "Boost", []),
    (r"^(sqlite3|libpq-fe|hiredis/.*)(\.h)?$", "a database's client", ["src/store/", "test/"]),
    (r"^gnutls/", "GnuTLS", ["src/tls/", "src/quic/*.cpp", "src/quic/native.hpp", "test/"]),
    (r"^nettle/", "Nettle", ["src/tls/", "test/"]),
    (r"^ngtcp2/", "ngtcp2", ["src/quic/*.cpp", "src/quic/native.hpp", "test/", "fuzz/"]),
    (r"^(CLI/|toml\+\+/|spdlog/|fmt/)", "the command's libraries", ["src/tool/", "test/tool/"]),
    (r"^nlohmann/", "nlohmann-json", ["include/parley/json.hpp", "include/parley/detail/json*.hpp", "src/tool/", "examples/", "test/", "bench/", "fuzz/"]),
    (r"^(zlib\.h|zstd(_errors)?\.h|brotli/.*)$", "a content coding", ["src/coding/", "test/"]),
    (r"^(libpsl|idn2)\.h$", "public suffixes and IDN", ["src/client/", "test/"]),
    (r"^(gtest|gmock)/", "GoogleTest", ["test/"]),
    (r"^benchmark/", "Google Benchmark", ["bench/"]),
]
# Names that give a foreign library away even where its header came in by another.
FOREIGN_NAMES = [
    (r"(?<![\w:.])asio::", "Asio", ["include/parley/asio.hpp", "examples/", "test/", "bench/"]),
    (r"(?<!\w)nlohmann::", "nlohmann-json", ["include/parley/json.hpp", "include/parley/detail/json*.hpp", "src/tool/", "examples/", "test/", "bench/", "fuzz/"]),
    (r"(?<!\w)gnutls_\w+", "GnuTLS", ["src/tls/", "src/quic/", "test/"]),
    (r"(?<!\w)sqlite3_\w+", "SQLite", ["src/store/", "test/"]),
]

# Engines are sans-I/O: time, entropy and bytes are arguments.
SANS_IO = ["coding", "semantics", "engine", "fieldcode", "h1", "h2", "h3"]
SANS_IO_HEADERS = re.compile(
    r"^(sys/|netinet/|arpa/|net/|linux/|unistd\.h|fcntl\.h|poll\.h|netdb\.h|signal\.h|pthread\.h"
    r"|thread|mutex|shared_mutex|condition_variable|future|fstream|filesystem|random|iostream)"
)
SANS_IO_NAMES = re.compile(r"_clock::now\s*\(|std::random_device|(?<![\w:.>])(?:getrandom|gettimeofday|clock_gettime)\s*\(")

STD_HEADERS = set(
    """algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits
    clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint
    cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution expected filesystem format forward_list
    fstream functional future generator initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
    locale map mdspan memory memory_resource mutex new numbers numeric optional ostream print queue random ranges ratio
    regex scoped_allocator semaphore set shared_mutex source_location span spanstream sstream stack stacktrace stdexcept
    stdfloat stop_token streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex
    typeinfo unordered_map unordered_set utility valarray variant vector version flat_map flat_set""".split()
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)


def allowed_at(where: str, places: list[str]) -> bool:
    for place in places:
        if place.endswith("/") and where.startswith(place):
            return True
        if Path(where).match(place) and where.count("/") == place.count("/"):
            return True
    return False


def list_places(places: list[str]) -> str:
    own = [place for place in places if place.startswith(("src/", "include/"))]
    return " and ".join(own or places) if places else "nowhere"


class Checker:
    def __init__(self, root: Path):
        self.root = root
        self.problems: list[str] = []

    def problem(self, where: str, line: int, rule: str, way_out: str) -> None:
        self.problems.append(f"{where}:{line}: {rule}; {way_out}")

    def check_file(self, path: Path) -> None:
        where = path.relative_to(self.root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        with_strings = blank(text, strings=False)
        code = blank(text)
        for match in INCLUDE.finditer(with_strings):
            self.check_include(where, line_of(text, match.start()), match.group(1), match.group(2))
        for pattern, name, places in FOREIGN_NAMES:
            match = re.search(pattern, code)
            if match and not allowed_at(where, places):
                self.problem(where, line_of(text, match.start()), f"{match.group(0)} is {name}'s, which only {list_places(places)} may see",
                             "hide it behind an interface of that room")
        room = self.room_of(where)
        if room in SANS_IO:
            for match in SANS_IO_NAMES.finditer(code):
                self.problem(where, line_of(text, match.start()), f"src/{room} never asks for time or entropy ({match.group(0).strip('( ')})",
                             "take it as an argument, or through base's clock and random interfaces")

    def room_of(self, where: str) -> str | None:
        parts = where.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def check_include(self, where: str, line: int, angled: str | None, quoted: str | None) -> None:
        name = angled or quoted or ""
        for pattern, library, places in FOREIGN:
            if re.match(pattern, name):
                if not allowed_at(where, places):
                    self.problem(where, line, f"<{name}> is {library}, which only {list_places(places)} may include",
                                 "hide it behind an interface of that room")
                return
        if where.startswith("include/"):
            self.check_public(where, line, angled, quoted)
            return
        if name.startswith("parley/"):
            if quoted:
                self.problem(where, line, f'"{name}" is a public header', f"write #include <{name}>")
            return
        target = name.split("/")[0]
        room = self.room_of(where)
        if room and room in SANS_IO and SANS_IO_HEADERS.match(name) and angled:
            self.problem(where, line, f"<{name}> in src/{room}: engines and semantics touch no socket, clock, thread or file",
                         "take bytes, times and entropy as arguments")
            return
        if target not in ROOMS or "/" not in name:
            if room and quoted and not name.startswith(("embedded/", "demo/")):
                self.problem(where, line, f'"{name}" names no room', f'write our own headers as "{room}/{Path(name).name}", others in <>')
            elif room and room != "tool" and name.startswith(("embedded/", "demo/")):
                self.problem(where, line, f'"{name}" belongs to the command', "only src/tool may include it")
            return
        if angled and (self.root / "src" / target).is_dir() and (self.root / "src" / name).exists():
            self.problem(where, line, f"<{name}> is one of our rooms", f'write #include "{name}"')
        if where.startswith("examples/"):
            self.problem(where, line, f'"{name}" is not public', "examples show what users can write: use <parley/...> only")
        elif room:
            self.check_arrow(where, line, room, target, name)

    def check_arrow(self, where: str, line: int, room: str, target: str, name: str) -> None:
        if target == room or room not in ROOMS:
            return
        if target not in ROOMS[room]:
            may = ", ".join(ROOMS[room]) or "nothing but std"
            self.problem(where, line, f'src/{room} may not include "{name}": its arrows go to {may}',
                         f"move what both need down to a room that they share, or let an interface in src/{room} be implemented above")
            return
        pattern, meant = NARROW.get((room, target), ("", ""))
        if not re.search(pattern, Path(name).stem):
            self.problem(where, line, f'src/{room} may not include "{name}": {meant}', "move what is needed into such a file, or down to src/base")
        pattern, meant = ONLY_FROM.get((room, target), ("", ""))
        if not re.search(pattern, Path(where).name):
            self.problem(where, line, f'{where} may not include "{name}": {meant}', "use the public headers")

    def check_public(self, where: str, line: int, angled: str | None, quoted: str | None) -> None:
        name = angled or quoted or ""
        if quoted:
            self.problem(where, line, f'a public header includes "{name}"', "write <parley/...>: quoted paths depend on the user's folders")
        elif name.startswith("parley/"):
            if not (self.root / "include" / name).exists():
                self.problem(where, line, f"<{name}> does not exist in include/", "correct the name")
        elif name not in STD_HEADERS:
            self.problem(where, line, f"a public header includes <{name}>, which is not std's",
                         "keep foreign types in src/ behind a pointer to an implementation (only asio.hpp and json.hpp are opt-in bridges)")

    def check_cmake(self) -> None:
        path = self.root / "CMakeLists.txt"
        if not path.exists():
            return
        text = re.sub(r"#[^\n]*", lambda m: " " * len(m.group(0)), path.read_text(encoding="utf-8"))
        declared = set()
        for match in re.finditer(r"parley_(?:room\(\s*(\w+)|(tool)\()([^)]*)\)", text):
            room, arguments = match.group(1) or match.group(2), match.group(3)
            declared.add(room)
            line = line_of(text, match.start())
            if room not in ROOMS:
                self.problem("CMakeLists.txt", line, f"the room {room} is not in the table of tools/check_layers.py", "add its row there and in ARCHITECTURE.md")
                continue
            deps = re.search(r"\bDEPS\b(.*?)(?=\b[A-Z]{3,}\b|$)", arguments, re.DOTALL)
            for dep in (deps.group(1).split() if deps else []):
                if dep not in ROOMS[room]:
                    self.problem("CMakeLists.txt", line, f"parley_room({room}) names {dep}, which is no arrow of its row", "take it out of DEPS")
        for folder in sorted(p.name for p in (self.root / "src").glob("*") if p.is_dir() and any(p.glob("*.[ch]pp"))):
            if folder not in ROOMS:
                self.problems.append(f"src/{folder}: no such room in the table of tools/check_layers.py; add its row there and in ARCHITECTURE.md, or move its files")
            elif folder not in declared:
                self.problems.append(f"src/{folder}: CMakeLists.txt does not declare it; add parley_room({folder} DEPS ...)")


def main() -> int:
    checker = Checker(root_from_arguments())
    files = cxx_files(checker.root, "include", "src", "examples", "test", "fuzz", "bench")
    for path in files:
        checker.check_file(path)
    checker.check_cmake()
    return finish("layers", checker.problems, len(files))


if __name__ == "__main__":
    sys.exit(main())
