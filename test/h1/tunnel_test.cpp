// Upgrade and CONNECT: the byte stream is handed over, both ways, with back-pressure and half-close.
#include <gtest/gtest.h>

#include <string>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::misuse;

const auto no_content = content_length::no_content();
constexpr std::string_view upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

TEST(h1_tunnel, upgrade) {
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::server);
    t.feed(join({upgrade, "first "}), size);
    EXPECT_EQ(t.log, "request 1 GET / HTTP/1.1 | Host: a | Connection: upgrade | Upgrade: x | end\n");
    EXPECT_EQ(t.engine.send_response(1, response(101), no_content, epoch).error(), misuse::bad_status) << "it must say to what";
    ASSERT_TRUE(t.engine.send_response(1, response(101, {{"Upgrade", "x"}}), no_content, epoch));
    EXPECT_EQ(t.sent(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
    t.pump();
    t.feed("GET / HTTP/1.1\r\n\r\n", size);
    EXPECT_TRUE(t.log.ends_with("detached 1\ndata 1 first GET / HTTP/1.1\r\n\r\n\n")) << t.log;

    ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"raw\r\n"}}, epoch));
    EXPECT_EQ(t.engine.send_response(1, response(200), no_content, epoch).error(), misuse::head_already_sent);
    ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
    EXPECT_EQ(t.sent(), "raw\r\n");
    EXPECT_TRUE(t.engine.wants_close()) << "our direction";
    EXPECT_FALSE(t.engine.ended());
    EXPECT_EQ(t.engine.send_data(1, {chunk::view{"x"}}, epoch).error(), misuse::closing);
    t.feed("more", size);
    t.eof();
    EXPECT_TRUE(t.log.ends_with("more\ncomplete 1\n")) << t.log;
    EXPECT_TRUE(t.engine.ended());
  }
}

TEST(h1_tunnel, the_peers_direction_may_end_first) {
  tester t(engine::role::server);
  t.feed("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n");
  EXPECT_EQ(t.engine.send_response(1, response(200), content_length::of(3), epoch).error(), misuse::content_not_allowed);
  ASSERT_TRUE(t.engine.send_response(1, response(200, {{"Content-Length", "3"}}), no_content, epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\n\r\n") << "RFC 9110 §9.3.6: no Content-Length";
  t.eof();
  EXPECT_TRUE(t.log.ends_with("detached 1\ncomplete 1\n"));
  EXPECT_FALSE(t.engine.wants_close());
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"still"}}, epoch));
  EXPECT_EQ(t.sent(), "still");
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_tunnel, back_pressure) {
  limits caps;
  caps.receive_window = 4;
  caps.send_window = 8;
  tester t(engine::role::server, caps);
  t.return_credit = false;
  t.feed("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), no_content, epoch));
  (void)t.sent();
  t.feed("abcdefgh");
  EXPECT_TRUE(t.log.ends_with("data 1 abcd\n"));
  EXPECT_FALSE(t.engine.wants_read());
  t.engine.consume(1, 4);
  t.pump();
  EXPECT_TRUE(t.log.ends_with("data 1 abcdefgh\n")) << t.log;
  EXPECT_FALSE(t.engine.send_data(1, {chunk::view{"123456789"}}, epoch).value());
  t.engine.written(6, epoch);
  t.drain();
  EXPECT_TRUE(t.log.ends_with("writable 1\n"));
  t.engine.consume(1, 4);
  EXPECT_TRUE(t.engine.wants_read());
  EXPECT_TRUE(t.engine.deadline()) << "bytes wait to be written";
  (void)t.sent();
  EXPECT_FALSE(t.engine.deadline()) << "how long a tunnel may rest is not ours to say";
}

TEST(h1_tunnel, a_refused_connect_goes_on_as_http) {
  tester t(engine::role::server);
  t.feed("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(407), no_content, epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  t.pump();
  EXPECT_TRUE(t.log.ends_with("request 2 GET / HTTP/1.1 | Host: a | end\n"));
}

TEST(h1_tunnel, a_request_with_content_switches_once_it_is_whole) {
  tester t(engine::role::server);
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(t.engine.send_response(1, response(101, {{"Upgrade", "x"}}), no_content, epoch).error(), misuse::bad_status);
  t.feed("abcraw");
  ASSERT_TRUE(t.engine.send_response(1, response(101, {{"Upgrade", "x"}}), no_content, epoch));
  t.pump();
  EXPECT_TRUE(t.log.ends_with("data 1 abc\ncomplete 1\ndetached 1\ndata 1 raw\n")) << t.log;
}

TEST(h1_tunnel, an_offer_needs_the_connection_option) {
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n");
  EXPECT_EQ(t.engine.send_response(1, response(101, {{"Upgrade", "x"}}), no_content, epoch).error(), misuse::bad_status);
}

TEST(h1_tunnel, client) {
  tester t(engine::role::client);
  ASSERT_TRUE(t.engine.send_request(request(method::connect, "b:443", "b:443"), no_content, epoch));
  (void)t.sent();
  t.feed("HTTP/1.1 200 x\r\n\r\nhello");
  EXPECT_EQ(t.log, "response 1 200 x HTTP/1.1\ndetached 1\ndata 1 hello\n");
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"raw"}}, epoch));
  EXPECT_EQ(t.sent(), "raw");
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_TRUE(t.engine.wants_close());
  EXPECT_FALSE(t.engine.ended());
  t.eof();
  EXPECT_TRUE(t.engine.ended());
}

}  // namespace
}  // namespace parley::h1::test
