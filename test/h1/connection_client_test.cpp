// What a client engine makes of responses.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::content_length;

struct response_row {
  std::string_view name;
  std::string_view wire;
  std::string_view log;
  bool eof = false;        // the server closes behind it
  bool persistent = true;  // another request can be sent afterwards
  parley::method method = parley::method::get;
  std::string_view upgrade = {};
};

void expect_responses(const std::vector<response_row>& rows) {
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::client);
      auto head = request(row.method, row.method == parley::method::connect ? "a:80" : "/", "a");
      if (!row.upgrade.empty()) head.fields.add("Upgrade", row.upgrade);
      ASSERT_TRUE(t.engine.send_request(head, content_length::no_content(), epoch));
      (void)t.sent();
      t.feed(row.wire, size);
      if (row.eof) t.eof();
      EXPECT_EQ(t.log, row.log) << row.name << ", in pieces of " << size;
      EXPECT_EQ(t.engine.can_send_request(), row.persistent) << row.name;
    }
  }
}

TEST(h1_responses, content) {
  expect_responses({
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
       "response 1 200 OK HTTP/1.1 | Content-Length: 2\ndata 1 ab\ncomplete 1\n"},
      {"length zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "response 1 200 OK HTTP/1.1 | Content-Length: 0 | end\n"},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
       "response 1 200 OK HTTP/1.1 | Transfer-Encoding: chunked\ndata 1 x\ntrailers 1 | A: b\ncomplete 1\n"},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nabc", "response 1 200 OK HTTP/1.1\ndata 1 abc\ncomplete 1\n", true, false},
      {"until close, without content", "HTTP/1.1 200 OK\r\n\r\n", "response 1 200 OK HTTP/1.1\ncomplete 1\n", true, false},
      {"204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
       "response 1 204 No Content HTTP/1.1 | Content-Length: 5 | end\n"},
      {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
       "response 1 304 Not Modified HTTP/1.1 | Content-Length: 5 | end\n"},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "response 1 200 OK HTTP/1.1 | Transfer-Encoding: chunked | end\n", false, true, parley::method::head},
  });
}

TEST(h1_responses, persistence) {
  expect_responses({
      {"close", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
       "response 1 200 OK HTTP/1.1 | Content-Length: 0 | Connection: close | end\n", false, false},
      {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "response 1 200 OK HTTP/1.0 | Content-Length: 0 | end\n", false,
       false},
      {"1.0 kept alive", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
       "response 1 200 OK HTTP/1.0 | Content-Length: 0 | Connection: keep-alive | end\n", false, true},
      {"1.0 kept alive without length", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nab",
       "response 1 200 OK HTTP/1.0 | Connection: keep-alive\ndata 1 ab\ncomplete 1\n", true, false},
      {"a higher minor version", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
       "response 1 200 OK HTTP/1.1 | Content-Length: 0 | end\n"},
  });
}

TEST(h1_responses, interim) {
  expect_responses({
      {"100 and 103", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
       "response 1 100 Continue HTTP/1.1 | interim\nresponse 1 103 Early Hints HTTP/1.1 | Link: </a> | interim\n"
       "response 1 204 No Content HTTP/1.1 | end\n"},
      {"101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "reset 1 502 unexpected-upgrade\n",
       false, false},
      {"101", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw\r\n",
       "response 1 101 Switching Protocols HTTP/1.1 | Connection: upgrade | Upgrade: x\ndetached 1\ndata 1 raw\r\n\ncomplete 1\n",
       true, false, parley::method::get, "x"},
      {"an upgrade declined", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       "response 1 200 OK HTTP/1.1 | Content-Length: 0 | end\n", false, true, parley::method::get, "x"},
      {"CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nraw",
       "response 1 200 OK HTTP/1.1 | Content-Length: 5\ndetached 1\ndata 1 raw\ncomplete 1\n", true, false,
       parley::method::connect},
      {"CONNECT refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
       "response 1 403 Forbidden HTTP/1.1 | Content-Length: 2\ndata 1 no\ncomplete 1\n", false, true, parley::method::connect},
  });
}

TEST(h1_responses, status_lines) {
  expect_responses({
      {"no reason", "HTTP/1.1 204 \r\n\r\n", "response 1 204  HTTP/1.1 | end\n"},
      {"no reason and no space", "HTTP/1.1 204\r\n\r\n", "response 1 204  HTTP/1.1 | end\n"},
      {"any reason", "HTTP/1.1 204 \xc3\xa9 \t!\r\n\r\n", "response 1 204 \xc3\xa9 \t! HTTP/1.1 | end\n"},
      {"unknown status", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", "response 1 999 x HTTP/1.1 | Content-Length: 0 | end\n"},
  });
  for (const std::string_view wire :
       {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 020 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 200OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1\t200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "ICY 200 OK\r\n\r\n",
        "HTTP/11 200 OK\r\n\r\n", "<html>\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"}) {
    expect_responses({{wire, wire, "reset 1 502 bad-status-line\n", false, false}});
  }
  expect_responses({{"2", "HTTP/2.0 200 OK\r\n\r\n", "reset 1 502 version-not-supported\n", false, false}});
}

TEST(h1_responses, a_folded_field_is_read_with_spaces) {
  expect_responses({
      {"folds", "HTTP/1.1 204 x\r\nA: b\r\n c\r\n\td \r\nE:\r\n f\r\nG: h\r\n \r\n\r\n",
       "response 1 204 x HTTP/1.1 | A: b   c  \td | E: f | G: h | end\n"},
      {"before the first field", "HTTP/1.1 204 x\r\n A: b\r\n\r\n", "reset 1 502 leading-white-space\n", false, false},
  });
}

TEST(h1_responses, faults) {
  expect_responses({
      {"both framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "reset 1 502 length-and-transfer-encoding\n", false, false},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "reset 1 502 duplicate-content-length\n",
       false, false},
      {"a coding we do not read", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "reset 1 502 unknown-transfer-coding\n",
       false, false},
      {"1.0 chunked", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "reset 1 502 transfer-encoding-in-1.0\n", false,
       false},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\n", "reset 1 502 bare-lf\n", false, false},
      {"closed", "", "reset 1 502 closed-before-response\n", true, false},
      {"closed after 100", "HTTP/1.1 100 x\r\n\r\n", "response 1 100 x HTTP/1.1 | interim\nreset 1 502 closed-before-response\n",
       true, false},
      {"closed within the head", "HTTP/1.1 200", "reset 1 502 incomplete-head\n", true, false},
      {"closed within content", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
       "response 1 200 OK HTTP/1.1 | Content-Length: 2\ndata 1 a\nreset 1 502 incomplete-content\n", true, false},
      {"closed within chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
       "response 1 200 OK HTTP/1.1 | Transfer-Encoding: chunked\ndata 1 a\nreset 1 502 incomplete-content\n", true, false},
  });
}

TEST(h1_responses, what_nobody_asked_for_ends_the_connection) {
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::client);
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
    t.feed("HTTP/1.1 204 x\r\n\r\n\r\nHTTP/1.1 204 y\r\n\r\n", size);
    EXPECT_EQ(t.log, "response 1 204 x HTTP/1.1 | end\n") << "an empty line is dropped, a response is not delivered";
    ASSERT_TRUE(t.engine.error());
    EXPECT_EQ(t.engine.error()->name, "unsolicited-response");
    (void)t.sent();
    EXPECT_TRUE(t.engine.ended());
  }
}

TEST(h1_responses, a_pipeline_is_answered_in_order) {
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::client, tester::default_limits(), {.pipeline = 4});
    for (const auto method : {parley::method::get, parley::method::head, parley::method::get}) {
      ASSERT_TRUE(t.engine.can_send_request());
      ASSERT_TRUE(t.engine.send_request(request(method, "/", "a"), content_length::no_content(), epoch));
    }
    t.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nHTTP/1.1 204 y\r\n\r\n", size);
    EXPECT_EQ(t.log,
              "response 1 200 OK HTTP/1.1 | Content-Length: 1\ndata 1 x\ncomplete 1\n"
              "response 2 200 OK HTTP/1.1 | Content-Length: 1 | end\nresponse 3 204 y HTTP/1.1 | end\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h1_responses, the_pipeline_is_bounded_and_a_close_loses_its_rest) {
  tester t(engine::role::client, tester::default_limits(), {.pipeline = 3});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
  }
  EXPECT_FALSE(t.engine.can_send_request());
  EXPECT_EQ(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch).error(),
            engine::misuse::too_many_streams);
  t.feed("HTTP/1.1 204 x\r\nConnection: close\r\n\r\nHTTP/1.1 204 x\r\n\r\n");
  EXPECT_EQ(t.log, "response 1 204 x HTTP/1.1 | Connection: close | end\nreset 2 502 not-answered\nreset 3 502 not-answered\n");
  EXPECT_EQ(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch).error(),
            engine::misuse::closing);
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_responses, nothing_follows_a_request_that_may_switch) {
  tester t(engine::role::client, tester::default_limits(), {.pipeline = 3});
  ASSERT_TRUE(
      t.engine.send_request(request(parley::method::get, "/", "a", {{"Upgrade", "x"}}), content_length::no_content(), epoch));
  EXPECT_FALSE(t.engine.can_send_request());
}

TEST(h1_responses, simple) {
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::client);
    ASSERT_TRUE(
        t.engine.send_request(request(parley::method::get, "/x", "a", {}, parley::http0_9), content_length::no_content(), epoch));
    EXPECT_EQ(t.sent(), "GET /x\r\n");
    t.feed("HTTP/1.0 is just content here\r\n", size);
    t.eof();
    EXPECT_EQ(t.log, "response 1 200  HTTP/0.9\ndata 1 HTTP/1.0 is just content here\r\n\ncomplete 1\n");
    EXPECT_TRUE(t.engine.ended());
  }
  tester t(engine::role::client);
  ASSERT_TRUE(
      t.engine.send_request(request(parley::method::get, "/x", "a", {}, parley::http0_9), content_length::no_content(), epoch));
  t.eof();
  EXPECT_EQ(t.log, "response 1 200  HTTP/0.9\ncomplete 1\n");
}

TEST(h1_responses, an_early_final_response) {
  const auto start = [](tester& t) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::post, "/", "a"), content_length::of(10), epoch));
    ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"12345"}}, epoch));
  };
  {
    tester t(engine::role::client);
    start(t);
    t.feed("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(t.log, "response 1 413 x HTTP/1.1 | Content-Length: 0 | end\n");
    EXPECT_FALSE(t.engine.can_send_request());
    ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"67890"}}, epoch)) << "the connection can be kept by ending the request";
    ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
    EXPECT_TRUE(t.engine.can_send_request());
  }
  {
    tester t(engine::role::client);
    start(t);
    t.feed("HTTP/1.1 413 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(t.engine.ended()) << "RFC 9112 §9.5: it ceases to send";
    EXPECT_EQ(t.engine.send_data(1, {engine::chunk::view{"67890"}}, epoch).error(), engine::misuse::closing);
  }
}

}  // namespace
}  // namespace parley::h1::test
