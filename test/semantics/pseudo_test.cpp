#include "semantics/pseudo.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "semantics/allocation_count.hpp"

namespace parley::semantics {
namespace {

using pseudo_lines = std::vector<std::pair<std::string, std::string>>;

const pseudo_lines plain_get{{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/"}};

pseudo_lines operator+(pseudo_lines a, const pseudo_lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

template <class Section>
void add_lines(Section& section, const pseudo_lines& lines) {
  for (const auto& [name, value] : lines) section.add(tag_of(name), name, value);
}

std::string shown_fields(const parley::fields& f) {
  std::string text;
  for (const auto& line : f) text.append("\n").append(line.name).append(": ").append(line.value);
  return text;
}

std::string shown_fault(const malformed& m) { return std::to_string(m.status).append(" ").append(m.name); }

// method, form, scheme, authority, path, query, protocol, fields; or status and name of what is wrong.
std::string read_request(const pseudo_lines& lines, request_rules rules = {}, limits caps = {}) {
  request_fields section(section_caps::of_head(caps), rules);
  add_lines(section, lines);
  const auto head = section.finish();
  if (!head) return shown_fault(head.error());
  std::string text(head->method.name());
  text.append(1, ' ').append(1, "oauA"[static_cast<int>(head->form)]);
  for (const std::string_view piece :
       {head->scheme(), head->authority(), head->path(), head->query(), head->protocol(), head->target()}) {
    text.append("|").append(piece);
  }
  return text + shown_fields(head->fields);
}

std::string read_response(const pseudo_lines& lines) {
  response_fields section(section_caps::of_head({}), parley::http2);
  add_lines(section, lines);
  const auto head = section.finish();
  return head ? std::to_string(head->status) + shown_fields(head->fields) : shown_fault(head.error());
}

std::string read_trailers(const pseudo_lines& lines, limits caps = {}) {
  trailer_fields section(section_caps::of_trailers(caps));
  add_lines(section, lines);
  const auto f = section.finish();
  return f ? shown_fields(*f) : shown_fault(f.error());
}

TEST(request_fields, what_comes_out) {
  const struct {
    pseudo_lines lines;
    std::string_view head;
  } rows[] = {
      {plain_get, "GET o|https|h|/|||/"},
      {{{":path", "/a?b?c"}, {":authority", "h:8443"}, {":method", "POST"}, {":scheme", "https"}},
       "POST o|https|h:8443|/a|b?c||/a?b?c"},
      {{{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/a?"}}, "GET o|https|h|/a|||/a?"},
      {{{":method", "OPTIONS"}, {":scheme", "https"}, {":authority", "h"}, {":path", "*"}}, "OPTIONS A|https|h|*|||*"},
      {{{":method", "PURGE"}, {":scheme", "https"}, {":authority", "[::1]:8443"}, {":path", "/"}},
       "PURGE o|https|[::1]:8443|/|||/"},
      // §8.3.1: Host alone is the authority; with `:authority` it stays a line.
      {{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "h"}}, "GET o|https|h|/|||/\nhost: h"},
      {plain_get + pseudo_lines{{"host", "h"}}, "GET o|https|h|/|||/\nhost: h"},
      {plain_get + pseudo_lines{{"host", "H:443"}}, "GET o|https|h|/|||/\nhost: H:443"},
      // §8.5
      {{{":method", "CONNECT"}, {":authority", "h:443"}}, "CONNECT u||h:443||||h:443"},
      // Lines as they came, empty values too.
      {plain_get + pseudo_lines{{"accept", "a, b"}, {"x-a", ""}, {"x-a", "\xc3\xa4\tb"}},
       "GET o|https|h|/|||/\naccept: a, b\nx-a: \nx-a: \xc3\xa4\tb"},
      {plain_get + pseudo_lines{{"te", "trailers"}, {"content-length", "5"}},
       "GET o|https|h|/|||/\nte: trailers\ncontent-length: 5"},
      // §8.2.3
      {plain_get + pseudo_lines{{"cookie", "a=1"}, {"cookie", "b=2"}, {"cookie", "c=3"}},
       "GET o|https|h|/|||/\ncookie: a=1; b=2; c=3"},
      {plain_get + pseudo_lines{{"cookie", "a=1"}, {"x", "1"}, {"cookie", "b=2"}, {"y", "2"}, {"cookie", "c=3"}, {"cookie", "d=4"}},
       "GET o|https|h|/|||/\ncookie: a=1; b=2; c=3; d=4\nx: 1\ny: 2"},
      {plain_get + pseudo_lines{{"cookie", ""}, {"cookie", "b=2"}, {"cookie", ""}}, "GET o|https|h|/|||/\ncookie: b=2"},
      {plain_get + pseudo_lines{{"cookie", ""}, {"x", "1"}, {"cookie", ""}, {"y", "1"}, {"cookie", "c"}},
       "GET o|https|h|/|||/\ncookie: c\nx: 1\ny: 1"},
      {plain_get + pseudo_lines{{"cookie", ""}, {"x", "1"}, {"cookie", ""}}, "GET o|https|h|/|||/\ncookie: \nx: 1"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_request(row.lines), row.head);
}

// Without a pseudo-field, or with another value for it.
pseudo_lines without(std::string_view name, pseudo_lines lines = plain_get) {
  std::erase_if(lines, [&](const auto& line) { return line.first == name; });
  return lines;
}
pseudo_lines with(std::string_view name, std::string_view value, pseudo_lines lines = plain_get) {
  for (auto& line : lines) {
    if (line.first == name) line.second = value;
  }
  return lines;
}

TEST(request_fields, what_is_refused) {
  using l = pseudo_lines;
  const std::string nul("a\0b", 3);
  const struct {
    const char* section;
    l lines;
    std::string_view fault;
  } rows[] = {
      {"RFC 9113 §8.2.1", plain_get + l{{"Accept", "a"}}, "400 uppercase-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"x-A", "a"}}, "400 uppercase-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"", "a"}}, "400 bad-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a b", "a"}}, "400 bad-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a:b", "a"}}, "400 bad-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a\x80", "a"}}, "400 bad-field-name"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", nul}}, "400 bad-field-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "b\rc"}}, "400 bad-field-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "b\nc"}}, "400 bad-field-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "a value\r\nof more: than a vector"}}, "400 bad-field-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"cookie", "a"}, {"cookie", "b\nc"}}, "400 bad-field-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", " b"}}, "400 space-around-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "b "}}, "400 space-around-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "\tb"}}, "400 space-around-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", "b\t"}}, "400 space-around-value"},
      {"RFC 9113 §8.2.1", plain_get + l{{"a", " "}}, "400 space-around-value"},
      {"RFC 9113 §8.2.2", plain_get + l{{"connection", "close"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", plain_get + l{{"proxy-connection", "close"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", plain_get + l{{"keep-alive", "1"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", plain_get + l{{"transfer-encoding", "chunked"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", plain_get + l{{"upgrade", "h2c"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", plain_get + l{{"te", "trailers, gzip"}}, "400 bad-te"},
      {"RFC 9113 §8.2.2", plain_get + l{{"te", ""}}, "400 bad-te"},
      {"RFC 9113 §8.3", plain_get + l{{":other", "a"}}, "400 unknown-pseudo-field"},
      {"RFC 9113 §8.3", plain_get + l{{":status", "200"}}, "400 unknown-pseudo-field"},
      {"RFC 9113 §8.3", l{{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {"a", "b"}, {":path", "/"}},
       "400 late-pseudo-field"},
      {"RFC 9113 §8.3", plain_get + l{{":path", "/"}}, "400 duplicate-pseudo-field"},
      {"RFC 9113 §8.3", plain_get + l{{":method", "GET"}}, "400 duplicate-pseudo-field"},
      {"RFC 9113 §8.3", plain_get + l{{":scheme", "https"}}, "400 duplicate-pseudo-field"},
      {"RFC 9113 §8.3", plain_get + l{{":authority", "h"}}, "400 duplicate-pseudo-field"},
      {"RFC 9113 §8.3.1", without(":method"), "400 missing-method"},
      {"RFC 9113 §8.3.1", l{}, "400 missing-method"},
      {"RFC 9113 §8.3.1", without(":scheme"), "400 missing-scheme"},
      {"RFC 9113 §8.3.1", without(":path"), "400 missing-path"},
      {"RFC 9113 §8.3.1", without(":authority"), "400 missing-authority"},
      {"RFC 9110 §9.1", with(":method", ""), "400 bad-method"},
      {"RFC 9110 §9.1", with(":method", "G T"), "400 bad-method"},
      {"RFC 9110 §9.1", with(":method", std::string(31, 'A')), "501 method-too-long"},
      {"RFC 9113 §8.3.1", with(":scheme", ""), "400 bad-scheme"},
      {"RFC 9113 §8.3.1", with(":scheme", "1http"), "400 bad-scheme"},
      {"RFC 9113 §8.3.1", with(":scheme", "ht_tp"), "400 bad-scheme"},
      {"RFC 9113 §8.3.1", with(":path", ""), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "a"), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "*"), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "https://h/"), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "/a b"), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "/a#b"), "400 bad-path"},
      {"RFC 9113 §8.3.1", with(":path", "/\xc3\xa4"), "400 bad-path"},
      {"RFC 9113 §8.2.1", with(":path", "/\r\n"), "400 bad-field-value"},
      {"RFC 9113 §8.3.1", with(":authority", ""), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", "u@h"), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", "u:p@h"), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", "h/a"), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", "h:x"), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", ":80"), "400 bad-authority"},
      {"RFC 9113 §8.3.1", with(":authority", "") + l{{"host", "h"}}, "400 bad-authority"},
      {"RFC 9113 §8.3.1", without(":authority") + l{{"host", ""}}, "400 bad-host"},
      {"RFC 9113 §8.3.1", without(":authority") + l{{"host", "u@h"}}, "400 bad-host"},
      {"RFC 9110 §7.2", without(":authority") + l{{"host", "h"}, {"host", "h"}}, "400 duplicate-host"},
      {"RFC 9113 §8.3.1", plain_get + l{{"host", "g"}}, "400 host-differs"},
      {"RFC 9113 §8.3.1", plain_get + l{{"host", "h:80"}}, "400 host-differs"},
      {"RFC 9113 §8.3.1", plain_get + l{{"host", ""}}, "400 bad-host"},
      {"RFC 9113 §8.5", with(":method", "CONNECT"), "400 bad-connect"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {":authority", "h:1"}, {":scheme", "https"}}, "400 bad-connect"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {":authority", "h:1"}, {":path", "/"}}, "400 bad-connect"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}}, "400 bad-connect"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {"host", "h:1"}}, "400 bad-connect"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {":authority", "h"}}, "400 bad-connect-authority"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {":authority", "h:0"}}, "400 bad-connect-authority"},
      {"RFC 9113 §8.5", l{{":method", "CONNECT"}, {":authority", "u@h:1"}}, "400 bad-connect-authority"},
      {"RFC 9110 §9.3.6", l{{":method", "CONNECT"}, {":authority", "h:1"}, {"content-length", "1"}}, "400 content-in-connect"},
      {"RFC 8441 §3", plain_get + l{{":protocol", "websocket"}}, "400 unknown-pseudo-field"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", "x"}}, "400 bad-content-length"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", ""}}, "400 bad-content-length"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", "+1"}}, "400 bad-content-length"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", "1, 1"}}, "400 bad-content-length"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", "18446744073709551616"}}, "400 bad-content-length"},
      {"RFC 9113 §8.1.1", plain_get + l{{"content-length", "1"}, {"content-length", "1"}}, "400 duplicate-content-length"},
      {"RFC 9110 §10.1.1", plain_get + l{{"expect", "more"}}, "417 unknown-expectation"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_request(row.lines), row.fault) << row.section;
}

TEST(request_fields, extended_connect) {
  const request_rules allowed{.extended_connect = true};
  const pseudo_lines chat{
      {":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/chat?a"}};
  EXPECT_EQ(read_request(chat, allowed), "CONNECT o|https|h|/chat|a|websocket|/chat?a");
  EXPECT_EQ(read_request(chat), "400 unknown-pseudo-field");
  EXPECT_EQ(read_request(with(":protocol", "", chat), allowed), "400 bad-protocol");
  EXPECT_EQ(read_request(with(":protocol", "a b", chat), allowed), "400 bad-protocol");
  EXPECT_EQ(read_request(with(":protocol", "a/", chat), allowed), "400 bad-protocol");
  EXPECT_EQ(read_request(with(":protocol", "a/1", chat), allowed), "CONNECT o|https|h|/chat|a|a/1|/chat?a");
  EXPECT_EQ(read_request(with(":method", "GET", chat), allowed), "400 protocol-without-connect");
  EXPECT_EQ(read_request(without(":path", chat), allowed), "400 missing-path");
  EXPECT_EQ(read_request(without(":scheme", chat), allowed), "400 missing-scheme");
  EXPECT_EQ(read_request(without(":authority", chat), allowed), "400 missing-authority");
  EXPECT_EQ(read_request(with(":path", "h:80", chat), allowed), "400 bad-path");
  EXPECT_EQ(read_request(with(":path", "*", chat), allowed), "400 bad-path");
  EXPECT_EQ(read_request(chat + pseudo_lines{{":protocol", "a"}}, allowed), "400 duplicate-pseudo-field");
}

TEST(request_fields, the_scheme_of_the_connection) {
  EXPECT_EQ(read_request(plain_get, {.scheme = "https"}), "GET o|https|h|/|||/");
  EXPECT_EQ(read_request(with(":scheme", "HTTPS"), {.scheme = "https"}), "GET o|HTTPS|h|/|||/");
  EXPECT_EQ(read_request(plain_get, {.scheme = "http"}), "421 wrong-scheme");
  EXPECT_EQ(read_request(with(":scheme", "?"), {.scheme = "http"}), "400 bad-scheme");
  EXPECT_EQ(read_request(with(":scheme", "ftp")), "GET o|ftp|h|/|||/");
  // Hosts are compared with the scheme's port left out.
  EXPECT_EQ(read_request(with(":scheme", "http") + pseudo_lines{{"host", "h:80"}}), "GET o|http|h|/|||/\nhost: h:80");
}

TEST(request_fields, what_the_facts_say) {
  const auto facts = [](const pseudo_lines& more) {
    request_fields section(section_caps::of_head({}), {.version = parley::http3});
    add_lines(section, plain_get + more);
    const auto head = section.finish();
    EXPECT_TRUE(head.has_value());
    EXPECT_EQ(head->version, parley::http3);
    std::string text = section.facts().content_length ? std::to_string(*section.facts().content_length) : "-";
    if (section.facts().expects_continue) text += " continue";
    if (section.facts().has_priority) text += " priority";
    return text;
  };
  EXPECT_EQ(facts({}), "-");
  EXPECT_EQ(facts({{"content-length", "18446744073709551615"}}), "18446744073709551615");
  EXPECT_EQ(facts({{"expect", "100-Continue"}}), "- continue");
  EXPECT_EQ(facts({{"expect", "100-continue"}, {"content-length", "0"}}), "0");
  EXPECT_EQ(facts({{"expect", "100-continue"}, {"content-length", "7"}, {"priority", "u=1"}}), "7 continue priority");
}

TEST(request_fields, caps) {
  limits caps;
  caps.head = 400;
  caps.field_count = 3;
  caps.field_line = 100;
  caps.start_line = 50;
  const auto of = [&](const pseudo_lines& more) { return read_request(plain_get + more, {}, caps).substr(0, 30); };
  // The four take (7 + 3 + 7 + 5 + 10 + 1 + 5 + 1) + 4 * 32 = 167.
  EXPECT_EQ(of({{"a", std::string(99, 'x')}}).substr(0, 3), "GET");
  EXPECT_EQ(of({{"a", std::string(100, 'x')}}), "431 field-line-too-long");
  EXPECT_EQ(of({{"a", std::string(84, 'x')}, {"b", std::string(83, 'x')}}).substr(0, 3), "GET");
  EXPECT_EQ(of({{"a", std::string(84, 'x')}, {"b", std::string(84, 'x')}}), "431 head-too-large");
  EXPECT_EQ(of({{"a", ""}, {"a", ""}, {"a", ""}}).substr(0, 3), "GET");
  EXPECT_EQ(of({{"a", ""}, {"a", ""}, {"a", ""}, {"a", ""}}), "431 too-many-fields");
  EXPECT_EQ(of({{"cookie", "a"}, {"cookie", "b"}, {"cookie", "c"}, {"cookie", "d"}}), "431 too-many-fields") << "each piece counts";
  EXPECT_EQ(read_request(with(":path", "/" + std::string(49, 'a')), {}, caps).substr(0, 3), "GET");
  EXPECT_EQ(read_request(with(":path", "/" + std::string(50, 'a')), {}, caps), "414 path-too-long");
  EXPECT_EQ(read_request(with(":authority", std::string(101, 'a')), {}, caps), "431 field-line-too-long");
  // A name longer than a slot can say, whatever the caps.
  caps = {};
  caps.head = caps.field_line = 1'000'000;
  EXPECT_EQ(of({{std::string(65536, 'a'), "b"}}), "431 field-line-too-long");
  EXPECT_EQ(of({{std::string(65535, 'a'), "b"}}).substr(0, 3), "GET");

  request_fields section(section_caps::of_head({}), {});
  add_lines(section, plain_get);
  EXPECT_EQ(section.size(), 167U);
}

TEST(request_fields, the_first_fault_counts_and_nothing_is_kept_behind_it) {
  request_fields section(section_caps::of_head({}), {});
  section.add(tag_of("A"), "A", "b");
  ASSERT_TRUE(section.failed());
  for (int i = 0; i < 1000; ++i) section.add(other_name, "x", "y");
  EXPECT_EQ(section.fault().name, "uppercase-field-name");
  EXPECT_EQ(section.finish().error().name, "uppercase-field-name");
}

TEST(request_fields, many_scattered_cookies_stay_within_their_size) {
  limits caps;
  caps.head = 10'000'000;
  caps.field_count = 4000;
  pseudo_lines lines = plain_get;
  std::string joined;
  for (int i = 0; i < 1000; ++i) {
    lines.emplace_back("cookie", "c=" + std::to_string(i));
    lines.emplace_back("x", "");
    joined.append(i == 0 ? "" : "; ").append(lines[lines.size() - 2].second);
  }
  request_fields section(section_caps::of_head(caps), {});
  add_lines(section, lines);
  const auto head = section.finish();
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->fields.size(), 1001U);
  EXPECT_EQ(head->fields.get("cookie"), joined);
}

TEST(request_fields, allocates_nothing_once_warm) {
  const pseudo_lines lines = plain_get + pseudo_lines{{"user-agent", std::string(500, 'a')},
                                                      {"cookie", "a"},
                                                      {"x", "1"},
                                                      {"cookie", "b"},
                                                      {"accept", std::string(900, 'b')},
                                                      {"host", "h"},
                                                      {"content-length", "5"}};
  const auto once = [&] {
    request_fields section(section_caps::of_head({}), {.scheme = "https"});
    add_lines(section, lines);
    return section.finish().has_value();
  };
  EXPECT_TRUE(once());
  const auto before = test::allocation_count();
  EXPECT_TRUE(once());
  EXPECT_EQ(test::allocation_count(), before);
}

TEST(response_fields, rules) {
  using l = pseudo_lines;
  const struct {
    const char* section;
    l lines;
    std::string_view result;
  } rows[] = {
      {"RFC 9113 §8.3.2", {{":status", "200"}, {"a", "b"}}, "200\na: b"},
      {"RFC 9113 §8.3.2", {{":status", "999"}}, "999"},
      {"RFC 9110 §15.2", {{":status", "103"}, {"link", "</a>"}}, "103\nlink: </a>"},
      {"RFC 9113 §8.3.2", {{"a", "b"}}, "0 missing-status"},
      {"RFC 9113 §8.3.2", {{":status", "99"}}, "0 bad-status"},
      {"RFC 9113 §8.3.2", {{":status", "099"}}, "0 bad-status"},
      {"RFC 9113 §8.3.2", {{":status", "2000"}}, "0 bad-status"},
      {"RFC 9113 §8.3.2", {{":status", "20x"}}, "0 bad-status"},
      {"RFC 9113 §8.3.2", {{":status", ""}}, "0 bad-status"},
      {"RFC 9113 §8.3.2", {{":status", "200 OK"}}, "0 bad-status"},
      {"RFC 9113 §8.6", {{":status", "101"}}, "0 switching-protocols"},
      {"RFC 9113 §8.3", {{":status", "200"}, {":status", "200"}}, "0 duplicate-pseudo-field"},
      {"RFC 9113 §8.3", {{":status", "200"}, {":path", "/"}}, "0 unknown-pseudo-field"},
      {"RFC 9113 §8.3", {{"a", "b"}, {":status", "200"}}, "0 late-pseudo-field"},
      {"RFC 9113 §8.2.1", {{":status", "200"}, {"A", "b"}}, "0 uppercase-field-name"},
      {"RFC 9113 §8.2.2", {{":status", "200"}, {"connection", "close"}}, "0 connection-specific-field"},
      {"RFC 9113 §8.2.2", {{":status", "200"}, {"te", "trailers"}}, "0 connection-specific-field"},
      {"RFC 9113 §8.1.1", {{":status", "200"}, {"content-length", "-1"}}, "0 bad-content-length"},
      {"RFC 9110 §5.3", {{":status", "200"}, {"set-cookie", "a"}, {"set-cookie", "b"}}, "200\nset-cookie: a\nset-cookie: b"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_response(row.lines), row.result) << row.section;
}

TEST(trailer_fields, rules) {
  const struct {
    const char* section;
    pseudo_lines lines;
    std::string_view result;
  } rows[] = {
      {"RFC 9113 §8.1", {{"a", "b"}, {"c", ""}}, "\na: b\nc: "},
      {"RFC 9113 §8.1", {}, ""},
      {"RFC 9113 §8.1", {{":path", "/"}}, "400 pseudo-field-in-trailers"},
      {"RFC 9113 §8.1", {{":other", "/"}}, "400 pseudo-field-in-trailers"},
      {"RFC 9113 §8.2.1", {{"A", "b"}}, "400 uppercase-field-name"},
      {"RFC 9110 §6.5.1", {{"content-length", "0"}}, "400 forbidden-trailer"},
      {"RFC 9110 §6.5.1", {{"host", "h"}}, "400 forbidden-trailer"},
      {"RFC 9113 §8.2.2", {{"transfer-encoding", "chunked"}}, "400 connection-specific-field"},
      {"RFC 9113 §8.2.2", {{"te", "trailers"}}, "400 connection-specific-field"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_trailers(row.lines), row.result) << row.section;

  limits caps;
  caps.trailers = 100;
  caps.trailer_count = 2;
  EXPECT_EQ(read_trailers({{"a", std::string(67, 'x')}}, caps).substr(0, 3), "\na:");
  EXPECT_EQ(read_trailers({{"a", std::string(68, 'x')}}, caps), "431 trailers-too-large");
  EXPECT_EQ(read_trailers({{"a", ""}, {"b", ""}, {"c", ""}}, caps), "431 too-many-trailers");
}

TEST(malformed, each_has_its_own_name_and_says_what_and_where) {
  for (const malformed* m : fault::all) {
    EXPECT_TRUE(m->section.starts_with("RFC ")) << m->name;
    EXPECT_TRUE(m->message.ends_with(".")) << m->name;
    EXPECT_EQ(m->too_large, !m->limit.empty()) << m->name;
    for (const malformed* other : fault::all) EXPECT_TRUE(m == other || m->name != other->name) << m->name;
  }
}

}  // namespace
}  // namespace parley::semantics
