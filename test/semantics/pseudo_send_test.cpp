#include "semantics/pseudo_send.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "semantics/allocation_count.hpp"
#include "semantics/pseudo.hpp"

namespace parley::semantics {
namespace {

using send_access = parley::detail::fields_access;

struct asked_request {
  parley::method method;
  std::string_view target;
  std::string_view authority;
  parley::fields lines{};
  std::string_view protocol{};
};

request_head make_request(const asked_request& asked) {
  request_head head;
  head.method = asked.method;
  send_access::reserve(head.fields, 100, 10);
  head.target_ref = send_access::store(head.fields, asked.target);
  head.authority_ref = send_access::store(head.fields, asked.authority);
  head.protocol_ref = send_access::store(head.fields, asked.protocol);
  for (const auto& line : asked.lines) head.fields.add(line.name, line.value);
  return head;
}

struct line_text {
  std::string text;
  void operator()(name_tag tag, std::string_view name, std::string_view value) {
    EXPECT_EQ(tag, tag_of(name)) << name;
    text.append(text.empty() ? "" : "\n").append(name).append("=").append(value);
  }
};

std::string sent_request(const asked_request& asked, std::optional<std::uint64_t> length = {}, std::string_view scheme = "https") {
  line_text lines;
  const sendable result = for_each_request_field(make_request(asked), scheme, length, lines);
  if (result == sendable::ok) return lines.text;
  EXPECT_EQ(lines.text, "") << "nothing is visited";
  const std::string_view names[] = {"ok", "method", "scheme", "authority", "target", "protocol", "status"};
  return "bad " + std::string(names[static_cast<std::size_t>(result)]);
}

TEST(for_each_request_field, pseudo_fields) {
  using m = parley::method;
  const struct {
    asked_request asked;
    std::string_view lines;
  } rows[] = {
      {{m::get, "/a?b", "h:1"}, ":method=GET\n:scheme=https\n:authority=h:1\n:path=/a?b"},
      {{m::get, "/", "", {{"Host", "h"}}}, ":method=GET\n:scheme=https\n:authority=h\n:path=/"},
      {{m::get, "/", "h", {{"Host", "g"}}}, ":method=GET\n:scheme=https\n:authority=h\n:path=/"},
      {{m::options, "*", "h"}, ":method=OPTIONS\n:scheme=https\n:authority=h\n:path=*"},
      {{m::get, "http://g:2/a?b", "h"}, ":method=GET\n:scheme=http\n:authority=g:2\n:path=/a?b"},
      {{m::get, "https://g", ""}, ":method=GET\n:scheme=https\n:authority=g\n:path=/"},
      {{m::get, "https://g?b", ""}, ":method=GET\n:scheme=https\n:authority=g\n:path=/?b"},
      {{m::options, "https://g", ""}, ":method=OPTIONS\n:scheme=https\n:authority=g\n:path=*"},
      {{m::options, "https://g/", ""}, ":method=OPTIONS\n:scheme=https\n:authority=g\n:path=/"},
      {{m::connect, "h:443", ""}, ":method=CONNECT\n:authority=h:443"},
      {{m::connect, "", "h:443"}, ":method=CONNECT\n:authority=h:443"},
      {{m::connect, "/chat", "h", {}, "websocket"},
       ":method=CONNECT\n:scheme=https\n:authority=h\n:path=/chat\n:protocol=websocket"},
      {{*m::parse("PURGE"), "/", "h"}, ":method=PURGE\n:scheme=https\n:authority=h\n:path=/"},
      // What cannot be sent.
      {{m::get, "", "h"}, "bad target"},
      {{m::get, "a", "h"}, "bad target"},
      {{m::get, "*", "h"}, "bad target"},
      {{m::get, "/a b", "h"}, "bad target"},
      {{m::get, "/", ""}, "bad authority"},
      {{m::get, "/", "u@h"}, "bad authority"},
      {{m::get, "/", "h/"}, "bad authority"},
      {{m::connect, "h", ""}, "bad authority"},
      {{m::connect, "h:0", ""}, "bad authority"},
      {{m::connect, "", ""}, "bad authority"},
      {{m::connect, "https://h/", "h", {}, "websocket"}, "bad target"},
      {{m::connect, "h:1", "h:1", {}, "websocket"}, "bad target"},
      {{m::get, "/", "h", {}, "websocket"}, "bad protocol"},
  };
  for (const auto& row : rows) EXPECT_EQ(sent_request(row.asked), row.lines) << row.asked.target;
  EXPECT_EQ(sent_request({m::get, "/", "h"}, {}, ""), "bad scheme");
  EXPECT_EQ(sent_request({m::get, "/", "h"}, {}, "a b"), "bad scheme");
  request_head no_method = make_request({m::get, "/", "h"});
  no_method.method = parley::method(parley::method::id::other);
  line_text none;
  EXPECT_EQ(for_each_request_field(no_method, "https", {}, none), sendable::bad_method);
}

TEST(for_each_request_field, lines) {
  const std::string head = ":method=POST\n:scheme=https\n:authority=h\n:path=/";
  const struct {
    const char* section;
    parley::fields lines;
    std::optional<std::uint64_t> length;
    std::string_view sent;
  } rows[] = {
      {"RFC 9113 §8.2", {{"Accept", "a"}, {"X-Some", "B"}, {"x-other", "c"}}, {}, "\naccept=a\nx-some=B\nx-other=c"},
      {"RFC 9113 §8.2.2",
       {{"Connection", "close"},
        {"Keep-Alive", "1"},
        {"Proxy-Connection", "x"},
        {"Transfer-Encoding", "chunked"},
        {"Upgrade", "h2c"},
        {"HTTP2-Settings", "x"},
        {"a", "b"}},
       {},
       "\na=b"},
      {"RFC 9113 §8.2.2", {{"X-Hop", "1"}, {"Via", "2"}, {"Connection", "close, x-hop, via"}, {"a", "b"}}, {}, "\na=b"},
      {"RFC 9113 §8.2.2", {{"TE", "trailers"}}, {}, "\nte=trailers"},
      {"RFC 9113 §8.2.2", {{"TE", "gzip;q=0.5, Trailers"}, {"Connection", "TE"}}, {}, "\nte=trailers"},
      {"RFC 9113 §8.2.2", {{"TE", "gzip"}, {"TE", "trailers"}}, {}, "\nte=trailers"},
      {"RFC 9113 §8.2.2", {{"TE", "gzip"}}, {}, ""},
      {"RFC 9110 §8.6", {{"Content-Length", "7"}}, {}, ""},
      {"RFC 9110 §8.6", {{"Content-Length", "7"}, {"a", "b"}}, 18446744073709551615U, "\na=b\ncontent-length=18446744073709551615"},
      {"RFC 9110 §7.2", {{"Host", "h"}, {"a", ""}}, 0, "\na=\ncontent-length=0"},
      {"RFC 9113 §8.2.3", {{"Cookie", "a=1; b=2"}}, {}, "\ncookie=a=1; b=2"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(sent_request({parley::method::post, "/", "h", row.lines}, row.length), head + std::string(row.sent)) << row.section;
  }
}

TEST(for_each_response_field, lines) {
  const auto sent = [](const response_head& head, std::optional<std::uint64_t> length = {}) {
    line_text lines;
    return for_each_response_field(head, length, lines) == sendable::ok ? lines.text : "bad";
  };
  const parley::detail::ready_lines file(parley::fields{{"ETag", "\"a\""}, {"Content-Type", "text/plain"}});
  const parley::detail::ready_lines own(parley::fields{{"Date", "now"}, {"Server", "parley"}});
  response_head head;
  head.fields = {{"Set-Cookie", "a"}, {"Set-Cookie", "b"}, {"Connection", "close"},
                 {"Host", "h"},       {"TE", "trailers"},  {"Content-Length", "3"}};
  head.ready = {&file, &own};
  EXPECT_EQ(sent(head, 13),
            ":status=200\nset-cookie=a\nset-cookie=b\nhost=h\netag=\"a\"\ncontent-type=text/"
            "plain\ndate=now\nserver=parley\ncontent-length=13");
  response_head bare;
  bare.status = 103;
  EXPECT_EQ(sent(bare), ":status=103");
  for (const int status : {-1, 0, 99, 101, 1000, 20000}) {
    bare.status = status;
    EXPECT_EQ(sent(bare, 1), "bad") << status;
  }
}

TEST(for_each_trailer_field, lines) {
  line_text lines;
  for_each_trailer_field(
      {{"Digest", "a"}, {"Content-Length", "1"}, {"Host", "h"}, {"Transfer-Encoding", "x"}, {"TE", "trailers"}, {"X-B", "c"}},
      lines);
  EXPECT_EQ(lines.text, "digest=a\nx-b=c");
}

TEST(for_each_request_field, allocates_nothing_for_names_of_usual_size) {
  const request_head head =
      make_request({parley::method::get, "/", "h", {{"Accept", "a"}, {"X-Some", "b"}, {"Sec-Fetch-Mode", "c"}}});
  std::size_t bytes = 0;
  const auto before = test::allocation_count();
  EXPECT_EQ(
      for_each_request_field(head, "https", 5,
                             [&](name_tag, std::string_view name, std::string_view value) { bytes += name.size() + value.size(); }),
      sendable::ok);
  EXPECT_EQ(test::allocation_count(), before);
  EXPECT_GT(bytes, 60U);
}

}  // namespace
}  // namespace parley::semantics
