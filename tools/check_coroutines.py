#!/usr/bin/env python3
"""Finds what a script can see of the house rule for co_await. g++ 12 miscompiles some coroutines (double frees, found with
AddressSanitizer): temporaries of an awaited expression are what it gets wrong.

    tools/check_coroutines.py [ROOT]

Allowed:  co_await x;    auto v = co_await x.f(named, operands);    v = co_await std::move(task);
So: one co_await a statement; its operands named first; its result in a named local; none inside (), [] or {}, a ternary
or a condition; no lambda with captures that is called on the spot and suspends. A comment
`// coroutine-rule: <reason>` on the line, or on one of its own just above, lets a line pass.
"""

import re
import sys
from pathlib import Path

from cxx_text import blank, cxx_files, finish, line_of, root_from_arguments

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|\"\s*\"|'\s*'|::|->|&&|\|\||[<>=!+\-*/%&|^]=|\S")
WORD = re.compile(r"[A-Za-z_]\w*$")
OPEN = {"(": ")", "[": "]", "{": "}"}
EXCUSE = re.compile(r"//\s*coroutine-rule:\s*\S")
# Calls that make no temporary of their own.
CASTS = {"move", "forward", "ref", "cref", "static_cast", "exchange", "addressof", "as_const", "sizeof"}


class Code:
    """A file as tokens, with the partner of every bracket."""

    def __init__(self, text: str):
        code = re.sub(r"^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), blank(text), flags=re.MULTILINE)
        self.at = []
        self.token = []
        for match in TOKEN.finditer(code):
            self.token.append(match.group(0))
            self.at.append(match.start())
        self.partner: dict[int, int] = {}
        self.outer: list[int] = []  # the innermost open bracket around each token, or -1
        stack: list[int] = []
        for i, token in enumerate(self.token):
            self.outer.append(stack[-1] if stack else -1)
            if token in OPEN:
                stack.append(i)
            elif token in OPEN.values():
                while stack:
                    opener = stack.pop()
                    if OPEN[self.token[opener]] == token:
                        self.partner[i], self.partner[opener] = opener, i
                        self.outer[i] = self.outer[opener]
                        break

    def get(self, i: int) -> str:
        return self.token[i] if 0 <= i < len(self.token) else ""

    def is_block(self, brace: int) -> bool:
        """Whether this { opens statements, and not the braces of an initialiser."""
        i = brace - 1
        before = self.get(i)
        if before in (";", "{", "}", ")", ":", "", "]") or before in ("else", "do", "try", "mutable", "noexcept", "const", "override", "final"):
            return True
        if before in ("=", "(", ",", "return", "co_return", "?", "&&", "||", "co_await"):
            return False
        # The end of a trailing return type? Walk back over what a type is made of.
        while i >= 0 and (WORD.match(self.token[i]) or self.token[i] in ("::", "<", ">", "*", "&", ",", "&&", "->", "...", ")", "]", ".")):
            if self.token[i] == "->":
                return self.get(i - 1) in (")", "mutable", "noexcept", "constexpr", "const")
            if self.token[i] in ("struct", "class", "union", "namespace", "enum"):
                return True
            if self.token[i] in (")", "]"):
                i = self.partner.get(i, i)
            i -= 1
        return False

    def statement_start(self, i: int) -> int:
        """The first token of the statement that token i stands in, at i's bracket depth."""
        i -= 1
        while i >= 0:
            token = self.token[i]
            if token == ";" or token in OPEN:
                return i + 1
            if token == "}":
                opener = self.partner.get(i, i)
                if self.is_block(opener) and not self.is_lambda_body(opener):
                    return i + 1
                i = opener
            elif token in (")", "]"):
                i = self.partner.get(i, i)
            elif token == ":" and self.get(i - 1) in ("default",):
                return i + 1
            i -= 1
        return 0

    def is_lambda_body(self, brace: int) -> int:
        """The opening [ of the lambda whose body this is, or 0."""
        i = brace - 1
        while i > 0:
            token = self.token[i]
            if token == "]":
                opener = self.partner.get(i, 0)
                before = self.get(opener - 1)
                if before == "]" or WORD.match(before) and before not in ("return", "co_return", "co_await", "case"):
                    return 0
                return opener
            if token == ")":
                i = self.partner.get(i, i)
                if WORD.match(self.get(i - 1)) and self.get(i - 1) not in ("noexcept",):
                    return 0
            elif not (WORD.match(token) or token in ("->", "::", "<", ">", "*", "&", "&&", ",", "...")):
                return 0
            i -= 1
        return 0


def strip_controls(code: Code, start: int, end: int) -> int:
    """Skips `if (...)`, `else`, `for (...)`, `case X:` and labels in front of a statement."""
    while start < end:
        token = code.get(start)
        if token in ("else", "do"):
            start += 1
        elif token in ("if", "while", "for", "switch"):
            start += 1
            if code.get(start) == "constexpr":
                start += 1
            start = code.partner.get(start, end) + 1
        elif token == "case":
            while start < end and code.get(start) != ":":
                start += 1
            start += 1
        elif code.get(start + 1) == ":" and WORD.match(token):
            start += 2
        elif token == "[" and code.get(start + 1) == "[":
            start = code.partner.get(start, end) + 1
        else:
            break
    return start


def check_prefix(code: Code, start: int, end: int) -> str | None:
    """What stands between the start of the statement and co_await."""
    start = strip_controls(code, start, end)
    words = code.token[start:end]
    if not words or words == ["(", "void", ")"]:
        return None
    if words[0] in ("return", "co_return", "co_yield", "throw"):
        return f"{words[0]} of an awaited expression: put the result in a named local first, then {words[0]} it"
    if "?" in words:
        return "co_await inside a ternary: write if and else"
    if words[-1] != "=":
        return f"'{words[-1]} co_await': put the result in a named local first"
    left = words[:-1]
    if any(word in ("=", "&&", "||", "==", "!=", "+", "-") for word in left[1:]) and "<" not in left:
        if not (left[0] in ("auto", "const") and "&&" in left):
            return "co_await in a longer expression: put the result in a named local first"
    if any(word in (".", "->") for word in left) or left[-1] == "]" and left[0] not in ("auto", "const"):
        return "the result of co_await goes straight into a member or element: put it in a named local first"
    return None


def check_arguments(code: Code, first: int, last: int) -> str | None:
    """The operands of an awaited call: names, literals, accessors without arguments, std::move."""
    i = first
    while i < last:
        token = code.token[i]
        before = code.get(i - 1)
        if token == "co_await":
            return "more than one co_await in a statement: split it"
        if token == "?":
            return "a conditional expression as operand of an awaited call: name it first"
        if token == "[" and before in ("(", ",", "=", "return"):
            return "a lambda literal as operand of an awaited call: name it first"
        if token == "{":
            return "a braced temporary as operand of an awaited call: name it first"
        if token == "+" and (code.get(i + 1)[:1] in "\"'" or before[:1] in "\"'"):
            return "a string is put together inside an awaited call: name it first"
        if token == "(":
            callee = i - 1
            if code.get(callee) == ">":
                callee = open_angle(code, callee) - 1
            name = code.get(callee)
            if WORD.match(name) and name not in CASTS:
                if i + 1 != code.partner.get(i, i) or code.get(callee - 1) not in (".", "->"):
                    return f"'{name}(...)' makes a temporary inside an awaited call: name it first"
        i += 1
    return None


def open_angle(code: Code, close: int) -> int:
    depth = 0
    i = close
    while i >= 0 and i > close - 60:
        if code.token[i] == ">":
            depth += 1
        elif code.token[i] == "<":
            depth -= 1
            if depth == 0:
                return i
        i -= 1
    return close


def close_angle(code: Code, start: int) -> int:
    """The end of a template argument list that starts at `<`, or start when it is a comparison."""
    depth = 0
    for i in range(start, min(start + 60, len(code.token))):
        token = code.token[i]
        if token == "<":
            depth += 1
        elif token == ">":
            depth -= 1
            if depth == 0:
                return i if code.get(i + 1) in ("(", "{", "::") else start
        elif not (WORD.match(token) or token in ("::", ",", "*", "&", "[", "]", "...") or token[0].isdigit()):
            return start
    return start


def check_operand(code: Code, start: int) -> tuple[str | None, int]:
    """The awaited expression from its first token; returns the problem and where the expression ends."""
    i = start
    while code.get(i) in ("*", "&"):
        i += 1
    if code.get(i) == "[":
        return "a lambda literal is awaited: name it first", i
    if code.get(i) == "(":
        return "a parenthesised expression is awaited: name it first", i
    calls = 0
    while True:
        token = code.get(i)
        if token == "co_await":
            return "more than one co_await in a statement: split it", i
        if token == "(":
            close = code.partner.get(i, i)
            problem = check_arguments(code, i + 1, close)
            if problem:
                return problem, close
            if close > i + 1:
                name = code.get(i - 1)
                calls += name not in CASTS
                if code.get(close + 1) in (".", "->") and name not in CASTS:
                    return f"'{name}(...)' is a temporary that another call is awaited on: name it first", close
            i = close
        elif token == "{":
            return "a braced temporary is awaited: name it first", i
        elif token == "[":
            i = code.partner.get(i, i)
        elif token == "<":
            end = close_angle(code, i)
            if end == i:
                return "co_await in a longer expression: put the result in a named local first", i
            i = end
        elif token == ";" or token == "":
            return None, i
        elif not (WORD.match(token) or token in ("::", ".", "->")):
            if token == "?":
                return "co_await inside a ternary: write if and else", i
            return f"co_await in a longer expression ('{token}' follows): put the result in a named local first", i
        i += 1


def check_await(code: Code, i: int) -> str | None:
    around = code.outer[i]
    if around >= 0:
        bracket = code.token[around]
        if bracket == "(":
            head = code.get(around - 1)
            if head in ("if", "while", "for", "switch", "constexpr"):
                return f"co_await inside {head} (...): put the result in a named local before it"
            return "co_await inside parentheses or call arguments: put the result in a named local first"
        if bracket == "[":
            return "co_await inside []: put the result in a named local first"
        if not code.is_block(around):
            return "co_await inside a braced initialiser: put the result in a named local first"
    problem = check_prefix(code, code.statement_start(i), i)
    if problem:
        return problem
    problem, end = check_operand(code, i + 1)
    return problem


def called_on_the_spot(code: Code, i: int) -> str | None:
    """A lambda with captures that suspends and is called where it stands: the captures die before it resumes."""
    brace = code.outer[i]
    while brace >= 0:
        lambda_start = code.is_lambda_body(brace) if code.token[brace] == "{" else 0
        if lambda_start:
            captures = code.partner.get(lambda_start, lambda_start) > lambda_start + 1
            if captures and code.get(code.partner.get(brace, -2) + 1) == "(":
                return "a lambda with captures suspends and is called on the spot: its captures die first; name the lambda, or pass them as arguments"
            return None
        brace = code.outer[brace]
    return None


def check_text(text: str) -> list[tuple[int, str]]:
    code = Code(text)
    lines = text.splitlines()
    found = []
    for i, token in enumerate(code.token):
        if token != "co_await" or code.get(i - 1) == "operator":
            continue
        line = line_of(text, code.at[i])
        above = lines[line - 2] if line > 1 else ""
        if EXCUSE.search(lines[line - 1]) or (above.lstrip().startswith("//") and EXCUSE.search(above)):
            continue
        problem = check_await(code, i) or called_on_the_spot(code, i)
        if problem:
            found.append((line, problem))
    return found


def main() -> int:
    root = root_from_arguments()
    files = cxx_files(root, "src", "examples", "include", "test", "bench", "fuzz")
    problems = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        if "co_await" not in text:
            continue
        for line, problem in check_text(text):
            problems.append(f"{path.relative_to(root).as_posix()}:{line}: {problem}")
    return finish("coroutines", problems, len(files))


if __name__ == "__main__":
    sys.exit(main())
