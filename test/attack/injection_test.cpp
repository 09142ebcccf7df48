// What a peer puts into heads: controls, folds, hosts, and what a handler echoes.
#include "attack/arena.hpp"

namespace parley::attack {
namespace {

using namespace std::string_view_literals;

TEST(attack_injection, heads_with_what_no_message_may_carry) {
  arena on;
  on.open();
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  struct row {
    std::string_view name;
    std::string bytes;
    std::string_view violation;
  };
  const std::vector<row> rows{
      {"NUL in a value", get + std::string("A: b\0c\r\n\r\n"sv), "control-character"},
      {"NUL in a name", get + std::string("A\0: b\r\n\r\n"sv), "control-character"},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"sv), "control-character"},
      {"an escape in a value", get + "A: \x1b[2J\r\n\r\n", "control-character"},
      {"DEL in a value", get + "A: \x7f\r\n\r\n", "control-character"},
      {"a fold", get + "A: b\r\n c\r\n\r\n", "obs-fold"},
      {"a fold with a tab", get + "A: b\r\n\tHost: y\r\n\r\n", "obs-fold"},
      {"white space before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "leading-white-space"},
      {"LF alone", "GET / HTTP/1.1\nHost: x\n\n", "bare-lf"},
      {"CR alone in a value", get + "A: b\rSet-Cookie: c\r\n\r\n", "bare-cr"},
      {"a space in a name", get + "A b: c\r\n\r\n", "bad-field-name"},
      {"no colon", get + "A\r\n\r\n", "missing-colon"},
      {"no name", get + ": a\r\n\r\n", "bad-field-name"},
      {"a space too many", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "bad-request-line"},
      {"a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", "bad-request-line"},
      {"a TLS handshake", "\x16\x03\x01\x02" + std::string("\0\x01\0\x01\xfc\x03\x03"sv) + std::string(40, 'x'),
       "tls-on-cleartext"},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "bad-request-line"},
  };
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    const std::string name = "violation." + std::string(r.violation);
    const std::uint64_t before = on.count(name);
    raw attacker(on.port);
    attacker.send(r.bytes);
    const std::string& said = attacker.until_close();
    EXPECT_TRUE(said.starts_with("HTTP/1.1 400 ")) << said;
    EXPECT_EQ(occurrences(said, "HTTP/1.1 "), 1u) << said;
    EXPECT_TRUE(on.counted(name, before + 1));
    EXPECT_EQ(on.count(name), before + 1) << said;
    EXPECT_TRUE(on.serves_others());
  }
}

TEST(attack_injection, hosts) {
  arena on;
  on.open();
  struct row {
    std::string_view name;
    std::string lines;
    std::string_view violation;
  };
  const std::vector<row> rows{
      {"none", "", "missing-host"},
      {"two that differ", "Host: a\r\nHost: b\r\n", "duplicate-host"},
      {"two that agree", "Host: a\r\nHost: a\r\n", "duplicate-host"},
      {"empty", "Host:\r\n", "bad-host"},
      {"with user information", "Host: admin@a\r\n", "bad-host"},
      {"with a path", "Host: a/b\r\n", "bad-host"},
      {"with a space", "Host: a b\r\n", "bad-host"},
      {"with a list", "Host: a, b\r\n", "bad-host"},
      {"with a port that is none", "Host: a:b\r\n", "bad-host"},
      {"with a port too large", "Host: a:65536\r\n", "bad-host"},
      {"with an open bracket", "Host: [::1\r\n", "bad-host"},
      {"empty beside a target with one", "Host: \r\nHost: a\r\n", "duplicate-host"},
  };
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    const std::string name = "violation." + std::string(r.violation);
    const std::uint64_t before = on.count(name);
    raw attacker(on.port);
    attacker.send("GET / HTTP/1.1\r\n" + r.lines + "\r\n");
    EXPECT_TRUE(attacker.until_close().starts_with("HTTP/1.1 400 ")) << attacker.received;
    EXPECT_TRUE(on.counted(name, before + 1));
    EXPECT_TRUE(on.serves_others());
  }
}

// RFC 9112 §3.2.2: a target in absolute-form replaces the Host field; nobody downstream may see the other.
TEST(attack_injection, an_absolute_target_wins_over_host) {
  arena on;
  on.app.route("GET /who", [](const request& req) { return text(std::string(req.authority())); });
  on.open();
  raw attacker(on.port);
  attacker.send("GET http://real.example/who HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(attacker.until_close().ends_with("\r\n\r\nreal.example")) << attacker.received;
  raw other_scheme(on.port);
  other_scheme.send("GET https://real.example/who HTTP/1.1\r\nHost: real.example\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other_scheme.until_close().starts_with("HTTP/1.1 421 ")) << other_scheme.received;
}

// Response splitting: whatever a handler echoes, one response leaves, without the attacker's field.
TEST(attack_injection, what_a_handler_echoes_cannot_split_a_response) {
  arena on;
  on.app.route("GET /value", [](const request& req) {
    response r = text("x");
    r.header("X-Echo", req.query("q").value_or(""));
    return r;
  });
  on.app.route("GET /name", [](const request& req) {
    response r = text("x");
    r.header(req.query("q").value_or(""), "x");
    return r;
  });
  on.app.route("GET /moved", [](const request& req) { return redirect(req.query("q").value_or("")); });
  on.app.route("GET /trailer", [](request& req) -> task<response> {
    const std::string value = req.query("q").value_or("");
    co_return stream(
        [value](body_writer& out) -> task<> {
          fields lines;
          lines.add("X-Echo", value);
          out.trailers(std::move(lines));
          auto writing = out.write("content");
          co_await writing;
        },
        "text/plain");
  });
  on.open();
  std::uint64_t errors = 0;
  for (const std::string path : {"/value", "/name", "/moved", "/trailer"}) {
    for (const std::string evil : {"a%0d%0aSet-Cookie:%20evil=1", "a%0aSet-Cookie:%20evil=1", "a%0dSet-Cookie:%20evil=1", "a%00b",
                                   "a%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0a%0d%0a"}) {
      SCOPED_TRACE(path + "?q=" + evil);
      raw attacker(on.port);
      attacker.send("GET " + path + "?q=" + evil + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      const std::string& said = attacker.until_close();
      EXPECT_EQ(occurrences(said, "HTTP/1.1 "), 1u) << said;
      EXPECT_EQ(said.find("Set-Cookie"), std::string::npos) << said;
      if (path == "/trailer") {
        EXPECT_FALSE(said.ends_with("0\r\n\r\n")) << "cut off: " << said;
      } else {
        EXPECT_TRUE(said.starts_with("HTTP/1.1 500 ")) << said;
      }
      EXPECT_TRUE(on.counted("handler_errors", ++errors));
    }
  }
  EXPECT_TRUE(on.serves_others());
  // And the messages about it are one line each, and not one for each request.
  const std::string messages = on.messages();
  EXPECT_EQ(occurrences(messages, " threw"), 10u) << messages;
  EXPECT_EQ(on.count("messages_left_out"), errors - 10);
}

}  // namespace
}  // namespace parley::attack
