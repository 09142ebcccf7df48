"""What the checkers share: reading C++ as text, finding our files, and saying what was found."""

import re
import sys
from pathlib import Path

_SKIP = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*        # comment to the end of the line
      | /\*.*?\*/                       # block comment
      | (?:u8|[uUL])?R"([^\s()\\"]{0,16})\(.*?\)\1"   # raw string
      | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*"    # string
      | (?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'  # character; 1'000 is none
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text: str, strings: bool = True) -> str:
    """The text with comments (and strings) blanked, every offset and line as before. Quotes stay, so "" is still seen."""

    def replace(match: re.Match) -> str:
        piece = match.group(0)
        if not piece.startswith("/"):
            if not strings:
                return piece
            first = piece.find('"') if '"' in piece[:4] else piece.find("'")
            inner = re.sub(r"[^\n]", " ", piece[first + 1 : -1])
            return " " * first + piece[first] + inner + piece[-1]
        return re.sub(r"[^\n]", " ", piece)

    return _SKIP.sub(replace, text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def cxx_files(root: Path, *folders: str) -> list[Path]:
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.suffix in (".hpp", ".cpp", ".h", ".cc", ".ipp") and path.is_file():
                found.append(path)
    return sorted(found)


def finish(name: str, problems: list[str], checked: int) -> int:
    """Prints the problems and returns the exit code."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} problems in {checked} files")
        return 1
    print(f"{name}: {checked} files hold the rule")
    return 0


def root_from_arguments() -> Path:
    """The tree to look at: the first argument, or the one that this script belongs to."""
    return Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
