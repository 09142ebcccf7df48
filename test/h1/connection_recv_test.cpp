// What a server engine makes of requests: wire text in, events out, at every fragment size.
#include "h1/connection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using namespace std::string_view_literals;

struct request_row {
  std::string_view name;
  std::string_view wire;
  std::string_view log;
  options how = {};
};

void expect_rows(const std::vector<request_row>& rows) {
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server, tester::default_limits(), row.how);
      answer_all(t);
      t.feed(row.wire, size);
      EXPECT_EQ(t.log, row.log) << row.name << ", in pieces of " << size;
    }
  }
}

/// A refused request: the only event is a reset of request 1, and an answer with the right status and a close follows.
struct refused_row {
  std::string_view wire;
  int status;
  std::string_view name;
};

void expect_refused(const std::vector<refused_row>& rows) {
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(engine::role::server);
      answer_all(t);
      t.feed(row.wire, size);
      EXPECT_EQ(t.log, "reset 1 " + std::to_string(row.status) + " " + std::string(row.name) + "\n") << row.wire << " in " << size;
      ASSERT_TRUE(t.engine.error() != nullptr) << row.wire;
      EXPECT_FALSE(t.engine.error()->message.empty()) << row.name;
      EXPECT_TRUE(t.engine.error()->section.starts_with("RFC ")) << row.name;
      EXPECT_FALSE(t.engine.wants_read());
      EXPECT_TRUE(t.engine.wants_close());
      const std::string sent = t.sent();
      EXPECT_TRUE(sent.starts_with("HTTP/1.1 " + std::to_string(row.status) + " ")) << sent;
      EXPECT_NE(sent.find("\r\nConnection: close\r\n"), sent.npos) << sent;
      EXPECT_TRUE(t.pending.empty()) << "after a refusal everything is swallowed";
    }
  }
}

TEST(h1_requests, versions) {
  expect_rows({
      {"1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 GET / HTTP/1.1 | Host: a | end\n"},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", "request 1 GET / HTTP/1.0 | end\n"},
      {"a higher minor version is read as 1.1", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "request 1 GET / HTTP/1.1 | Host: a | end\n"},
      {"0.9", "GET /a\r\n", "request 1 GET /a HTTP/0.9 | end\n"},
      {"0.9, the path alone", "/a?b=c\r\n", "request 1 GET /a?b=c HTTP/0.9 | end\n"},
      {"0.9 with what was meant for 1.0 behind it", "GET /a\r\nHost: x\r\n\r\n", "request 1 GET /a HTTP/0.9 | end\n"},
  });
  expect_refused({
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version-not-supported"},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "version-not-supported"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / HTTP/1.1.\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / HTTP/1\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / ICE/1.0\r\nHost: a\r\n\r\n", 400, "bad-version"},
      {"GET / HTTP/1.1x\r\nHost: a\r\n\r\n", 400, "bad-version"},
  });
}

TEST(h1_requests, simple_requests_are_for_the_first_request_in_the_clear) {
  expect_rows({
      {"switched off", "GET /a\r\n", "reset 1 400 http09-refused\n", {.allow_http09 = false}},
      {"switched off, the path alone", "/a\r\n", "reset 1 400 http09-refused\n", {.allow_http09 = false}},
      {"secured", "GET /a\r\n", "reset 1 400 http09-refused\n", {.secure = true}},
      {"not the first", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /a\r\n",
       "request 1 GET / HTTP/1.1 | Host: a | end\nreset 2 400 http09-refused\n"},
      {"after empty lines", "\r\n\r\nGET /a\r\n", "request 1 GET /a HTTP/0.9 | end\n"},
  });
  expect_refused({
      {"POST /a\r\n", 400, "bad-request-line"},
      {"GET \r\n", 400, "bad-request-line"},
      {"GET\r\n", 400, "bad-request-line"},
      {"get /a\r\n", 400, "bad-request-line"},
      {"GET /a\tb\r\n", 400, "bad-request-line"},
      {"nonsense\r\n", 400, "bad-request-line"},
      {"/a b\r\n", 400, "bad-request-line"},
  });
}

TEST(h1_requests, targets) {
  expect_rows({
      {"absolute", "GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 GET http://b/x?y HTTP/1.1 | Host: a | end\n"},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 OPTIONS * HTTP/1.1 | Host: a | end\n"},
      {"authority", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
       "request 1 CONNECT a:80 HTTP/1.1 | Host: a:80 | end\ndetached 1\n"},
      {"extension method", "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 M-SEARCH /x HTTP/1.1 | Host: a | end\n"},
  });
  expect_refused({
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
  });
}

TEST(h1_requests, the_parts_of_a_target) {
  const auto head_of = [](std::string_view wire) {
    tester t(engine::role::server);
    semantics::request_head head;
    t.on_event = [&](const engine::event& e) {
      if (const auto* r = std::get_if<engine::request_event>(&e)) {
        // An event's head can only be moved; the test reads what it needs from a copy.
        head = {r->head.method,   r->head.version,   r->head.form,       r->head.target_ref, r->head.authority_ref,
                r->head.path_ref, r->head.query_ref, r->head.scheme_ref, r->head.fields};
      }
    };
    t.feed(wire);
    return head;
  };
  const auto origin = head_of("GET /a/b?c=d HTTP/1.1\r\nHost: Example:81\r\n\r\n");
  EXPECT_EQ(origin.path(), "/a/b");
  EXPECT_EQ(origin.query(), "c=d");
  EXPECT_EQ(origin.authority(), "Example:81");
  EXPECT_EQ(origin.scheme(), "");

  // RFC 9112 §3.2.2: the Host field is ignored.
  const auto absolute = head_of("GET http://right:82?q HTTP/1.1\r\nHost: wrong\r\n\r\n");
  EXPECT_EQ(absolute.authority(), "right:82");
  EXPECT_EQ(absolute.scheme(), "http");
  EXPECT_EQ(absolute.path(), "/");
  EXPECT_EQ(absolute.query(), "q");
  EXPECT_EQ(absolute.form, semantics::target_form::absolute);

  const auto connect = head_of("CONNECT right:443 HTTP/1.1\r\nHost: wrong\r\n\r\n");
  EXPECT_EQ(connect.authority(), "right:443");
  EXPECT_EQ(connect.path(), "");
}

TEST(h1_requests, request_lines_that_are_not_exactly_right) {
  expect_refused({
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line"},
      {"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-method"},
      {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-method"},
      {"G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-method"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method-too-long"},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare-lf"},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "bare-cr"},
      {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, "bare-cr"},
      {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, "control-character"},
      {"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400, "control-character"},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare-lf"},
      {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare-cr"},
      {"\x16\x03\x01\x02", 400, "control-character"},  // TLS to a cleartext port
  });
}

TEST(h1_requests, field_lines) {
  expect_rows({
      {"white space around values", "GET / HTTP/1.1\r\nHost:a\r\nA: \t b c \t \r\nB:\r\nC: \r\n\r\n",
       "request 1 GET / HTTP/1.1 | Host: a | A: b c | B:  | C:  | end\n"},
      {"case and order are kept, values may be anything visible",
       "GET / HTTP/1.1\r\nhOsT: a\r\nx-Y: \xe9\xff\tz\r\nX-y: \"\r\n\r\n",
       "request 1 GET / HTTP/1.1 | hOsT: a | x-Y: \xe9\xff\tz | X-y: \" | end\n"},
      {"names of all token characters", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09AZaz: 1\r\n\r\n",
       "request 1 GET / HTTP/1.1 | Host: a | !#$%&'*+-.^_`|~09AZaz: 1 | end\n"},
  });
  expect_refused({
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "leading-white-space"},
      {"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400, "leading-white-space"},
      {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400, "obs-fold"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n", 400, "obs-fold"},
      {"GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", 400, "obs-fold"},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "space-before-colon"},
      {"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400, "space-before-colon"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n", 400, "bad-field-name"},
      {"GET / HTTP/1.1\r\nHost: a\r\n: c\r\n\r\n", 400, "bad-field-name"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA(: c\r\n\r\n", 400, "bad-field-name"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa9: c\r\n\r\n", 400, "bad-field-name"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA\r\n\r\n", 400, "missing-colon"},
      {"GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n", 400, "bare-lf"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\rC: d\r\n\r\n", 400, "bare-cr"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\n", 400, "bare-lf"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\rx", 400, "bare-cr"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent\rLength: 3\r\nAccept: a value of some length\r\n\r\n", 400, "bare-cr"},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer\rEncoding: chunked\r\nAccept: a value of some length\r\n\r\n", 400, "bare-cr"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\x01\r\n\r\n", 400, "control-character"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\x7f\r\n\r\n", 400, "control-character"},
      {"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n"sv, 400, "control-character"},
  });
}

TEST(h1_requests, host) {
  expect_rows({
      {"1.0 needs none", "GET / HTTP/1.0\r\nA: b\r\n\r\n", "request 1 GET / HTTP/1.0 | A: b | end\n"},
      {"IPv6 with a port", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "request 1 GET / HTTP/1.1 | Host: [::1]:80 | end\n"},
  });
  expect_refused({
      {"GET / HTTP/1.1\r\nA: b\r\n\r\n", 400, "missing-host"},
      {"GET http://a/ HTTP/1.1\r\nA: b\r\n\r\n", 400, "missing-host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "duplicate-host"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "duplicate-host"},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad-host"},
      {"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400, "bad-host"},
      {"GET / HTTP/1.0\r\nHost: [\r\n\r\n", 400, "bad-host"},
  });
}

TEST(h1_requests, connection_and_expect) {
  expect_rows({
      {"a close ends the reading", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "request 1 GET / HTTP/1.1 | Host: a | Connection: x, CLOSE | end\n"},
      {"1.0 closes", "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", "request 1 GET / HTTP/1.0 | end\n"},
      {"1.0 stays when asked to", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
       "request 1 GET / HTTP/1.0 | Connection: Keep-Alive | end\nrequest 2 GET / HTTP/1.0 | end\n"},
      {"Expect", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n",
       "request 1 PUT / HTTP/1.1 | Host: a | Content-Length: 1 | Expect: 100-Continue | expect\n"},
      {"Expect without content", "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
       "request 1 PUT / HTTP/1.1 | Host: a | Expect: 100-continue | end\n"},
      {"Expect in 1.0", "PUT / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
       "request 1 PUT / HTTP/1.0 | Content-Length: 1 | Expect: 100-continue\n"},
  });
  expect_refused({
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417, "unknown-expectation"},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n\r\n", 417, "unknown-expectation"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: \"close\r\n\r\n", 400, "bad-connection-field"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\n\r\nabc", 400, "content-in-connect"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "content-in-connect"},
  });
}

TEST(h1_requests, empty_lines_before_a_request) {
  expect_rows({
      {"two", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "request 1 GET / HTTP/1.1 | Host: a | end\n"},
      {"between requests", "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "request 1 GET / HTTP/1.1 | Host: a | end\nrequest 2 GET / HTTP/1.1 | Host: a | end\n"},
  });
  expect_refused({{"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "too-many-empty-lines"}});
}

TEST(h1_requests, a_refused_request_gives_its_method_when_it_is_known) {
  tester t(engine::role::server);
  answer_all(t, "sorry");
  t.feed("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(t.sent(), "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\nConnection: close\r\n\r\n") << "HEAD has no content";
}

TEST(h1_requests, an_answer_to_a_fault_follows_the_responses_before_it) {
  for (const std::size_t size : fragment_sizes) {
    tester t(engine::role::server);
    answer_all(t);
    t.feed(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET  /3 HTTP/1.1\r\n\r\nGET /4 HTTP/1.1\r\nHost: "
        "a\r\n\r\n",
        size);
    EXPECT_EQ(
        t.log,
        "request 1 GET /1 HTTP/1.1 | Host: a | end\nrequest 2 GET /2 HTTP/1.1 | Host: a | end\nreset 3 400 bad-request-line\n");
    EXPECT_EQ(t.sent(),
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
}

TEST(h1_requests, the_next_request_waits_for_the_response) {
  tester t(engine::role::server);
  t.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(t.log, "request 1 GET /1 HTTP/1.1 | Host: a | end\n");
  EXPECT_FALSE(t.engine.wants_read());
  EXPECT_FALSE(t.engine.idle());
  ASSERT_TRUE(t.engine.send_response(1, response(200), engine::content_length::of(2), epoch));
  t.pump();
  EXPECT_EQ(t.log.find("request 2"), t.log.npos);
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"ab"}}, epoch));
  ASSERT_TRUE(t.engine.send_end(1, nullptr, epoch));
  EXPECT_TRUE(t.engine.wants_read());
  t.pump();
  EXPECT_EQ(t.log, "request 1 GET /1 HTTP/1.1 | Host: a | end\nrequest 2 GET /2 HTTP/1.1 | Host: a | end\n");
}

}  // namespace
}  // namespace parley::h1::test
