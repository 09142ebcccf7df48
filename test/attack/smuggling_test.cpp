// Attacks on where a message ends: what one side takes for content and another for the next request.
#include "attack/arena.hpp"

namespace parley::attack {
namespace {

struct row {
  std::string name;
  std::string bytes;  // a request for /smuggled follows
  int status;
  std::string violation;
};

const std::string next = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";

/// Each is refused with one answer, counted by its name, and nothing behind it is read as a request; while the attacker's connection is
/// still there, others are served.
void refused(arena& on, const std::vector<row>& rows) {
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    const std::string name = "violation." + r.violation;
    const std::uint64_t before = on.count(name);
    raw attacker(on.port);
    attacker.send(r.bytes + next);
    const std::string& said = attacker.until_close();
    EXPECT_TRUE(said.starts_with("HTTP/1.1 " + std::to_string(r.status) + " ")) << said;
    EXPECT_EQ(occurrences(said, "HTTP/1.1 "), 1u) << said;
    EXPECT_NE(said.find("Connection: close\r\n"), std::string::npos) << said;
    EXPECT_TRUE(on.counted(name, before + 1));
    EXPECT_EQ(on.count(name), before + 1);
    EXPECT_TRUE(on.serves_others());
  }
  EXPECT_EQ(on.smuggled, 0);
}

TEST(attack_smuggling, two_framings) {
  arena on;
  on.open();
  refused(
      on,
      {
          {"CL.TE", post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400,
           "length-and-transfer-encoding"},
          {"TE.CL", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST", 400,
           "length-and-transfer-encoding"},
          {"TE.TE, doubled", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
           "bad-transfer-encoding"},
          {"TE.TE, identity behind", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, "bad-transfer-encoding"},
          {"TE.TE, a second line", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400,
           "bad-transfer-encoding"},
          {"TE.TE, another word", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "unknown-transfer-coding"},
          {"TE.TE, quoted", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, "bad-transfer-encoding"},
          {"TE.TE, a space before the colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, "space-before-colon"},
          {"TE.TE, a vertical tab",
           post + "Transfer-Encoding: \x0b"
                  "chunked\r\n\r\n0\r\n\r\n",
           400, "control-character"},
          {"TE.TE, folded", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400, "obs-fold"},
          {"TE.TE, behind a bare LF", post + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bare-lf"},
          {"TE.TE, behind a bare CR", post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bare-cr"},
          {"TE.TE, gzip before it", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "unknown-transfer-coding"},
          {"TE in 1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
           "transfer-encoding-in-1.0"},
      });
}

TEST(attack_smuggling, lengths) {
  arena on;
  on.open();
  std::vector<row> rows{
      {"two that agree", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, "duplicate-content-length"},
      {"two that differ", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "duplicate-content-length"},
  };
  for (const std::string value : {"5, 5", "5,6", "+5", "-1", "0x5", "5 5", "5;", "", "5a", "18446744073709551616", "1e1", "\xb2"}) {
    rows.push_back({"Content-Length: " + value, post + "Content-Length: " + value + "\r\n\r\nhello", 400, "bad-content-length"});
  }
  rows.push_back({"a space before the colon", post + "Content-Length : 5\r\n\r\nhello", 400, "space-before-colon"});
  refused(on, rows);
}

TEST(attack_smuggling, chunks) {
  arena on;
  on.open();
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  refused(on, {
                  {"LF alone behind the size", chunked + "5\nhello\r\n0\r\n\r\n", 400, "bare-lf"},
                  {"LF alone within an extension", chunked + "5;a\nGET\r\nhello\r\n0\r\n\r\n", 400, "bare-lf"},
                  {"CR alone behind the size", chunked + "5\rxhello\r\n0\r\n\r\n", 400, "bare-cr"},
                  {"a space behind the size", chunked + "5 \r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-size"},
                  {"a space before the size", chunked + " 5\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-size"},
                  {"a bare semicolon", chunked + "5;\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-extension"},
                  {"an extension that is no token", chunked + "5;a b\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-extension"},
                  {"an extension without a value", chunked + "5;a=\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-extension"},
                  {"a prefix", chunked + "0x5\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-size"},
                  {"a sign", chunked + "-5\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-size"},
                  {"no size", chunked + "\r\nhello\r\n0\r\n\r\n", 400, "bad-chunk-size"},
                  {"beyond 64 bits", chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n", 400, "chunk-size-overflow"},
                  {"more data than the size", chunked + "5\r\nhelloXX0\r\n\r\n", 400, "missing-chunk-end"},
                  {"LF alone behind the data", chunked + "5\r\nhello\n0\r\n\r\n", 400, "missing-chunk-end"},
                  {"framing in a trailer", chunked + "0\r\nContent-Length: 50\r\n\r\n", 400, "forbidden-trailer"},
                  {"LF alone in a trailer", chunked + "0\r\nA: b\n\r\n", 400, "bare-lf"},
              });
}

TEST(attack_smuggling, chunk_limits) {
  limits caps;
  caps.chunk_line = 64;
  caps.chunk_extensions = 100;
  caps.trailers = 100;
  caps.trailer_count = 2;
  arena on(caps);
  on.open();
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  std::string many;
  for (int i = 0; i < 10; ++i) many += "1;abcdefghijklmnopqrst\r\nx\r\n";
  refused(on, {
                  {"one long line", chunked + "5;" + std::string(100, 'a') + "\r\nhello\r\n0\r\n\r\n", 400, "chunk-line-too-long"},
                  {"many extensions", chunked + many + "0\r\n\r\n", 400, "chunk-extensions-too-long"},
                  {"long trailers", chunked + "0\r\nA: " + std::string(200, 'b') + "\r\n\r\n", 431, "trailers-too-large"},
                  {"many trailers", chunked + "0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", 431, "too-many-trailers"},
              });
  for (const char* name : {"limit.chunk_line", "limit.chunk_extensions", "limit.trailers", "limit.trailer_count"}) {
    EXPECT_EQ(on.count(name), 1u) << name;
  }
}

// 0.CL, CL.0: what a handler left unread is content all the same, also behind a GET, and never the next request.
TEST(attack_smuggling, content_that_a_handler_leaves_unread_is_no_request) {
  arena on;
  on.app.route("* /ignores", [](request&) -> task<response> { co_return text("ignored"); });
  on.open();
  for (const std::string method : {"GET", "POST"}) {
    for (const std::string path : {"/", "/ignores"}) {
      SCOPED_TRACE(method + " " + path);
      raw attacker(on.port);
      attacker.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(next.size()) + "\r\n\r\n" +
                    next);
      EXPECT_EQ(attacker.response(), 200);
      attacker.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      EXPECT_EQ(attacker.response(), 200) << "the connection is in step";
      EXPECT_EQ(attacker.last_content, "hello");
      EXPECT_EQ(attacker.until_close(), "");
    }
  }
  EXPECT_EQ(on.smuggled, 0);
  EXPECT_TRUE(on.serves_others());
}

TEST(attack_smuggling, more_unread_content_than_is_worth_reading_closes) {
  limits caps;
  caps.drain = 1000;
  caps.receive_window = 500;  // so that it is not all here before the handler has ended
  arena on(caps);
  on.app.route("* /ignores", [](request&) -> task<response> { co_return text("ignored"); });
  on.open();
  const std::string filler(2000, 'x');
  const std::string length = "Content-Length: " + std::to_string(filler.size() + next.size()) + "\r\n\r\n";
  for (const std::string& content : {length + filler, "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + filler + "\r\n0\r\n\r\n"}) {
    raw attacker(on.port);
    attacker.send("POST /ignores HTTP/1.1\r\nHost: x\r\n" + content + next);
    const std::string& said = attacker.until_close();
    EXPECT_EQ(occurrences(said, "HTTP/1.1 "), 1u) << said;
  }
  EXPECT_TRUE(on.counted("limit.drain", 2));
  EXPECT_EQ(on.count("violation.drain-exceeded"), 2u);
  EXPECT_EQ(on.smuggled, 0);
  EXPECT_TRUE(on.serves_others());
}

// A final response that comes without a 100 leaves open whether content follows: nothing may be read as a request behind it.
TEST(attack_smuggling, expect_desync) {
  arena on;
  on.app.route("* /ignores", [](request&) -> task<response> { co_return text("ignored"); });
  on.open();
  raw attacker(on.port);
  attacker.send("POST /ignores HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(next.size()) +
                "\r\n\r\n");
  EXPECT_EQ(attacker.response(), 200);
  EXPECT_NE(attacker.last_head.find("Connection: close\r\n"), std::string::npos) << attacker.last_head;
  attacker.send(next);
  EXPECT_EQ(attacker.until_close(), "");

  refused(on,
          {{"another expectation", post + "Expect: y 100-continue\r\nContent-Length: 5\r\n\r\nhello", 417, "unknown-expectation"},
           {"two of them", post + "Expect: 100-continue, x\r\nContent-Length: 5\r\n\r\nhello", 417, "unknown-expectation"}});
  EXPECT_EQ(on.smuggled, 0);
}

TEST(attack_smuggling, an_early_answer_closes) {
  limits caps;
  caps.content = 10;
  arena on(caps);
  on.open();
  raw attacker(on.port);
  attacker.send(post + "Content-Length: 200000\r\n\r\n" + next + std::string(200'000 - next.size(), 'x') + next);
  const std::string& said = attacker.until_close();
  EXPECT_TRUE(said.starts_with("HTTP/1.1 413 ")) << said;
  EXPECT_EQ(occurrences(said, "HTTP/1.1 "), 1u) << said;
  EXPECT_TRUE(on.counted("limit.content", 1));
  EXPECT_EQ(on.smuggled, 0);
  EXPECT_TRUE(on.serves_others());
}

}  // namespace
}  // namespace parley::attack
