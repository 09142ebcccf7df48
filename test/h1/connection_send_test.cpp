// What leaves: heads, framing, chunks; and every command that makes no sense.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::misuse;

/// One response to one request, with its content in one piece.
struct sent_row {
  std::string_view name;
  std::string_view request;
  int status;
  content_length length;
  std::string_view content;
  std::string_view wire;
  bool closes = false;
};

TEST(h1_send, framing_of_responses) {
  const std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string_view head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string_view old = "GET / HTTP/1.0\r\n\r\n";
  const std::string_view old_alive = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const std::string_view simple = "GET /\r\n";
  const auto none = content_length::no_content();
  const auto two = content_length::of(2);
  const auto stream = content_length::stream();
  const std::vector<sent_row> rows{
      {"length", get, 200, two, "ab", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nab"},
      {"none", get, 404, none, "", "HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 0\r\n\r\n"},
      {"stream", get, 200, stream, "ab", "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
      {"stream without bytes", get, 200, stream, "", "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"204", get, 204, none, "", "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"},
      {"204, length 0", get, 204, content_length::of(0), "", "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"},
      {"205", get, 205, none, "", "HTTP/1.1 205 Reset Content\r\nA: b\r\nContent-Length: 0\r\n\r\n"},
      {"304", get, 304, none, "", "HTTP/1.1 304 Not Modified\r\nA: b\r\n\r\n"},
      {"304 that tells the length", get, 304, two, "", "HTTP/1.1 304 Not Modified\r\nA: b\r\nContent-Length: 2\r\n\r\n"},
      {"HEAD", head, 200, two, "", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n"},
      {"HEAD, unknown length", head, 200, stream, "", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
      {"HEAD, no length", head, 200, none, "", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
      {"no phrase", get, 299, none, "", "HTTP/1.1 299 \r\nA: b\r\nContent-Length: 0\r\n\r\n"},
      {"1.0", old, 200, two, "ab", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", true},
      {"1.0, stream", old, 200, stream, "ab", "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nab", true},
      {"1.0 kept alive", old_alive, 200, two, "ab",
       "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab"},
      {"1.0 kept alive, stream", old_alive, 200, stream, "ab", "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nab", true},
      {"0.9", simple, 200, two, "ab", "ab", true},
      {"0.9, stream", simple, 200, stream, "ab", "ab", true},
      {"0.9, none", simple, 404, none, "", "", true},
      {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200, none, "",
       "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true},
  };
  for (const auto& row : rows) {
    tester t(engine::role::server);
    t.feed(row.request);
    ASSERT_TRUE(t.engine.send_response(1, response(row.status, {{"A", "b"}}), row.length, epoch)) << row.name;
    if (!row.content.empty()) {
      ASSERT_TRUE(t.engine.send_data(1, {chunk::view{row.content}}, epoch)) << row.name;
    }
    EXPECT_TRUE(t.engine.send_end(1, nullptr, epoch)) << row.name;
    EXPECT_EQ(t.sent(), row.wire) << row.name;
    EXPECT_EQ(t.engine.wants_close(), row.closes) << row.name;
    EXPECT_EQ(t.engine.idle(), !row.closes) << row.name;
  }
}

TEST(h1_send, framing_fields_are_the_engines_own) {
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto head = response(200, {{"content-length", "7"},
                                   {"A", "b"},
                                   {"Transfer-Encoding", "gzip"},
                                   {"Keep-Alive", "x"},
                                   {"Connection", "keep-alive, x-hop"},
                                   {"X-Hop", "1"}});
  ASSERT_TRUE(t.engine.send_response(1, head, content_length::no_content(), epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nA: b\r\nX-Hop: 1\r\nContent-Length: 0\r\nConnection: x-hop\r\n\r\n");
  EXPECT_FALSE(t.engine.wants_close());

  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(
      t.engine.send_response(2, response(426, {{"Upgrade", "x"}, {"Connection", "Close"}}), content_length::no_content(), epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nContent-Length: 0\r\nConnection: close, upgrade\r\n\r\n");
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h1_send, requests) {
  struct row {
    std::string_view name;
    semantics::request_head head;
    content_length length;
    std::string_view content;
    std::string_view wire;
    bool closes = false;
  };
  const auto none = content_length::no_content();
  std::vector<row> rows;
  const auto add = [&](std::string_view name, semantics::request_head head, content_length length, std::string_view content,
                       std::string_view wire,
                       bool closes = false) { rows.push_back({name, std::move(head), length, content, wire, closes}); };
  add("GET", request(method::get, "/x?y", "a:81", {{"A", "b"}}), none, "", "GET /x?y HTTP/1.1\r\nHost: a:81\r\nA: b\r\n\r\n");
  add("the given Host is left out", request(method::get, "/", "a", {{"Host", "b"}, {"content-length", "4"}}), none, "",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  add("no authority", request(method::get, "/", "", {{"Host", "b"}}), none, "", "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  add("neither", request(method::options, "*", ""), none, "", "OPTIONS * HTTP/1.1\r\nHost: \r\n\r\n");
  add("POST without content", request(method::post, "/", "a"), none, "", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  add("length", request(method::put, "/", "a"), content_length::of(2), "ab",
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
  add("stream", request(method::patch, "/", "a"), content_length::stream(), "ab",
      "PATCH / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  add("close", request(method::get, "/", "a", {{"Connection", "close"}}), none, "",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true);
  add("1.0", request(method::get, "/", "a", {}, http1_0), none, "", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", true);
  add("1.0 kept alive", request(method::get, "/", "a", {{"Connection", "keep-alive"}}, http1_0), none, "",
      "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  add("0.9", request(method::get, "/x", "a", {{"A", "b"}}, http0_9), none, "", "GET /x\r\n", true);
  add("upgrade and TE", request(method::get, "/", "a", {{"Upgrade", "x"}, {"TE", "trailers"}}), none, "",
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nTE: trailers\r\nConnection: upgrade, TE\r\n\r\n");
  add("CONNECT", request(method::connect, "b:443", "b:443"), none, "", "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n");
  for (const auto& row : rows) {
    tester t(engine::role::client);
    EXPECT_TRUE(t.engine.can_send_request());
    ASSERT_EQ(t.engine.send_request(row.head, row.length, epoch), 1u) << row.name;
    if (!row.content.empty()) {
      ASSERT_TRUE(t.engine.send_data(1, {chunk::view{row.content}}, epoch)) << row.name;
    }
    EXPECT_TRUE(t.engine.send_end(1, nullptr, epoch)) << row.name;
    EXPECT_EQ(t.sent(), row.wire) << row.name;
    EXPECT_FALSE(t.engine.can_send_request()) << row.name;
    EXPECT_FALSE(t.engine.wants_close()) << "a client keeps its direction open: servers take a half-close for a leave";
  }
}

TEST(h1_send, requests_that_cannot_be_sent) {
  const auto misuse_of = [](const semantics::request_head& head, content_length length) {
    tester t(engine::role::client);
    const auto sent = t.engine.send_request(head, length, epoch);
    EXPECT_FALSE(sent);
    EXPECT_FALSE(t.engine.has_output());
    EXPECT_TRUE(t.engine.can_send_request()) << "nothing has happened";
    return sent ? misuse::unknown_stream : sent.error();
  };
  const auto none = content_length::no_content();
  EXPECT_EQ(misuse_of(request(method::get, "", "a"), none), misuse::bad_request);
  EXPECT_EQ(misuse_of(request(method::get, "/a b", "a"), none), misuse::bad_request);
  EXPECT_EQ(misuse_of(request(method::get, "/\r\nX: y", "a"), none), misuse::bad_request);
  EXPECT_EQ(misuse_of(request(method::get, "/", "a\r\nX: y"), none), misuse::bad_request);
  EXPECT_EQ(misuse_of(request(method::post, "/", "a", {}, http0_9), none), misuse::bad_request);
  EXPECT_EQ(misuse_of(request(method::get, "/", "a", {}, http0_9), content_length::of(1)), misuse::content_not_allowed);
  EXPECT_EQ(misuse_of(request(method::trace, "/", "a"), content_length::of(1)), misuse::content_not_allowed);
  EXPECT_EQ(misuse_of(request(method::connect, "a:1", "a:1"), content_length::stream()), misuse::content_not_allowed);
  EXPECT_EQ(misuse_of(request(method::post, "/", "a", {}, http1_0), content_length::stream()), misuse::length_required);
  tester server(engine::role::server);
  EXPECT_EQ(server.engine.send_request(request(method::get, "/", "a"), none, epoch).error(), misuse::bad_request);
}

TEST(h1_send, misuse_of_a_response) {
  const auto none = content_length::no_content();
  tester t(engine::role::server);
  EXPECT_EQ(t.engine.send_response(1, response(200), none, epoch).error(), misuse::unknown_stream);
  EXPECT_EQ(t.engine.send_data(1, {chunk::view{"x"}}, epoch).error(), misuse::unknown_stream);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(t.engine.send_response(2, response(200), none, epoch).error(), misuse::unknown_stream);
  EXPECT_EQ(t.engine.send_data(1, {chunk::view{"x"}}, epoch).error(), misuse::head_not_sent);
  EXPECT_EQ(t.engine.send_end(1, nullptr, epoch).error(), misuse::head_not_sent);
  EXPECT_EQ(t.engine.send_response(1, response(99), none, epoch).error(), misuse::bad_status);
  EXPECT_EQ(t.engine.send_response(1, response(1000), none, epoch).error(), misuse::bad_status);
  EXPECT_EQ(t.engine.send_response(1, response(101, {{"Upgrade", "x"}}), none, epoch).error(), misuse::bad_status) << "not offered";
  EXPECT_EQ(t.engine.send_response(1, response(204), content_length::of(1), epoch).error(), misuse::content_not_allowed);
  EXPECT_EQ(t.engine.send_response(1, response(205), content_length::stream(), epoch).error(), misuse::content_not_allowed);
  EXPECT_EQ(t.engine.send_response(1, response(103), content_length::of(1), epoch).error(), misuse::content_not_allowed);
  EXPECT_EQ(t.sent(), "") << "nothing was written";
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), epoch));
  EXPECT_EQ(t.engine.send_response(1, response(200), none, epoch).error(), misuse::head_already_sent);
  EXPECT_EQ(t.engine.send_response(1, response(103), none, epoch).error(), misuse::head_already_sent);
  EXPECT_TRUE(t.engine.send_data(1, {chunk::view{""}}, epoch).value()) << "no bytes, no chunk";
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_EQ(t.engine.send_data(1, {chunk::view{"x"}}, epoch).error(), misuse::after_end);
  EXPECT_TRUE(t.engine.send_end(1, nullptr, epoch)) << "harmless";
  EXPECT_EQ(t.engine.send_response(1, response(200), none, epoch).error(), misuse::unknown_stream);
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");

  t.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(2, response(200), content_length::of(5), epoch));
  EXPECT_EQ(t.engine.send_data(2, {chunk::view{"hello"}}, epoch).error(), misuse::content_not_allowed);
}

TEST(h1_send, a_length_is_kept) {
  const auto start = [] {
    auto t = std::make_unique<tester>(engine::role::server);
    t->feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(t->engine.send_response(1, response(200), content_length::of(5), epoch));
    EXPECT_TRUE(t->engine.send_data(1, {chunk::view{"abc"}}, epoch));
    return t;
  };
  auto longer = start();
  EXPECT_EQ(longer->engine.send_data(1, {chunk::view{"def"}}, epoch).error(), misuse::length_exceeded);
  EXPECT_TRUE(longer->engine.wants_close());
  EXPECT_TRUE(longer->sent().ends_with("\r\n\r\nabc"));
  auto shorter = start();
  EXPECT_EQ(shorter->engine.send_end(1, nullptr, epoch).error(), misuse::length_short);
  EXPECT_TRUE(shorter->engine.wants_close());
}

TEST(h1_send, trailers) {
  const parley::fields trailers{{"Digest", "x"}, {"Content-Length", "5"}, {"Host", "b"}, {"A", "b"}};
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), epoch));
  ASSERT_TRUE(t.engine.send_end(1, &trailers, epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\nA: b\r\n\r\n");
  t.pump();
  ASSERT_TRUE(t.engine.send_response(2, response(200), content_length::of(1), epoch));
  ASSERT_TRUE(t.engine.send_data(2, {chunk::view{"x"}}, epoch));
  ASSERT_TRUE(t.engine.send_end(2, &trailers, epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx") << "no framing carries them";
}

TEST(h1_send, all_kinds_of_chunks_in_both_framings) {
  const std::string large(10'000, 'x');
  auto owner = std::make_shared<std::string>(10'000, 'y');
  const std::weak_ptr<std::string> watched = owner;
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), epoch));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"ab"}}, epoch));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{large}}, epoch));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::shared{*owner, owner}}, epoch));
  owner.reset();
  EXPECT_FALSE(watched.expired()) << "kept alive until it is written";
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2710\r\n" + large + "\r\n2710\r\n" +
                          std::string(10'000, 'y') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(watched.expired());
}

TEST(h1_send, a_head_and_a_small_body_leave_as_one_segment_and_so_do_pipelined_responses) {
  tester t(engine::role::server);
  answer_all(t, "small");
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::array<engine::segment, 8> segments;
  EXPECT_EQ(t.engine.output(segments), 1u);
}

TEST(h1_send, expect_100) {
  const std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  {
    tester t(engine::role::server);
    t.feed(post);
    ASSERT_TRUE(t.engine.send_response(1, response(100), content_length::no_content(), epoch));
    t.feed("abc");
    ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), epoch));
    EXPECT_EQ(t.sent(), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(t.engine.idle());
  }
  {
    tester t(engine::role::server);
    t.feed(post);
    ASSERT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), epoch));
    EXPECT_EQ(t.sent(), "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        << "whether content or a request comes next, nobody can know";
    EXPECT_TRUE(t.engine.wants_close());
  }
  {
    tester t(engine::role::server);
    t.feed(std::string(post) + "abc");
    ASSERT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), epoch));
    EXPECT_FALSE(t.engine.wants_close()) << "the content came without waiting";
  }
  {
    tester t(engine::role::server);
    t.feed("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n");
    ASSERT_TRUE(t.engine.send_response(1, response(103), content_length::no_content(), epoch));
    EXPECT_EQ(t.sent(), "") << "HTTP/1.0 has no interim responses";
  }
}

}  // namespace
}  // namespace parley::h1::test
