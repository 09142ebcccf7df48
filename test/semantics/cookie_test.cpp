#include "semantics/cookie.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace parley::semantics {
namespace {

std::string shown_pairs(std::string_view value) {
  cookie_reader reader(value);
  std::string text;
  while (const auto pair = reader.next()) text.append("[").append(pair->name).append("|").append(pair->value).append("]");
  return text;
}

TEST(cookie_reader, whatever_is_sent) {
  const struct {
    std::string_view value, pairs;
  } rows[] = {
      {"", ""},
      {"SID=31d4d96e407aad42; lang=en-US", "[SID|31d4d96e407aad42][lang|en-US]"},
      {"a=1;b=2", "[a|1][b|2]"},
      {" a = 1 ;\tb\t=\t2 ; ", "[a|1][b|2]"},
      {";;a=1;; ;b=2;", "[a|1][b|2]"},
      {"a=b=c", "[a|b=c]"},
      {"a", "[|a]"},
      {"=a", "[|a]"},
      {"a=", "[a|]"},
      {"a=\"x y\"", "[a|\"x y\"]"},
      {"a=\"x;y\"", "[a|\"x][|y\"]"},  // quotes do not keep anything together
      {"a=\xff, b=2", "[a|\xff, b=2]"},
      {"$Version=1; a=1", "[$Version|1][a|1]"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_pairs(row.value), row.pairs) << row.value;
}

TEST(cookie_reader, so_many_and_no_more) {
  std::string value;
  for (std::size_t i = 0; i < max_cookie_pairs + 5; ++i) value += "a=1;";
  cookie_reader reader(value);
  std::size_t n = 0;
  while (reader.next()) ++n;
  EXPECT_EQ(n, max_cookie_pairs);
}

TEST(cookie_reader, the_first_of_a_name_in_all_lines) {
  fields f;
  f.add("Cookie", "a=1; b=2");
  f.add("Accept", "*/*");
  f.add("cookie", "b=3; c=4");
  EXPECT_EQ(find_cookie(f, "a"), "1");
  EXPECT_EQ(find_cookie(f, "b"), "2");
  EXPECT_EQ(find_cookie(f, "c"), "4");
  EXPECT_FALSE(find_cookie(f, "A"));
  EXPECT_FALSE(find_cookie(fields{}, "a"));
}

set_cookie bare(std::string name, std::string value) {
  set_cookie c{.name = std::move(name), .value = std::move(value)};
  c.path.clear();
  c.secure = c.http_only = false;
  c.same_site = same_site_rule::unset;
  return c;
}

TEST(set_cookie, fields) {
  const std::chrono::sys_seconds wedding = std::chrono::sys_days{std::chrono::year{2021} / 6 / 9} + std::chrono::hours{10} +
                                           std::chrono::minutes{18} + std::chrono::seconds{14};
  EXPECT_EQ(to_field(bare("SID", "31d4d96e407aad42")), "SID=31d4d96e407aad42");
  EXPECT_EQ(to_field({.name = "SID", .value = "x"}), "SID=x; Path=/; Secure; HttpOnly; SameSite=Lax");
  auto c = bare("lang", "en-US");
  c.expires = wedding;
  EXPECT_EQ(to_field(c), "lang=en-US; Expires=Wed, 09 Jun 2021 10:18:14 GMT");
  c = bare("SID", "\"1\"");
  c.domain = "site.example";
  c.path = "/a b";
  c.max_age = std::chrono::hours{1};
  c.secure = c.http_only = c.partitioned = true;
  c.same_site = same_site_rule::none;
  EXPECT_EQ(to_field(c), "SID=\"1\"; Domain=site.example; Path=/a b; Max-Age=3600; Secure; HttpOnly; SameSite=None; Partitioned");
  c = bare("__Host-a", "");
  c.path = "/";
  c.secure = true;
  c.same_site = same_site_rule::strict;
  EXPECT_EQ(to_field(c), "__Host-a=; Path=/; Secure; SameSite=Strict");
  EXPECT_EQ(to_field(removal_of(c)),
            "__Host-a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; SameSite=Strict");
}

TEST(set_cookie, what_is_not_written) {
  const auto with = [](const std::function<void(set_cookie&)>& change) {
    set_cookie c{.name = "a", .value = "1"};
    change(c);
    return c;
  };
  const struct {
    const char* what;
    set_cookie cookie;
  } rows[] = {
      {"no name", with([](auto& c) { c.name.clear(); })},
      {"a name with a blank", with([](auto& c) { c.name = "a b"; })},
      {"a name with an equals sign", with([](auto& c) { c.name = "a=b"; })},
      {"a name beyond ASCII", with([](auto& c) { c.name = "\xc3\xa4"; })},
      {"a value with a blank", with([](auto& c) { c.value = "a b"; })},
      {"a value with a semicolon", with([](auto& c) { c.value = "1; Domain=evil"; })},
      {"a value with a line break", with([](auto& c) { c.value = "1\r\nX: y"; })},
      {"a value with NUL", with([](auto& c) { c.value = std::string("1\0", 2); })},
      {"a value with a comma", with([](auto& c) { c.value = "1,2"; })},
      {"a value with a backslash", with([](auto& c) { c.value = "\\"; })},
      {"a value with one quote", with([](auto& c) { c.value = "\""; })},
      {"a value with a quote within", with([](auto& c) { c.value = "\"a\"b\""; })},
      {"a value beyond ASCII", with([](auto& c) { c.value = "\xc3\xa4"; })},
      {"too long", with([](auto& c) { c.value.assign(max_cookie_pair, 'x'); })},
      {"a relative path", with([](auto& c) { c.path = "a"; })},
      {"a path with a semicolon", with([](auto& c) { c.path = "/;Secure"; })},
      {"a path with a line break", with([](auto& c) { c.path = "/\n"; })},
      {"a path with a blank at its end", with([](auto& c) { c.path = "/ "; })},
      {"a long path", with([](auto& c) { c.path = "/" + std::string(max_cookie_attribute, 'x'); })},
      {"a domain with a leading dot", with([](auto& c) { c.domain = ".a.example"; })},
      {"a domain with a trailing dot", with([](auto& c) { c.domain = "a.example."; })},
      {"a domain with a port", with([](auto& c) { c.domain = "a.example:80"; })},
      {"a domain with an empty label", with([](auto& c) { c.domain = "a..example"; })},
      {"a domain with a semicolon", with([](auto& c) { c.domain = "a;b"; })},
      {"a domain that begins with a hyphen", with([](auto& c) { c.domain = "-a.example"; })},
      {"a domain with a long label", with([](auto& c) { c.domain = std::string(64, 'a'); })},
      {"an address", with([](auto& c) { c.domain = "127.0.0.1"; })},
      {"a negative age", with([](auto& c) { c.max_age = std::chrono::seconds{-1}; })},
      {"__Secure- without Secure", with([](auto& c) { c.name = "__secure-a", c.secure = false; })},
      {"__Host- without Secure", with([](auto& c) { c.name = "__Host-a", c.secure = false; })},
      {"__Host- with a path", with([](auto& c) { c.name = "__HOST-a", c.path = "/a"; })},
      {"__Host- without path", with([](auto& c) { c.name = "__Host-a", c.path.clear(); })},
      {"__Host- with a domain", with([](auto& c) { c.name = "__Host-a", c.domain = "a.example"; })},
      {"None without Secure", with([](auto& c) { c.same_site = same_site_rule::none, c.secure = false; })},
      {"Partitioned without Secure", with([](auto& c) { c.partitioned = true, c.secure = false; })},
  };
  for (const auto& row : rows) EXPECT_FALSE(to_field(row.cookie)) << row.what;
  EXPECT_TRUE(to_field(with([](auto& c) { c.value.assign(max_cookie_pair - 1, 'x'); })));
  EXPECT_TRUE(to_field(with([](auto& c) { c.domain = "localhost"; })));
}

}  // namespace
}  // namespace parley::semantics
