// Each limit that the engine keeps: what is just allowed passes, one more is refused by that name.
#include <gtest/gtest.h>

#include <string>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::content_length;

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// Feeds `wire` at all sizes; the name of the limit that fired each time, or nothing.
std::string limit_of(const limits& caps, const std::string& wire, engine::role role = engine::role::server) {
  std::string name;
  for (const std::size_t size : fragment_sizes) {
    tester t(role, caps);
    if (role == engine::role::server) {
      answer_all(t);
    } else {
      EXPECT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
    }
    t.feed(wire, size);
    const std::string fired(t.engine.error() ? t.engine.error()->limit : "");
    if (size == fragment_sizes[0]) name = fired;
    EXPECT_EQ(name, fired) << "in pieces of " << size;
  }
  return name;
}

TEST(h1_limits, start_line) {
  limits caps;
  caps.start_line = 100;
  const auto get = [](std::size_t n) { return "GET /" + std::string(n - 14, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
  EXPECT_EQ(limit_of(caps, get(100)), "");
  EXPECT_EQ(limit_of(caps, get(101)), "start_line");
  EXPECT_EQ(limit_of(caps, get(1000).substr(0, 500)), "start_line") << "refused before its end";
  tester t(engine::role::server, caps);
  answer_all(t);
  t.feed(get(101));
  EXPECT_EQ(t.log, "reset 1 414 start-line-too-long\n");

  const auto status = [](std::size_t n) { return "HTTP/1.1 204 " + std::string(n - 13, 'x') + "\r\n\r\n"; };
  EXPECT_EQ(limit_of(caps, status(100), engine::role::client), "");
  EXPECT_EQ(limit_of(caps, status(101), engine::role::client), "start_line");
}

TEST(h1_limits, field_line) {
  limits caps;
  caps.field_line = 50;
  const auto get = [](std::size_t n) { return "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(n - 3, 'x') + "\r\n\r\n"; };
  EXPECT_EQ(limit_of(caps, get(50)), "");
  EXPECT_EQ(limit_of(caps, get(51)), "field_line");
  EXPECT_EQ(limit_of(caps, get(500).substr(0, 100)), "field_line") << "refused before its end";
  tester t(engine::role::server, caps);
  answer_all(t);
  t.feed(get(51));
  EXPECT_EQ(t.log, "reset 1 431 field-line-too-long\n");
}

TEST(h1_limits, head) {
  limits caps;
  caps.head = 200;
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const auto get = [&](std::size_t n) { return start + "A: " + std::string(n - start.size() - 7, 'x') + "\r\n\r\n"; };
  ASSERT_EQ(get(200).size(), 200u);
  EXPECT_EQ(limit_of(caps, get(200)), "");
  EXPECT_EQ(limit_of(caps, get(201)), "head");
  EXPECT_EQ(limit_of(caps, get(202)), "head");
  EXPECT_EQ(limit_of(caps, get(203)), "head");
  EXPECT_EQ(limit_of(caps, start + repeat("A: bcdefgh\r\n", 100)), "head") << "refused before its end";
}

TEST(h1_limits, field_count) {
  limits caps;
  caps.field_count = 3;
  EXPECT_EQ(limit_of(caps, "GET / HTTP/1.1\r\nHost: a\r\n" + repeat("A: b\r\n", 2) + "\r\n"), "");
  EXPECT_EQ(limit_of(caps, "GET / HTTP/1.1\r\nHost: a\r\n" + repeat("A: b\r\n", 3) + "\r\n"), "field_count");
  // The number of slots grows while a head is read.
  EXPECT_EQ(limit_of(limits{}, "GET / HTTP/1.1\r\nHost: a\r\n" + repeat("A: b\r\n", 99) + "\r\n"), "");
  EXPECT_EQ(limit_of(limits{}, "GET / HTTP/1.1\r\nHost: a\r\n" + repeat("A: b\r\n", 100) + "\r\n"), "field_count");
}

TEST(h1_limits, leading_empty_lines) {
  limits caps;
  caps.leading_empty_lines = 1;
  EXPECT_EQ(limit_of(caps, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_EQ(limit_of(caps, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "leading_empty_lines");
}

TEST(h1_limits, informational) {
  limits caps;
  caps.informational = 2;
  EXPECT_EQ(limit_of(caps, repeat("HTTP/1.1 102 x\r\n\r\n", 2) + "HTTP/1.1 204 x\r\n\r\n", engine::role::client), "");
  EXPECT_EQ(limit_of(caps, repeat("HTTP/1.1 102 x\r\n\r\n", 3), engine::role::client), "informational");
}

std::string chunked(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

TEST(h1_limits, chunk_line) {
  limits caps;
  caps.chunk_line = 10;
  EXPECT_EQ(limit_of(caps, chunked("0000000001\r\nx\r\n0\r\n\r\n")), "");
  EXPECT_EQ(limit_of(caps, chunked("00000000001\r\nx\r\n0\r\n\r\n")), "chunk_line");
  EXPECT_EQ(limit_of(caps, chunked("1;abcdefgh\r\nx\r\n0;bcdefghi\r\n\r\n")), "") << "counted anew for each line";
  EXPECT_EQ(limit_of(caps, chunked("1;abcdefghi\r\nx\r\n0\r\n\r\n")), "chunk_line");
}

TEST(h1_limits, chunk_extensions) {
  limits caps;
  caps.chunk_extensions = 10;
  EXPECT_EQ(limit_of(caps, chunked("1;abcd\r\nx\r\n0;bcde\r\n\r\n")), "");
  EXPECT_EQ(limit_of(caps, chunked("1;abcd\r\nx\r\n0;bcdef\r\n\r\n")), "chunk_extensions") << "all of a message together";
}

TEST(h1_limits, trailers) {
  limits caps;
  caps.trailers = 18;
  EXPECT_EQ(limit_of(caps, chunked("0\r\nA: bcd\r\nE: fgh\r\n\r\n")), "");
  EXPECT_EQ(limit_of(caps, chunked("0\r\nA: bcd\r\nE: fghi\r\n\r\n")), "trailers");
  EXPECT_EQ(limit_of(caps, chunked("0\r\nA: bcdefghijklmnopqrstuvwxyz")), "trailers") << "refused before its end";
  caps = {};
  caps.trailer_count = 2;
  EXPECT_EQ(limit_of(caps, chunked("0\r\nA: b\r\nC: d\r\n\r\n")), "");
  EXPECT_EQ(limit_of(caps, chunked("0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n")), "trailer_count");
}

TEST(h1_limits, drain) {
  limits caps;
  caps.drain = 10;
  const auto unread = [&](std::string_view fields, std::string_view body) {
    tester t(engine::role::server, caps);
    t.feed("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    EXPECT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), epoch));
    t.log.clear();
    t.feed(std::string(body) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 3);
    EXPECT_EQ(t.engine.wants_close(), t.log.empty());
    return t.engine.error() ? std::string(t.engine.error()->limit) : t.log;
  };
  const std::string next = "request 2 GET / HTTP/1.1 | Host: a | end\n";
  EXPECT_EQ(unread("Content-Length: 10\r\n", "0123456789"), next) << "read and dropped, without a word to the application";
  EXPECT_EQ(unread("Content-Length: 11\r\n", ""), "drain");
  EXPECT_EQ(unread("Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n0\r\nA: b\r\n\r\n"), next);
  EXPECT_EQ(unread("Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"), "drain");
  // RFC 9112 §9.6: an error says that it ends the connection.
  for (const bool too_long : {false, true}) {
    tester t(engine::role::server, caps);
    t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::string(too_long ? "11" : "10") + "\r\n\r\n");
    EXPECT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), epoch));
    EXPECT_EQ(t.sent().find("Connection: close\r\n") != std::string::npos, too_long);
    EXPECT_EQ(t.engine.wants_close(), too_long);
    EXPECT_EQ(t.engine.error() != nullptr, too_long);
  }
  for (const bool too_long : {false, true}) {
    tester t(engine::role::server, caps);
    t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::string(too_long ? "11" : "10") + "\r\n\r\n");
    EXPECT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), epoch));
    EXPECT_EQ(t.engine.wants_close(), too_long) << "what is announced too long is not read at all";
  }
}

TEST(h1_limits, receive_window) {
  limits caps;
  caps.receive_window = 10;
  tester t(engine::role::server, caps);
  t.return_credit = false;
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz");
  const std::string seen = "request 1 POST / HTTP/1.1 | Host: a | Content-Length: 26\n";
  EXPECT_EQ(t.log, seen + "data 1 abcdefghij\n");
  EXPECT_EQ(t.pending, "klmnopqrstuvwxyz");
  EXPECT_FALSE(t.engine.wants_read());
  EXPECT_FALSE(t.engine.deadline()) << "the application lags, not the peer";
  t.engine.consume(1, 4);
  EXPECT_TRUE(t.engine.wants_read());
  t.pump();
  EXPECT_EQ(t.log, seen + "data 1 abcdefghijklmn\n");
  t.engine.consume(1, 10);
  t.pump();
  t.engine.consume(1, 10);
  t.pump();
  EXPECT_EQ(t.log, seen + "data 1 abcdefghijklmnopqrstuvwxyz\ncomplete 1\n");
}

TEST(h1_limits, receive_window_of_chunks) {
  limits caps;
  caps.receive_window = 10;
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::server, caps);
    t.return_credit = false;
    t.feed(chunked("8\r\nabcdefgh\r\n8\r\nijklmnop\r\n0\r\n\r\n"), size);
    EXPECT_TRUE(t.log.ends_with("data 1 abcdefghij\n")) << t.log;
    t.engine.consume(1, 10);
    t.pump();
    EXPECT_TRUE(t.log.ends_with("data 1 abcdefghijklmnop\ncomplete 1\n")) << t.log;
  }
}

TEST(h1_limits, send_window) {
  limits caps;
  caps.send_window = 1000;
  tester t(engine::role::server, caps);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  t.log.clear();
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(2000), epoch));
  EXPECT_TRUE(t.engine.send_data(1, {engine::chunk::view{std::string(500, 'x')}}, epoch).value());
  EXPECT_FALSE(t.engine.send_data(1, {engine::chunk::view{std::string(500, 'x')}}, epoch).value());
  t.engine.written(400, epoch);
  EXPECT_FALSE(t.drain());
  t.engine.written(200, epoch);
  t.drain();
  EXPECT_EQ(t.log, "writable 1\n") << "once, when half of it is gone";
  EXPECT_FALSE(t.engine.send_data(1, {engine::chunk::view{std::string(1000, 'x')}}, epoch).value());
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_FALSE(t.engine.wants_read()) << "who takes no responses gets no more of them";
  t.pump();
  EXPECT_EQ(t.log, "writable 1\n");
  (void)t.sent();
  EXPECT_TRUE(t.engine.wants_read());
  t.pump();
  EXPECT_EQ(t.log, "writable 1\nrequest 2 GET / HTTP/1.1 | Host: a | end\n");
}

TEST(h1_limits, requests_per_connection) {
  limits caps;
  caps.requests_per_connection = 2;
  tester t(engine::role::server, caps);
  answer_all(t);
  t.feed(repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 3));
  EXPECT_EQ(t.sent(),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(t.engine.wants_close());
}

}  // namespace
}  // namespace parley::h1::test
