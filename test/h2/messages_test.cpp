// Messages that are not as they must be (RFC 9113 §8), and such as must be taken.
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::content_length;
using engine::role;

constexpr std::uint8_t end = flag::end_stream;
constexpr std::string_view refused = "RST_STREAM 1 PROTOCOL_ERROR\n";

std::string bad(lines more) {
  std::string payload = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}) + block(more);
  return frame(frame_type::headers, flag::end_headers | end, 1, payload);
}

std::string answer(lines more, std::uint8_t flags = end) {
  return frame(frame_type::headers, flag::end_headers | flags, 1, block({{":status", "200"}}) + block(more));
}

using namespace std::string_view_literals;

const rule_row message_rules[] = {
    // framing
    {"8.1 trailers that do not end the stream", role::server, post(1) + headers(1, {{"a", "b"}}), refused, "trailers-without-end"},
    {"8.1 a second head behind a final one", role::client, answer({}, 0) + answer({}, 0), refused, "trailers-without-end"},
    {"8.1 pseudo-fields in trailers", role::server, post(1) + headers(1, {{":path", "/"}}, end), refused,
     "pseudo-field-in-trailers"},
    {"8.1 an interim response that ends the stream", role::client, headers(1, {{":status", "103"}}, end), refused,
     "interim-with-end"},
    {"8.1 DATA before the head of a response", role::client, data(1, "x"), refused, "data-before-head"},
    {"8.1 DATA behind an interim response", role::client, headers(1, {{":status", "100"}}) + data(1, "x"), refused,
     "data-before-head"},
    {"8.1.1 more content than Content-Length says", role::server, post(1, {{"content-length", "2"}}) + data(1, "abc"), refused,
     "content-length-mismatch"},
    {"8.1.1 less content than Content-Length says", role::server, post(1, {{"content-length", "2"}}) + data(1, "a", end), refused,
     "content-length-mismatch"},
    {"8.1.1 no content where Content-Length says some", role::server, bad({{"content-length", "1"}}), refused,
     "content-length-mismatch"},
    {"8.1.1 less content before trailers", role::server,
     post(1, {{"content-length", "2"}}) + data(1, "a") + headers(1, {{"a", "b"}}, end), refused, "content-length-mismatch"},
    {"8.1.1 a response shorter than its Content-Length", role::client, answer({{"content-length", "2"}}, 0) + data(1, "a", end),
     refused, "content-length-mismatch"},
    {"8.1.1 content in a 204", role::client, headers(1, {{":status", "204"}}) + data(1, "a", end), refused, "content-not-allowed"},
    {"8.1.1 two Content-Lengths", role::server, bad({{"content-length", "1"}, {"content-length", "1"}}), refused,
     "duplicate-content-length"},
    {"8.1.1 a Content-Length that is none", role::server, bad({{"content-length", "+1"}}), refused, "bad-content-length"},
    // names and values
    {"8.2.1 an upper-case name", role::server, bad({{"Accept", "x"}}), refused, "uppercase-field-name"},
    {"8.2.1 a name with a space", role::server, bad({{"a b", "x"}}), refused, "bad-field-name"},
    {"8.2.1 a name with a colon", role::server, bad({{"a:b", "x"}}), refused, "bad-field-name"},
    {"8.2.1 an empty name", role::server, bad({{"", "x"}}), refused, "bad-field-name"},
    {"8.2.1 a name with a byte above 0x7e", role::server, bad({{"a\xff", "x"}}), refused, "bad-field-name"},
    {"8.2.1 a value with NUL", role::server, bad({{"a", "x\0y"sv}}), refused, "bad-field-value"},
    {"8.2.1 a value with LF", role::server, bad({{"a", "x\ny"}}), refused, "bad-field-value"},
    {"8.2.1 a value with CR", role::server, bad({{"a", "x\ry"}}), refused, "bad-field-value"},
    {"8.2.1 a value that begins with white space", role::server, bad({{"a", " x"}}), refused, "space-around-value"},
    {"8.2.1 a value that ends with white space", role::server, bad({{"a", "x\t"}}), refused, "space-around-value"},
    {"8.2.1 a bad value in trailers", role::server, post(1) + headers(1, {{"a", "x\n"}}, end), refused, "bad-field-value"},
    {"8.2.1 a bad name in a response", role::client, answer({{"A", "x"}}), refused, "uppercase-field-name"},
    {"8.2.2 Connection", role::server, bad({{"connection", "close"}}), refused, "connection-specific-field"},
    {"8.2.2 Keep-Alive", role::server, bad({{"keep-alive", "1"}}), refused, "connection-specific-field"},
    {"8.2.2 Proxy-Connection", role::server, bad({{"proxy-connection", "close"}}), refused, "connection-specific-field"},
    {"8.2.2 Transfer-Encoding", role::server, bad({{"transfer-encoding", "chunked"}}), refused, "connection-specific-field"},
    {"8.2.2 Upgrade", role::server, bad({{"upgrade", "h2c"}}), refused, "connection-specific-field"},
    {"8.2.2 TE other than trailers", role::server, bad({{"te", "gzip"}}), refused, "bad-te"},
    {"8.2.2 Connection in a response", role::client, answer({{"connection", "close"}}), refused, "connection-specific-field"},
    // pseudo-fields
    {"8.3 an unknown pseudo-field", role::server, bad({{":foo", "x"}}), refused, "unknown-pseudo-field"},
    {"8.3 :status in a request", role::server, headers(1, {{":method", "GET"}, {":status", "200"}}, end), refused,
     "unknown-pseudo-field"},
    {"8.3 :path in a response", role::client, headers(1, {{":status", "200"}, {":path", "/"}}, end), refused,
     "unknown-pseudo-field"},
    {"8.3 a pseudo-field behind a field", role::server,
     headers(1, {{":method", "GET"}, {":scheme", "https"}, {"a", "b"}, {":path", "/"}}, end), refused, "late-pseudo-field"},
    {"8.3 a pseudo-field twice", role::server,
     headers(1, {{":method", "GET"}, {":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, end), refused,
     "duplicate-pseudo-field"},
    {"8.3.1 no :method", role::server, headers(1, {{":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, end), refused,
     "missing-method"},
    {"8.3.1 no :scheme", role::server, headers(1, {{":method", "GET"}, {":authority", "a"}, {":path", "/"}}, end), refused,
     "missing-scheme"},
    {"8.3.1 no :path", role::server, headers(1, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}, end), refused,
     "missing-path"},
    {"8.3.1 an empty :path", role::server,
     headers(1, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", ""}}, end), refused, "bad-path"},
    {"8.3.1 userinfo in :authority", role::server,
     headers(1, {{":method", "GET"}, {":scheme", "https"}, {":authority", "u@a"}, {":path", "/"}}, end), refused, "bad-authority"},
    {"8.3.1 Host that differs from :authority", role::server, bad({{"host", "b"}}), refused, "host-differs"},
    {"8.3.2 no :status", role::client, headers(1, {{"a", "b"}}, end), refused, "missing-status"},
    {"8.3.2 a :status that is none", role::client, headers(1, {{":status", "20"}}, end), refused, "bad-status"},
    {"8.6 101", role::client, headers(1, {{":status", "101"}}), refused, "switching-protocols"},
    // CONNECT
    {"8.5 CONNECT with :path", role::server, headers(1, {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}), refused,
     "bad-connect"},
    {"8.5 CONNECT without port", role::server, headers(1, {{":method", "CONNECT"}, {":authority", "a"}}), refused,
     "bad-connect-authority"},
    {"RFC 8441 4 :protocol that was not announced", role::server,
     headers(1, {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/"}, {":authority", "a"}}),
     refused, "unknown-pseudo-field"},
    // push
    {"8.4 PUSH_PROMISE from a client", role::server, get(1) + push_promise(1, 2, {}), "GOAWAY last 1 PROTOCOL_ERROR\n",
     "push-from-client"},
    {"6.6, 8.4 PUSH_PROMISE that was not asked for", role::client, push_promise(1, 2, {}), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "push-disabled"},
};

TEST(h2_messages, what_must_not_come) { check_rules(message_rules); }

// RFC 9113 §8.1.1: the fault costs the stream only.
TEST(h2_messages, others_go_on_beside_a_malformed_one) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(post(1) + bad({{"A", "x"}}) + get(3));
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_NE(t.frames().find("HEADERS 3 END_STREAM | :status: 200"), std::string::npos);
}

// --- what has an answer --------------------------------------------------------------------------------------------------------------

TEST(h2_messages, what_is_only_too_large_or_not_for_us_is_answered) {
  limits caps;
  caps.head = 600;
  caps.field_count = 10;
  caps.field_line = 200;
  caps.start_line = 100;
  std::string many = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  for (int i = 0; i < 11; ++i) many += block({{"a", ""}});
  struct {
    std::string given;
    std::string_view status;
    std::string_view name;
  } const rows[] = {
      {bad({{"a", std::string(150, 'x')}, {"b", std::string(150, 'y')}, {"c", std::string(150, 'z')}}), "431", "head-too-large"},
      {frame(frame_type::headers, flag::end_headers | end, 1, many), "431", "too-many-fields"},
      {bad({{"a", std::string(250, 'x')}}), "431", "field-line-too-long"},
      {get(1, end, "/" + std::string(101, 'x')), "414", "path-too-long"},
      {headers(1, {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, end), "421", "wrong-scheme"},
      {bad({{"expect", "miracle"}}), "417", "unknown-expectation"},
      {headers(1, {{":method", std::string(40, 'X')}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, end), "501",
       "method-too-long"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    tester t(role::server, caps);
    t.start();
    answer_all(t);
    t.feed(row.given + get(3));
    EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: " + std::string(row.status) + "\nHEADERS 3 END_STREAM | :status: 200\n");
    EXPECT_EQ(t.events(), "reset 1 " + std::string(row.name) + " " + std::string(row.status) + "\nrequest 3 GET / a | end\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h2_messages, a_refused_request_may_be_given_up_and_its_content_is_dropped) {
  limits caps;
  caps.field_line = 200;
  tester t(role::server, caps);
  t.start();
  t.feed(post(1, {{"a", std::string(300, 'x')}}) + data(1, "content"));
  EXPECT_EQ(t.only_events(), "reset 1 field-line-too-long 431\n");
  t.engine.reset(1, t.now);
  EXPECT_EQ(t.frames(), "RST_STREAM 1 INTERNAL_ERROR\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_messages, too_large_trailers_cost_the_stream) {
  limits caps;
  caps.trailers = 200;
  tester t(role::server, caps);
  t.start();
  t.feed(post(1) + headers(1, {{"a", std::string(250, 'x')}}, end));
  EXPECT_EQ(t.events(), "request 1 POST / a\nreset 1 trailers-too-large 431\n");
}

TEST(h2_messages, too_many_interim_responses) {
  limits caps;
  caps.informational = 2;
  tester t(role::client, caps);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  static_cast<void>(t.frames());
  for (int i = 0; i < 3; ++i) t.feed(headers(1, {{":status", "103"}}));
  EXPECT_EQ(t.frames(), "RST_STREAM 1 ENHANCE_YOUR_CALM\n");
}

// --- what must be taken ------------------------------------------------------------------------------------------------------------

TEST(h2_messages, cookies_become_one_line_and_te_trailers_passes) {
  tester t(role::server);
  t.start();
  t.feed(bad({{"cookie", "a=1"}, {"te", "trailers"}, {"cookie", "b=2"}}));
  EXPECT_EQ(t.only_events(), "request 1 GET / a | cookie: a=1; b=2 | te: trailers | end\n");
}

TEST(h2_messages, an_answer_to_head_and_304_may_say_a_length) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::head, "/"), content_length::no_content(), t.now));
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  t.feed(answer({{"content-length", "5"}}) + headers(3, {{":status", "304"}, {"content-length", "7"}}, end));
  EXPECT_EQ(t.only_events(), "response 1 200 | content-length: 5 | end\nresponse 3 304 | content-length: 7 | end\n");
}

TEST(h2_messages, an_expectation) {
  tester t(role::server);
  t.start();
  t.feed(post(1, {{"expect", "100-continue"}}));
  EXPECT_EQ(t.events(), "request 1 POST / a | expect: 100-continue | expect\n");
  t.pass(t.caps.stall_time + 1s);
  EXPECT_EQ(t.events(), "") << "the peer waits for us";
  ASSERT_TRUE(t.engine.send_response(1, response(100), content_length::no_content(), t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 100\n");
  t.pass(t.caps.stall_time + 1s);
  EXPECT_EQ(t.events(), "reset 1 content-timeout 408\n");
}

// --- what we send ------------------------------------------------------------------------------------------------------------------

TEST(h2_messages, our_fields_are_lower_case_and_none_of_the_connection) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  const auto head = response(200, {{"Content-Type", "a/b"},
                                   {"Connection", "close, X-Hop"},
                                   {"X-Hop", "1"},
                                   {"Keep-Alive", "1"},
                                   {"Transfer-Encoding", "chunked"},
                                   {"Upgrade", "x"},
                                   {"Content-Length", "99"}});
  ASSERT_TRUE(t.engine.send_response(1, head, content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"x"}}, t.now));
  parley::fields trailers{{"Digest", "y"}};
  ASSERT_TRUE(t.engine.send_end(1, &trailers, t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200 | content-type: a/b\nDATA 1 x\nHEADERS 1 END_STREAM | digest: y\n");
}

TEST(h2_messages, trailers_wait_for_the_content_before_them) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 2}});
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"abc"}}, t.now));
  parley::fields trailers{{"Digest", "y"}};
  ASSERT_TRUE(t.engine.send_end(1, &trailers, t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200\nDATA 1 ab\n");
  EXPECT_EQ(t.feed(window_update(1, 1)).frames(), "DATA 1 c\nHEADERS 1 END_STREAM | digest: y\n");
}

TEST(h2_messages, misuse) {
  using engine::misuse;
  tester t(role::server);
  t.start();
  t.feed(get(1) + get(3));
  const auto none = content_length::no_content();
  EXPECT_EQ(t.engine.send_response(9, response(200), none, t.now).error(), misuse::unknown_stream);
  EXPECT_EQ(t.engine.send_data(1, {engine::chunk::view{"x"}}, t.now).error(), misuse::head_not_sent);
  EXPECT_EQ(t.engine.send_response(1, response(101), none, t.now).error(), misuse::bad_status);
  EXPECT_EQ(t.engine.send_response(1, response(99), none, t.now).error(), misuse::bad_status);
  EXPECT_EQ(t.engine.send_response(1, response(204), content_length::of(1), t.now).error(), misuse::content_not_allowed);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(2), t.now));
  EXPECT_EQ(t.engine.send_response(1, response(200), none, t.now).error(), misuse::head_already_sent);
  EXPECT_EQ(t.engine.send_data(1, {engine::chunk::view{"abc"}}, t.now).error(), misuse::length_exceeded);
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200 | content-length: 2\nRST_STREAM 1 INTERNAL_ERROR\n");
  ASSERT_TRUE(t.engine.send_response(3, response(200), content_length::of(2), t.now));
  EXPECT_EQ(t.engine.send_end(3, nullptr, t.now).error(), misuse::length_short);
  EXPECT_EQ(t.engine.send_request(request(parley::method::get, "/"), none, t.now).error(), misuse::bad_request);

  tester c(role::client);
  c.start();
  EXPECT_EQ(c.engine.send_request(request(parley::method::get, "no path"), none, c.now).error(), misuse::bad_request);
  EXPECT_EQ(c.engine.send_request(request(parley::method::trace, "/"), content_length::of(1), c.now).error(),
            misuse::content_not_allowed);
  EXPECT_EQ(c.engine.send_response(1, response(200), none, c.now).error(), misuse::unknown_stream);
}

// --- tunnels -----------------------------------------------------------------------------------------------------------------------

TEST(h2_messages, connect_is_a_tunnel) {
  tester t(role::server);
  t.start();
  t.feed(headers(1, {{":method", "CONNECT"}, {":authority", "a:1"}}));
  EXPECT_EQ(t.events(), "request 1 CONNECT a:1 a:1 | end\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  t.feed(data(1, "in"));
  EXPECT_EQ(t.events(), "detached 1\ndata 1 in\n");
  EXPECT_TRUE(t.engine.send_data(1, {engine::chunk::view{"out"}}, t.now).value_or(false));
  EXPECT_TRUE(t.engine.send_end(1, nullptr, t.now).has_value());
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200\nDATA 1 END_STREAM out\n");
  t.feed(data(1, "more") + data(1, "", end));
  EXPECT_EQ(t.events(), "data 1 more\ncomplete 1\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_messages, a_connect_that_is_refused) {
  tester c(role::client);
  c.start();
  ASSERT_TRUE(c.engine.send_request(request(parley::method::connect, "a:1", {}, "a:1"), content_length::no_content(), c.now));
  static_cast<void>(c.frames());
  c.feed(headers(1, {{":status", "403"}}, end));
  EXPECT_EQ(c.events(), "response 1 403 | end\n");
  EXPECT_EQ(c.frames(), "DATA 1 END_STREAM\n");
  EXPECT_TRUE(c.engine.idle());

  tester t(role::server);
  t.start();
  t.feed(headers(1, {{":method", "CONNECT"}, {":authority", "a:1"}}));
  ASSERT_TRUE(t.engine.send_response(1, response(403), content_length::no_content(), t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 403\nRST_STREAM 1 NO_ERROR\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_messages, fields_within_a_tunnel_cost_it) {
  tester t(role::server);
  t.start();
  t.feed(headers(1, {{":method", "CONNECT"}, {":authority", "a:1"}}));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  t.feed(headers(1, {{"a", "b"}}, end));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200\nRST_STREAM 1 PROTOCOL_ERROR\n");
}

TEST(h2_messages, an_extended_connect) {
  options how;
  how.extended_connect = true;
  tester t(role::server, tester::default_limits(), how);
  t.start();
  t.feed(headers(
      1, {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/chat"}, {":authority", "a"}}));
  EXPECT_EQ(t.events(), "request 1 CONNECT /chat a protocol websocket | end\n");

  tester c(role::client);
  c.start();
  semantics::request_head head = request(parley::method::connect, "/chat");
  head.form = semantics::target_form::origin;
  head.protocol_ref = parley::detail::fields_access::store(head.fields, "websocket");
  EXPECT_FALSE(c.engine.send_request(head, content_length::no_content(), c.now).has_value()) << "not announced";
  c.feed(settings_frame({{setting::enable_connect_protocol, 1}}));
  static_cast<void>(c.frames());
  ASSERT_TRUE(c.engine.send_request(head, content_length::no_content(), c.now).has_value());
  EXPECT_EQ(c.frames(), "HEADERS 1 | :method: CONNECT | :scheme: https | :authority: a | :path: /chat | :protocol: websocket\n");
  c.feed(headers(1, {{":status", "200"}}) + data(1, "hi"));
  EXPECT_EQ(c.events(), "response 1 200\ndetached 1\ndata 1 hi\n");
}

}  // namespace
}  // namespace parley::h2::test
