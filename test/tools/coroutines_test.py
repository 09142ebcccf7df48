#!/usr/bin/env python3
"""tools/check_coroutines.py lets the allowed forms pass and names each forbidden one."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from check_coroutines import check_text  # noqa: E402

GOOD = [
    "co_await x;",
    "co_await x.read();",
    "auto v = co_await x.read(buffer, size);",
    "const auto v = co_await x->read(buffer);",
    "auto&& v = co_await x;",
    "auto [a, b] = co_await x.pair();",
    "std::map<int, std::string> m = co_await x;",
    "bool created = co_await customers.put(customer);",
    "auto customer = co_await req.json<customer_record>();",
    "v = co_await std::move(task);",
    "(void)co_await x;",
    "co_await parley::sleep(5ms);",
    'auto res = co_await http.get("https://localhost:8443/hello/ada", options);',
    "auto n = co_await stream.write(head.bytes(), *body, &counter, size - 1, i + 1);",
    "co_await this->run(std::move(a), std::forward<T>(b), static_cast<int>(c));",
    "co_await *pointer;",
    "co_await tasks[i];",
    "if (ready) co_await x;",
    "if constexpr (ready) { co_await x; } else co_await y;",
    "for (int i = 0; i < 3; ++i) co_await x;",
    "while (n > 0) { auto read = co_await x.read(); n -= read; }",
    "switch (a) { case 1: co_await x; break; default: co_await y; }",
    "try { co_await x; } catch (...) { throw; }",
    "auto f = [&]() -> task<void> { co_await x; };",
    "auto f = [&](int a) -> task<std::vector<int>> { auto v = co_await x; co_return v; };",
    "app.route(\"GET /\", [](request& r) -> task<response> { auto j = co_await r.text(); co_return text(j); });",
    "[](int& a) -> task<void> { co_await x; }(a);",
    "std::vector<int> list{1, 2}; co_await x;",
    "auto operator co_await() { return awaiter{this}; }",
    "// co_return co_await x;\nco_await y;",
    'log("co_await f({1})"); co_await y;',
    "int n = 1'000; co_await y; char c = 'a';",
    "co_return co_await x;  // coroutine-rule: x is a name and the value is trivial",
    "// coroutine-rule: measured with AddressSanitizer\nco_await f({1});",
    "auto result = co_await parley::when_any(std::move(a), std::move(b));",
]

BAD = [
    ("auto v = f(co_await x);", "call arguments"),
    ("f({co_await x});", "braced initialiser"),
    ("point p{co_await x, 2};", "braced initialiser"),
    ("auto p = point{co_await x};", "braced initialiser"),
    ("auto v = c ? co_await a : b;", "ternary"),
    ("auto v = co_await (c ? a : b);", "parenthesised"),
    ("auto v = co_await a ? b : c;", "ternary"),
    ("auto v = co_await f(c ? a : b);", "conditional"),
    ("if (co_await x) {}", "inside if"),
    ("if (auto v = co_await x; v) {}", "inside if"),
    ("while (co_await x.more()) {}", "inside while"),
    ("for (auto& v : co_await x) {}", "inside for"),
    ("switch (co_await x) {}", "inside switch"),
    ("co_return co_await x;", "named local"),
    ("co_return (co_await x).value;", "parentheses"),
    ("auto v = co_await x + 1;", "longer expression"),
    ("auto v = 1 + co_await x;", "named local"),
    ("auto v = co_await x && y;", "longer expression"),
    ("auto v = co_await x == y;", "longer expression"),
    ("auto v = !co_await x;", "named local"),
    ("auto v = (co_await x).size();", "parentheses"),
    ("auto v = co_await a.f(co_await b);", "more than one"),
    ("auto v = co_await a, w = co_await b;", "longer expression"),
    ("co_await f({1, 2});", "braced temporary"),
    ("co_await f(options{.a = 1});", "braced temporary"),
    ("co_await f(std::string(name));", "temporary"),
    ("co_await f(std::string_view(name), std::vector<int>(3));", "temporary"),
    ("co_await f(make_request(a));", "temporary"),
    ('co_await f("a" + name);', "string"),
    ("co_await f([&] { return 1; });", "lambda literal"),
    ("co_await f(a, [](int v) { return v; });", "lambda literal"),
    ("co_await [&]() -> task<void> { co_return; }();", "lambda literal"),
    ("co_await awaiter{this};", "braced temporary"),
    ("co_await connect(host).read();", "temporary"),
    ("this->value = co_await x;", "named local"),
    ("list[i] = co_await x;", "named local"),
    ("spawn([&]() -> task<void> { co_await x; }());", "on the spot"),
    ("EXPECT_EQ(co_await x, 1);", "call arguments"),
    ("co_await f(\n    a,\n    {1});", "braced temporary"),
]


class CoroutineRule(unittest.TestCase):
    def test_allowed_forms_pass(self):
        for sample in GOOD:
            for text in (sample, "task<void> f(int a) {\n" + sample + "\n}\n"):
                with self.subTest(text=text):
                    self.assertEqual(check_text(text), [])

    def test_forbidden_forms_are_named(self):
        for sample, word in BAD:
            with self.subTest(text=sample):
                found = check_text("task<void> f(int a) {\n" + sample + "\n}\n")
                self.assertTrue(found, "nothing was found")
                self.assertIn(word, found[0][1])
                self.assertEqual(found[0][0], 2)


if __name__ == "__main__":
    unittest.main()
