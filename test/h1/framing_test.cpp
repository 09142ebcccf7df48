// Where messages end: lengths, chunks, trailers, and every doubt about them.
#include "h1/framing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

constexpr std::string_view chunked_head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view chunked_request = "request 1 POST / HTTP/1.1 | Host: a | Transfer-Encoding: chunked\n";

struct content_row {
  std::string_view name;
  std::string_view wire;
  std::string_view log;
};

void expect_content(const std::vector<content_row>& rows) {
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server);
      answer_all(t);
      t.feed(row.wire, size);
      EXPECT_EQ(t.log, row.log) << row.name << ", in pieces of " << size;
    }
  }
}

/// A chunked body, and what it is: the data and trailers before the fault, then its name.
struct chunked_row {
  std::string_view body;
  std::string_view log;
};

void expect_chunked(const std::vector<chunked_row>& rows, const limits& caps = tester::default_limits()) {
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server, caps);
      answer_all(t);
      t.feed(std::string(chunked_head) + std::string(row.body), size);
      EXPECT_EQ(t.log, std::string(chunked_request) + std::string(row.log)) << row.body << ", in pieces of " << size;
    }
  }
}

TEST(h1_framing, length) {
  const std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
  const std::string_view seen = "request 1 POST / HTTP/1.1 | Host: a | Content-Length: ";
  const std::string_view next = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string_view next_seen = "request 2 GET / HTTP/1.1 | Host: a | end\n";
  expect_content({
      {"content, then a request", join({post, "5\r\n\r\nhello", next}), join({seen, "5\ndata 1 hello\ncomplete 1\n", next_seen})},
      {"zero", join({post, "0\r\n\r\n", next}), join({seen, "0 | end\n", next_seen})},
      {"leading zeros", join({post, "007\r\n\r\n1234567", next}), join({seen, "007\ndata 1 1234567\ncomplete 1\n", next_seen})},
      {"1.0", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
       "request 1 POST / HTTP/1.0 | Content-Length: 2\ndata 1 ab\ncomplete 1\n"},
      {"no field, no content", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 POST / HTTP/1.1 | Host: a | end\n"},
      {"GET with content", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
       "request 1 GET / HTTP/1.1 | Host: a | Content-Length: 1\ndata 1 x\ncomplete 1\n"},
  });
}

TEST(h1_framing, doubtful_framing_is_refused) {
  struct row {
    std::string_view fields;
    std::string_view name;
    int status = 400;
  };
  const std::vector<row> rows{
      {"Content-Length: 1\r\nContent-Length: 1\r\n", "duplicate-content-length"},
      {"Content-Length: 1\r\nContent-Length: 2\r\n", "duplicate-content-length"},
      {"Content-Length: 1, 1\r\n", "bad-content-length"},
      {"Content-Length: +1\r\n", "bad-content-length"},
      {"Content-Length: -1\r\n", "bad-content-length"},
      {"Content-Length: 0x1\r\n", "bad-content-length"},
      {"Content-Length: 1 1\r\n", "bad-content-length"},
      {"Content-Length: 1.0\r\n", "bad-content-length"},
      {"Content-Length:\r\n", "bad-content-length"},
      {"Content-Length: 18446744073709551616\r\n", "bad-content-length"},
      {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "length-and-transfer-encoding"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "length-and-transfer-encoding"},
      {"Transfer-Encoding: chunked, chunked\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding: chunked, gzip\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding: chunked;q=1\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding:\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding: \"chunked\"\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding: gzip\r\n", "unknown-transfer-coding", 501},
      {"Transfer-Encoding: gzip, chunked\r\n", "unknown-transfer-coding", 501},
      {"Transfer-Encoding: identity\r\n", "unknown-transfer-coding", 501},
      {"Transfer-Encoding: xchunked\r\n", "unknown-transfer-coding", 501},
      {"Transfer-Encoding: chunked,\r\n", "bad-transfer-encoding"},
      {"Transfer-Encoding : chunked\r\n", "space-before-colon"},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       "control-character"},
  };
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server);
      answer_all(t);
      t.feed("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(row.fields) + "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", size);
      EXPECT_EQ(t.log, "reset 1 " + std::to_string(row.status) + " " + std::string(row.name) + "\n")
          << row.fields << " in " << size;
    }
  }
  expect_content({{"1.0 has no Transfer-Encoding", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   "reset 1 400 transfer-encoding-in-1.0\n"}});
}

TEST(h1_framing, chunked) {
  expect_chunked({
      {"0\r\n\r\n", "complete 1\n"},
      {"5\r\nhello\r\n0\r\n\r\n", "data 1 hello\ncomplete 1\n"},
      {"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "data 1 hello world\ncomplete 1\n"},
      {"00A\r\n0123456789\r\n0\r\n\r\n", "data 1 0123456789\ncomplete 1\n"},
      {"a\r\n01\r\n234567\r\n0\r\n\r\n", "data 1 01\r\n234567\ncomplete 1\n"},
      {"3;a\r\nabc\r\n0;b=c;d=\"e;\\\"\"\r\n\r\n", "data 1 abc\ncomplete 1\n"},
      {"3;a;b = \"\";c=d ;e\r\nabc\r\n0\r\n\r\n", "data 1 abc\ncomplete 1\n"},
      {"3; a=\tb\r\nabc\r\n0\r\n\r\n", "data 1 abc\ncomplete 1\n"},
      {"0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "complete 1\nrequest 2 GET / HTTP/1.1 | Host: a | end\n"},
  });
}

TEST(h1_framing, trailers) {
  expect_chunked({
      {"1\r\nx\r\n0\r\nA: b\r\nC: d \r\n\r\n", "data 1 x\ntrailers 1 | A: b | C: d\ncomplete 1\n"},
      {"0\r\nDigest: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "trailers 1 | Digest: x\ncomplete 1\nrequest 2 GET / HTTP/1.1 | Host: a | end\n"},
      {"0\r\nContent-Length: 1\r\n\r\n", "reset 1 400 forbidden-trailer\n"},
      {"0\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n", "reset 1 400 forbidden-trailer\n"},
      {"0\r\nHost: b\r\n\r\n", "reset 1 400 forbidden-trailer\n"},
      {"0\r\n A: b\r\n\r\n", "reset 1 400 leading-white-space\n"},
      {"0\r\nA: b\r\n c\r\n\r\n", "reset 1 400 obs-fold\n"},
      {"0\r\nA : b\r\n\r\n", "reset 1 400 space-before-colon\n"},
      {"0\r\nA: b\n\r\n", "reset 1 400 bare-lf\n"},
      {"0\r\n\n", "reset 1 400 bare-lf\n"},
      {"0\r\nGET / HTTP/1.1\r\n\r\n", "reset 1 400 missing-colon\n"},
  });
}

TEST(h1_framing, chunks_that_are_not_exactly_right) {
  expect_chunked({
      {"\r\n", "reset 1 400 bad-chunk-size\n"},
      {"g\r\n", "reset 1 400 bad-chunk-size\n"},
      {"-1\r\n", "reset 1 400 bad-chunk-size\n"},
      {"+1\r\n", "reset 1 400 bad-chunk-size\n"},
      {"0x1\r\n", "reset 1 400 bad-chunk-size\n"},
      {" 1\r\n", "reset 1 400 bad-chunk-size\n"},
      {"1 \r\nx\r\n", "reset 1 400 bad-chunk-size\n"},
      {"1\t\r\nx\r\n", "reset 1 400 bad-chunk-size\n"},
      {"1 ;a\r\nx\r\n", "reset 1 400 bad-chunk-size\n"},
      {"1_0\r\n", "reset 1 400 bad-chunk-size\n"},
      {"10000000000000000\r\n", "reset 1 400 chunk-size-overflow\n"},
      {"fffffffffffffffff\r\n", "reset 1 400 chunk-size-overflow\n"},
      {"1;\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;;a\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a;\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;=a\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=b=c\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a b\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a \r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=\"b\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=\"b\"c\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=\"b\\\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a(b\r\nx\r\n", "reset 1 400 bad-chunk-extension\n"},
      {"1;a=\"\x01\"\r\nx\r\n", "reset 1 400 control-character\n"},
      {"1;a\x7f\r\nx\r\n", "reset 1 400 control-character\n"},
      {"1\nx\r\n", "reset 1 400 bare-lf\n"},
      {"1;a\nx\r\n", "reset 1 400 bare-lf\n"},
      {"1\rx\r\n", "reset 1 400 bare-cr\n"},
      {"1;a\r\r\n", "reset 1 400 bare-cr\n"},
      {"1\r\nx\n", "data 1 x\nreset 1 400 missing-chunk-end\n"},
      {"1\r\nxy\r\n", "data 1 x\nreset 1 400 missing-chunk-end\n"},
      {"1\r\nx\ry", "data 1 x\nreset 1 400 missing-chunk-end\n"},
      {"1\r\nx0\r\n\r\n", "data 1 x\nreset 1 400 missing-chunk-end\n"},
      {"0\n\r\n", "reset 1 400 bare-lf\n"},
  });
}

TEST(h1_framing, a_message_that_is_cut_off) {
  const std::vector<content_row> rows{
      {"nothing", "", ""},
      {"an empty line", "\r\n", ""},
      {"within the first line", "GET / HT", "reset 1 400 incomplete-head\n"},
      {"within a field", "GET / HTTP/1.1\r\nHost", "reset 1 400 incomplete-head\n"},
      {"before the empty line", "GET / HTTP/1.1\r\nHost: a\r\n", "reset 1 400 incomplete-head\n"},
      {"within content", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
       "request 1 POST / HTTP/1.1 | Host: a | Content-Length: 3\ndata 1 ab\nreset 1 400 incomplete-content\n"},
      {"within a chunk", join({chunked_head, "3\r\nab"}), join({chunked_request, "data 1 ab\nreset 1 400 incomplete-content\n"})},
      {"between chunks", join({chunked_head, "2\r\nab\r\n"}),
       join({chunked_request, "data 1 ab\nreset 1 400 incomplete-content\n"})},
      {"before the last empty line", join({chunked_head, "0\r\n"}), join({chunked_request, "reset 1 400 incomplete-content\n"})},
      {"within trailers", join({chunked_head, "0\r\nA: b\r\n"}), join({chunked_request, "reset 1 400 incomplete-content\n"})},
      {"after a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 GET / HTTP/1.1 | Host: a | end\n"},
  };
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server);
      answer_all(t);
      t.feed(row.wire, size);
      t.eof();
      EXPECT_EQ(t.log, row.log) << row.name << ", in pieces of " << size;
      (void)t.sent();
      EXPECT_TRUE(t.engine.wants_close()) << row.name;
      EXPECT_TRUE(t.engine.ended()) << row.name;
    }
  }
}

TEST(h1_framing, the_end_of_input_waits_for_requests_that_were_not_yet_read) {
  tester t(engine::role::server);
  t.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3");
  t.eof();
  EXPECT_EQ(t.log, "request 1 GET /1 HTTP/1.1 | Host: a | end\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), engine::content_length::no_content(), epoch));
  t.pump();
  ASSERT_TRUE(t.engine.send_response(2, response(200), engine::content_length::no_content(), epoch));
  EXPECT_FALSE(t.engine.wants_close());
  t.pump();
  EXPECT_EQ(t.log,
            "request 1 GET /1 HTTP/1.1 | Host: a | end\nrequest 2 GET /2 HTTP/1.1 | Host: a | end\nreset 3 400 incomplete-head\n");
}

TEST(h1_framing, a_half_closed_client_is_answered_and_told_of_the_close) {
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  t.eof();
  EXPECT_FALSE(t.engine.wants_close());
  ASSERT_TRUE(t.engine.send_response(1, response(200), engine::content_length::no_content(), epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(t.engine.ended());
}

}  // namespace
}  // namespace parley::h1::test
