#include <gtest/gtest.h>
#include <parley/uri.hpp>

#include <string>

#include "base/ascii.hpp"

namespace parley {
namespace {

// A part that is absent is not the same as one that is empty.
std::string part_or_dash(bool present, std::string_view text) { return present ? std::string(text) : "-"; }

// scheme|userinfo|host|port|path|query|fragment
std::string dissected(const uri& u) {
  std::string text = part_or_dash(u.is_absolute(), u.scheme()) + "|" + part_or_dash(u.has_userinfo(), u.userinfo()) + "|";
  text += part_or_dash(u.has_authority(), u.host()) + "|" + (u.port() ? std::to_string(*u.port()) : "-") + "|";
  text += std::string(u.path()) + "|" + part_or_dash(u.has_query(), u.query()) + "|" + part_or_dash(u.has_fragment(), u.fragment());
  return text;
}

TEST(uri, takes_references_apart) {
  const struct {
    std::string_view text, parts;
  } rows[] = {
      {"http://example.com:8042/over/there?name=ferret#nose", "http|-|example.com|8042|/over/there|name=ferret|nose"},
      {"https://localhost", "https|-|localhost|-||-|-"},
      {"https://u:p@h:1/", "https|u:p|h|1|/|-|-"},
      {"http://@h", "http||h|-||-|-"},
      {"http://h:", "http|-|h|-||-|-"},
      {"http://h:0", "http|-|h|0||-|-"},
      {"http://h:65535", "http|-|h|65535||-|-"},
      {"http://h:00080", "http|-|h|80||-|-"},
      {"http://[2001:db8::1]:80/", "http|-|[2001:db8::1]|80|/|-|-"},
      {"http://[v7.a:b]/", "http|-|[v7.a:b]|-|/|-|-"},
      {"ldap://[2001:db8::7]/c=GB?objectClass?one", "ldap|-|[2001:db8::7]|-|/c=GB|objectClass?one|-"},
      {"mailto:John.Doe@example.com", "mailto|-|-|-|John.Doe@example.com|-|-"},
      {"urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "urn|-|-|-|oasis:names:specification:docbook:dtd:xml:4.1.2|-|-"},
      {"file:///etc/hosts", "file|-||-|/etc/hosts|-|-"},
      {"http://a?b", "http|-|a|-||b|-"},
      {"http://a#b", "http|-|a|-||-|b"},
      {"http://a/?#", "http|-|a|-|/||"},
      {"http://a/b#c?d", "http|-|a|-|/b|-|c?d"},
      {"http://a/?b?c/d", "http|-|a|-|/|b?c/d|-"},
      {"http://a%20b/%7e", "http|-|a%20b|-|/%7e|-|-"},
      {"//h/p", "-|-|h|-|/p|-|-"},
      {"/p", "-|-|-|-|/p|-|-"},
      {"p/a:b", "-|-|-|-|p/a:b|-|-"},
      {"?q", "-|-|-|-||q|-"},
      {"#f", "-|-|-|-||-|f"},
      {"", "-|-|-|-||-|-"},
      {"a+b-c.1:x", "a+b-c.1|-|-|-|x|-|-"},
      {"http:x", "http|-|-|-|x|-|-"},
      {"http://h//a//", "http|-|h|-|//a//|-|-"},
  };
  for (const auto& row : rows) {
    const auto u = uri::parse_reference(row.text);
    ASSERT_TRUE(u) << row.text << ": " << u.error().sentence;
    EXPECT_EQ(dissected(*u), row.parts) << row.text;
    EXPECT_EQ(u->to_string(), row.text);
  }
}

TEST(uri, says_what_is_wrong_and_where) {
  const struct {
    std::string_view text;
    std::size_t position;
  } rows[] = {
      {":x", 0},
      {"1a:x", 0},
      {"a_b:x", 1},
      {"http://h/ a", 9},
      {"http://h/%", 9},
      {"http://h/%4", 9},
      {"http://h/%4g", 9},
      {"http://h/?%zz", 10},
      {"http://h/#%1", 10},
      {"http://h/#a#b", 11},
      {"http://h:65536", 9},
      {"http://h:8x", 9},
      {"http://h:-1", 9},
      {"http://[::1", 7},
      {"http://[::1]x", 12},
      {"http://[1::2::3]", 8},
      {"http://[::1%25eth0]", 8},
      {"http://a@b@c", 10},
      {"http://a b", 8},
      {"http://a\"", 8},
      {"http://h/\"", 9},
      {"http://h/[", 9},
      {"http://h/|", 9},
      {"http://h/?^", 10},
      {"http://%zz", 7},
      {"http://u%@h", 8},
      {"http://h/\xc3\xa4", 9},
      {"http://\xc3\xa4", 7},
      {"a b", 1},
      {"http://[]", 8},
      {"http://[v1.]", 8},
      {"http://[v.a]", 8},
      {"http://h:99999999999999999999", 9},
  };
  for (const auto& row : rows) {
    const auto u = uri::parse_reference(row.text);
    ASSERT_FALSE(u) << row.text;
    EXPECT_EQ(u.error().position, row.position) << row.text << ": " << u.error().sentence;
    EXPECT_NE(std::string_view(u.error().sentence), "");
  }
}

TEST(uri, a_uri_has_a_scheme_and_in_http_a_host) {
  EXPECT_TRUE(uri::parse("http://h"));
  EXPECT_TRUE(uri::parse("urn:a"));
  for (const char* text : {"", "/a", "//h/a", "http:", "http://", "HTTP:///a", "https://:80", "http:/a", "https://u@/"}) {
    EXPECT_FALSE(uri::parse(text)) << text;
  }
}

TEST(uri, every_byte_in_every_part) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const auto accepts = [&](std::string text) { return uri::parse_reference(text).has_value(); };
    const bool pchar = base::is_class(c, base::class_pchar);
    const std::string s(1, c);
    EXPECT_EQ(accepts("http://h/a" + s + "b"), pchar || c == '/' || c == '?' || c == '#') << byte;
    EXPECT_EQ(accepts("http://h/?a" + s + "b"), pchar || c == '/' || c == '?' || c == '#') << byte;
    EXPECT_EQ(accepts("http://h/#a" + s + "b"), pchar || c == '/' || c == '?') << byte;
    const bool name = base::is_class(c, base::class_unreserved | base::class_sub_delim);
    // A colon begins a port here, and `x` is none.
    EXPECT_EQ(accepts("http://h" + s + "x"), name || c == '/' || c == '?' || c == '#' || c == '@') << byte;
    EXPECT_EQ(accepts("http://u" + s + "u@h"), name || c == ':' || c == '/' || c == '?' || c == '#') << byte;
    EXPECT_EQ(accepts("http://h:1" + s), base::is_digit(c) || c == '/' || c == '?' || c == '#' || c == '@') << byte;
    EXPECT_EQ(accepts("a" + s + "c:x"), base::is_class(c, base::class_scheme) || c == ':' || c == '/' || c == '?' || c == '#')
        << byte;
  }
}

TEST(uri, what_a_client_asks_of_it) {
  const auto u = *uri::parse("HTTPS://[::1]:443?q#f");
  EXPECT_EQ(u.host(), "[::1]");
  EXPECT_EQ(u.host_name(), "::1");
  EXPECT_EQ(u.effective_port(), 443);
  EXPECT_EQ(u.host_and_port(), "[::1]");
  EXPECT_EQ(u.request_target(), "/?q");
  EXPECT_EQ(u.without_fragment().to_string(), "HTTPS://[::1]:443?q");
  const auto v = *uri::parse("http://example.com:8080/a/b?");
  EXPECT_EQ(v.host_name(), "example.com");
  EXPECT_EQ(v.host_and_port(), "example.com:8080");
  EXPECT_EQ(v.request_target(), "/a/b?");
  EXPECT_EQ(v.without_fragment(), v);
  EXPECT_EQ(uri::parse("http://h:/")->host_and_port(), "h");
  EXPECT_EQ(uri::parse("foo://h/")->effective_port(), std::nullopt);
  EXPECT_EQ(uri().to_string(), "");
}

TEST(uri, default_ports) {
  EXPECT_EQ(default_port("http"), 80);
  EXPECT_EQ(default_port("HTTPS"), 443);
  EXPECT_EQ(default_port("ws"), 80);
  EXPECT_EQ(default_port("wss"), 443);
  EXPECT_EQ(default_port("gopher"), std::nullopt);
  EXPECT_EQ(default_port(""), std::nullopt);
}

TEST(uri, copies_and_moves_keep_their_parts) {
  uri a = *uri::parse("https://example.com/a-rather-long-path-that-lives-on-the-heap");
  const uri b = a;
  a = *uri::parse("http://h");
  EXPECT_EQ(b.host(), "example.com");
  const uri c = std::move(a);
  EXPECT_EQ(c.host(), "h");
}

}  // namespace
}  // namespace parley
