// Messages that are not as they must be (RFC 9114 §4), and such as must be taken.
#include <gtest/gtest.h>

#include "h3/rules.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;
using namespace std::string_view_literals;

constexpr std::string_view refused = "0 reset H3_MESSAGE_ERROR\n0 stop H3_MESSAGE_ERROR\n";
constexpr std::string_view refused4 = "4 reset H3_MESSAGE_ERROR\n4 stop H3_MESSAGE_ERROR\n";

std::string bad(lines more) {
  std::string payload = section({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  return frame(frame_type::headers, payload + section(more).substr(2));
}

std::string answer(lines more) { return frame(frame_type::headers, section({{":status", "200"}}) + section(more).substr(2)); }

const rule_row message_rules[] = {
    // framing
    {"4.1 pseudo-fields in trailers", role::server, 0, post() + headers({{":path", "/"}}), false, refused,
     "pseudo-field-in-trailers"},
    {"4.1 a second final head", role::client, 4, answer({}) + answer({}), false, refused4, "pseudo-field-in-trailers"},
    {"4.1 a request's stream that ends before its head", role::server, 0, "", true, "0 reset H3_REQUEST_INCOMPLETE\n",
     "request-incomplete"},
    {"4.1 a response's stream that ends before its head", role::client, 4, "", true, "4 reset H3_MESSAGE_ERROR\n",
     "response-incomplete"},
    {"4.1 a response's stream that ends behind an interim response", role::client, 4, headers({{":status", "103"}}), true,
     "4 reset H3_MESSAGE_ERROR\n", "response-incomplete"},
    {"4.1.2 more content than Content-Length says", role::server, 0, post({{"content-length", "2"}}) + data_frame("abc"), false,
     refused, "content-length-mismatch"},
    {"4.1.2 less content than Content-Length says", role::server, 0, post({{"content-length", "2"}}) + data_frame("a"), true,
     "0 reset H3_MESSAGE_ERROR\n", "content-length-mismatch"},
    {"4.1.2 no content where Content-Length says some", role::server, 0, bad({{"content-length", "1"}}), true,
     "0 reset H3_MESSAGE_ERROR\n", "content-length-mismatch"},
    {"4.1.2 less content before trailers", role::server, 0,
     post({{"content-length", "2"}}) + data_frame("a") + headers({{"a", "b"}}), false, refused, "content-length-mismatch"},
    {"4.1.2 a response shorter than its Content-Length", role::client, 4, answer({{"content-length", "2"}}) + data_frame("a"), true,
     "4 reset H3_MESSAGE_ERROR\n", "content-length-mismatch"},
    {"4.1.2 content in a 204", role::client, 4, headers({{":status", "204"}}) + data_frame("a"), false, refused4,
     "content-not-allowed"},
    {"4.1.2 two Content-Lengths", role::server, 0, bad({{"content-length", "1"}, {"content-length", "1"}}), false, refused,
     "duplicate-content-length"},
    {"4.1.2 a Content-Length that is none", role::server, 0, bad({{"content-length", "+1"}}), false, refused, "bad-content-length"},
    // names and values
    {"4.2 an upper-case name", role::server, 0, bad({{"Accept", "x"}}), false, refused, "uppercase-field-name"},
    {"4.2 a name with a space", role::server, 0, bad({{"a b", "x"}}), false, refused, "bad-field-name"},
    {"4.2 a name with a colon", role::server, 0, bad({{"a:b", "x"}}), false, refused, "bad-field-name"},
    {"4.2 an empty name", role::server, 0, bad({{"", "x"}}), false, refused, "bad-field-name"},
    {"4.2 a name with a byte above 0x7e", role::server, 0, bad({{"a\xff", "x"}}), false, refused, "bad-field-name"},
    {"4.2 a value with NUL", role::server, 0, bad({{"a", "x\0y"sv}}), false, refused, "bad-field-value"},
    {"4.2 a value with LF", role::server, 0, bad({{"a", "x\ny"}}), false, refused, "bad-field-value"},
    {"4.2 a value with CR", role::server, 0, bad({{"a", "x\ry"}}), false, refused, "bad-field-value"},
    {"4.2 a value that begins with white space", role::server, 0, bad({{"a", " x"}}), false, refused, "space-around-value"},
    {"4.2 a value that ends with white space", role::server, 0, bad({{"a", "x\t"}}), false, refused, "space-around-value"},
    {"4.2 a bad value in trailers", role::server, 0, post() + headers({{"a", "x\n"}}), false, refused, "bad-field-value"},
    {"4.2 a bad name in a response", role::client, 4, answer({{"A", "x"}}), false, refused4, "uppercase-field-name"},
    {"4.2 Connection", role::server, 0, bad({{"connection", "close"}}), false, refused, "connection-specific-field"},
    {"4.2 Keep-Alive", role::server, 0, bad({{"keep-alive", "1"}}), false, refused, "connection-specific-field"},
    {"4.2 Proxy-Connection", role::server, 0, bad({{"proxy-connection", "close"}}), false, refused, "connection-specific-field"},
    {"4.2 Transfer-Encoding", role::server, 0, bad({{"transfer-encoding", "chunked"}}), false, refused,
     "connection-specific-field"},
    {"4.2 Upgrade", role::server, 0, bad({{"upgrade", "h2c"}}), false, refused, "connection-specific-field"},
    {"4.2 TE other than trailers", role::server, 0, bad({{"te", "gzip"}}), false, refused, "bad-te"},
    {"4.2 Connection in a response", role::client, 4, answer({{"connection", "close"}}), false, refused4,
     "connection-specific-field"},
    // pseudo-fields
    {"4.3 an unknown pseudo-field", role::server, 0, bad({{":foo", "x"}}), false, refused, "unknown-pseudo-field"},
    {"4.3 :status in a request", role::server, 0, headers({{":method", "GET"}, {":status", "200"}}), false, refused,
     "unknown-pseudo-field"},
    {"4.3 :path in a response", role::client, 4, headers({{":status", "200"}, {":path", "/"}}), false, refused4,
     "unknown-pseudo-field"},
    {"4.3 a pseudo-field behind a field", role::server, 0,
     headers({{":method", "GET"}, {":scheme", "https"}, {"a", "b"}, {":path", "/"}}), false, refused, "late-pseudo-field"},
    {"4.3 a pseudo-field twice", role::server, 0,
     headers({{":method", "GET"}, {":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}), false, refused,
     "duplicate-pseudo-field"},
    {"4.3.1 no :method", role::server, 0, headers({{":scheme", "https"}, {":authority", "a"}, {":path", "/"}}), false, refused,
     "missing-method"},
    {"4.3.1 no :scheme", role::server, 0, headers({{":method", "GET"}, {":authority", "a"}, {":path", "/"}}), false, refused,
     "missing-scheme"},
    {"4.3.1 no :path", role::server, 0, headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}), false, refused,
     "missing-path"},
    {"4.3.1 an empty :path", role::server, 0,
     headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", ""}}), false, refused, "bad-path"},
    {"4.3.1 userinfo in :authority", role::server, 0,
     headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "u@a"}, {":path", "/"}}), false, refused, "bad-authority"},
    {"4.3.1 Host that differs from :authority", role::server, 0, bad({{"host", "b"}}), false, refused, "host-differs"},
    {"4.3.2 no :status", role::client, 4, headers({{"a", "b"}}), false, refused4, "missing-status"},
    {"4.3.2 a :status that is none", role::client, 4, headers({{":status", "20"}}), false, refused4, "bad-status"},
    {"4.5 101", role::client, 4, headers({{":status", "101"}}), false, refused4, "switching-protocols"},
    // CONNECT
    {"4.4 CONNECT with :path", role::server, 0, headers({{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}), false,
     refused, "bad-connect"},
    {"4.4 CONNECT without port", role::server, 0, headers({{":method", "CONNECT"}, {":authority", "a"}}), false, refused,
     "bad-connect-authority"},
    {"RFC 9220 3 :protocol that was not announced", role::server, 0,
     headers({{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/"}, {":authority", "a"}}),
     false, refused, "unknown-pseudo-field"},
};

TEST(h3_messages, what_must_not_come) { check_rules(message_rules); }

// RFC 9114 §4.1.2: the fault costs the stream only.
TEST(h3_messages, others_go_on_beside_a_malformed_one) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(0, post()).feed(4, bad({{"A", "x"}})).feed(8, get(), true);
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_NE(t.sent().find("8 HEADERS | :status: 200\n8 end\n"), std::string::npos);
}

TEST(h3_messages, faults_name_the_rule_of_this_version) {
  tester t(role::server);
  t.start();
  std::string section;
  std::uint32_t code = 0;
  t.on_event = [&](const engine::event& e) {
    const auto& error = std::get<engine::reset_event>(e).error;
    section = error.section;
    code = error.code;
  };
  t.feed(0, bad({{"A", "x"}}));
  EXPECT_EQ(section, "RFC 9114 §4.2");
  EXPECT_EQ(code, 0x010eu);
}

TEST(h3_messages, a_whole_request_with_everything) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    t.feed(0,
           post({{"cookie", "a=1"}, {"cookie", "b=2"}, {"content-length", "6"}, {"te", "trailers"}}) + data_frame("abc") +
               data_frame("def") + headers({{"sum", "1"}}),
           true, size);
    EXPECT_EQ(t.events(),
              "request 1 POST / a | cookie: a=1; b=2 | content-length: 6 | te: trailers\ndata 1 abcdef\n"
              "trailers 1 | sum: 1\ncomplete 1\n");
    static_cast<void>(t.sent());
    EXPECT_EQ(t.credit[0], t.given - (1 + settings_frame().size()));
  }
}

TEST(h3_messages, a_response_with_everything) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::client);
    t.start();
    const auto id =
        t.engine.send_request(request(parley::method::post, "/x", {{"Accept", "*/*"}}), content_length::stream(), t.now);
    ASSERT_TRUE(id);
    ASSERT_TRUE(t.engine.send_data(*id, {chunk::view{"abc"}}, t.now).value());
    parley::fields trailers{{"Sum", "1"}};
    ASSERT_TRUE(t.engine.send_end(*id, &trailers, t.now));
    EXPECT_EQ(t.sent(),
              "0 HEADERS | :method: POST | :scheme: https | :authority: a | :path: /x | accept: */*\n0 DATA abc\n"
              "0 HEADERS | sum: 1\n0 end\n");
    t.feed(0,
           headers({{":status", "103"}, {"link", "</a>"}}) + answer({{"content-length", "3"}}) + data_frame("xyz") +
               headers({{"t", "2"}}),
           true, size);
    EXPECT_EQ(t.events(),
              "response 1 103 | link: </a> | interim\nresponse 1 200 | content-length: 3\ndata 1 xyz\n"
              "trailers 1 | t: 2\ncomplete 1\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h3_messages, content_of_known_length_is_one_frame) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(6), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"abc"}}, t.now).value());
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"def"}}, t.now).value());
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 200 | content-length: 6\n0 DATA abcdef\n0 end\n");
}

TEST(h3_messages, answers_without_content) {
  tester t(role::server);
  t.start();
  t.feed(0, headers({{":method", "HEAD"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(6), t.now));
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 200 | content-length: 6\n0 end\n");
  EXPECT_TRUE(t.engine.send_end(1, nullptr, t.now));
  tester c(role::client);
  c.start();
  ASSERT_TRUE(c.engine.send_request(request(parley::method::head, "/"), content_length::no_content(), c.now));
  c.feed(0, answer({{"content-length", "100"}}), true);
  EXPECT_EQ(c.events(), "response 1 200 | content-length: 100 | end\n");
}

// RFC 9114 §4.2.2, §10.5.1: a head that is too large has an answer, and costs nobody else anything.
TEST(h3_messages, heads_that_are_too_large_are_answered) {
  const std::string value(40, 'v');
  const auto with_fields = [&](int n) {
    std::string payload = section({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
    for (int i = 0; i < n; ++i) payload += section({{"x", value}}).substr(2);
    return frame(frame_type::headers, payload);
  };
  limits caps;
  caps.head = 2'000;
  caps.field_line = 300;
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server, caps);
    t.start();
    answer_all(t);
    t.feed(0, with_fields(30), false, size);  // decoded
    t.feed(4, with_fields(90), false, size);  // compressed already
    t.feed(8, bad({{"x", std::string(400, 'v')}}), false, size);
    t.feed(12, get(), true, size);
    EXPECT_EQ(t.events(),
              "reset 1 head-too-large 431\nreset 5 head-too-large 431\nreset 9 field-line-too-long 431\n"
              "request 13 GET / a | end\n");
    const std::string sent = t.sent();
    for (const std::string_view id : {"0", "4", "8"}) {
      EXPECT_NE(sent.find(std::string(id) + " HEADERS | :status: 431\n" + std::string(id) + " end\n"), std::string::npos) << sent;
    }
    EXPECT_NE(sent.find("12 HEADERS | :status: 200\n"), std::string::npos);
  }
}

TEST(h3_messages, trailers_that_are_too_large_cost_their_stream) {
  limits caps;
  caps.trailers = 200;
  tester t(role::server, caps);
  t.start();
  t.feed(0, post() + headers({{"a", std::string(150, 'x')}, {"b", std::string(150, 'x')}}));
  EXPECT_EQ(t.events(), "request 1 POST / a\nreset 1 trailers-too-large 431\n");
  t.feed(4, post() + headers({{"a", std::string(90, 'x')}, {"b", std::string(40, 'x')}, {"c", ""}}));
  EXPECT_EQ(t.events(), "request 5 POST / a\nreset 5 trailers-too-large 431\n");
}

TEST(h3_messages, a_tunnel_carries_bytes_both_ways) {
  tester t(role::server);
  t.start();
  t.feed(0, headers({{":method", "CONNECT"}, {":authority", "b:443"}}));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  t.feed(0, data_frame("ping"));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"pong"}}, t.now).value());
  t.feed(0, "", true);
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 200\n0 DATA pong\n0 end\n");
  EXPECT_EQ(t.events(), "request 1 CONNECT b:443 b:443 | end\ndetached 1\ndata 1 ping\ncomplete 1\n");
  EXPECT_TRUE(t.engine.idle());
}

// RFC 9220 §3.
TEST(h3_messages, extended_connect_where_it_was_announced) {
  options how;
  how.extended_connect = true;
  tester t(role::server, tester::default_limits(), how);
  t.start();
  t.feed(0,
         headers({{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/c"}, {":authority", "a"}}));
  EXPECT_EQ(t.events(), "request 1 CONNECT /c a protocol websocket | end\n");
  tester c(role::client);
  c.start();
  auto head = request(parley::method::connect, "/c");
  head.form = semantics::target_form::origin;
  head.protocol_ref = parley::detail::fields_access::store(head.fields, "websocket");
  EXPECT_EQ(c.engine.send_request(head, content_length::no_content(), c.now).error(), engine::misuse::bad_request);
  tester d(role::client);
  d.start({{8, 1}});
  ASSERT_TRUE(d.engine.send_request(head, content_length::no_content(), d.now));
  EXPECT_EQ(d.sent(), "0 HEADERS | :method: CONNECT | :scheme: https | :authority: a | :path: /c | :protocol: websocket\n");
  d.feed(0, answer({}));
  EXPECT_EQ(d.events(), "response 1 200\ndetached 1\n");
}

TEST(h3_messages, misuse_is_told_and_harmless) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true);
  const auto error = [](const auto& result) { return result ? std::optional<engine::misuse>() : std::optional(result.error()); };
  EXPECT_EQ(error(t.engine.send_data(1, {chunk::view{"x"}}, t.now)), engine::misuse::head_not_sent);
  EXPECT_EQ(error(t.engine.send_response(1, response(101), content_length::no_content(), t.now)), engine::misuse::bad_status);
  EXPECT_EQ(error(t.engine.send_response(1, response(204), content_length::of(1), t.now)), engine::misuse::content_not_allowed);
  EXPECT_EQ(error(t.engine.send_response(5, response(200), content_length::of(1), t.now)), engine::misuse::unknown_stream);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(2), t.now));
  EXPECT_EQ(error(t.engine.send_response(1, response(200), content_length::of(2), t.now)), engine::misuse::head_already_sent);
  EXPECT_EQ(error(t.engine.send_data(1, {chunk::view{"abc"}}, t.now)), engine::misuse::length_exceeded);
  EXPECT_EQ(t.sent(), "0 reset H3_INTERNAL_ERROR\n");
  t.feed(4, get(), true);
  ASSERT_TRUE(t.engine.send_response(5, response(200), content_length::of(2), t.now));
  EXPECT_EQ(error(t.engine.send_end(5, nullptr, t.now)), engine::misuse::length_short);
  t.feed(8, get(), true);
  ASSERT_TRUE(t.engine.send_response(9, response(200), content_length::of(2), t.now));
  EXPECT_EQ(error(t.engine.send_data(9, {chunk::file{0, 0, 2, nullptr}}, t.now)), engine::misuse::content_not_allowed);
  EXPECT_EQ(t.sent(), "4 reset H3_INTERNAL_ERROR\n8 reset H3_INTERNAL_ERROR\n");
}

}  // namespace
}  // namespace parley::h3::test
