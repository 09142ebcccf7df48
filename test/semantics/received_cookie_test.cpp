#include "semantics/received_cookie.hpp"

#include <parley/date.hpp>

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

constexpr std::chrono::sys_seconds moment = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

// name|value, then what was set; seconds from now for the time.
std::string shown_cookie(std::string_view field) {
  const auto c = parse_set_cookie(field, moment);
  if (!c) return "ignored";
  std::string text = c->name + "|" + c->value;
  if (c->domain) text += " D:" + *c->domain;
  if (c->path) text += " P:" + *c->path;
  if (c->expires) text += *c->expires <= moment ? " past" : " +" + std::to_string((*c->expires - moment).count());
  if (c->secure) text += " S";
  if (c->http_only) text += " H";
  if (c->partitioned) text += " X";
  if (c->same_site != same_site_rule::unset) text += std::string(" ") + "ulsn"[static_cast<int>(c->same_site)];
  return text;
}

TEST(received_cookie, rows) {
  const std::string limit = " +" + std::to_string(cookie_age_limit.count());
  const struct {
    std::string field, shown;
  } rows[] = {
      {"SID=31d4d96e407aad42; Path=/; Domain=example.com", "SID|31d4d96e407aad42 D:example.com P:/"},
      {"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly", "SID|31d4d96e407aad42 P:/ S H"},
      {"lang=en-US; Expires=Wed, 25 Nov 2026 00:00:00 GMT", "lang|en-US +172800"},
      {"lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "lang| past"},
      {"a=b=c", "a|b=c"},
      {"  a\t=  b c ; x", "a|b c"},
      {"a", "|a"},
      {"=a", "|a"},
      {"a=", "a|"},
      {"a=\"x\"", "a|\"x\""},
      {"a=\xc3\xa4", "a|\xc3\xa4"},
      {"a=1\t2", "a|1\t2"},
      {"a=1;SECURE;httponly;PaTh=/x;DOMAIN=.Example.COM", "a|1 D:example.com P:/x S H"},
      {"a=1; Domain=a.example; Domain=b.example", "a|1 D:b.example"},
      {"a=1; Domain=a.example; Domain", "a|1 D:"},
      {"a=1; Domain=..a", "a|1 D:.a"},
      {"a=1; Path=/x; Path=y", "a|1"},
      {"a=1; Path=", "a|1"},
      {"a=1; Path = /x y ", "a|1 P:/x y"},
      {"a=1; Max-Age=60", "a|1 +60"},
      {"a=1; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "a|1 +60"},
      {"a=1; Expires=Wed, 25 Nov 2026 00:00:00 GMT; Max-Age=0", "a|1 past"},
      {"a=1; Max-Age=-1", "a|1 past"},
      {"a=1; Max-Age=-99999999999999999999999", "a|1 past"},
      {"a=1; Max-Age=99999999999999999999999", "a|1" + limit},
      {"a=1; Max-Age=9223372036854775807", "a|1" + limit},
      {"a=1; Max-Age=60x", "a|1"},
      {"a=1; Max-Age=", "a|1"},
      {"a=1; Max-Age=-", "a|1"},
      {"a=1; Max-Age=+60", "a|1"},
      {"a=1; Max-Age=60; Max-Age=x", "a|1 +60"},
      {"a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "a|1" + limit},
      {"a=1; Expires=never", "a|1"},
      {"a=1; SameSite=strict", "a|1 s"},
      {"a=1; SameSite=LAX", "a|1 l"},
      {"a=1; SameSite=None; Secure; Partitioned", "a|1 S X n"},
      {"a=1; SameSite=Strict; SameSite=odd", "a|1"},
      {"a=1; Secure=no; HttpOnly=", "a|1 S H"},
      {"a=1;;; ;Secure", "a|1 S"},
      {"a=1; Path=/" + std::string(max_cookie_attribute, 'x'), "a|1"},
      {"a=1; Path=/" + std::string(max_cookie_attribute - 1, 'x'), "a|1 P:/" + std::string(max_cookie_attribute - 1, 'x')},
      {"a=" + std::string(max_cookie_pair - 1, 'x'), "a|" + std::string(max_cookie_pair - 1, 'x')},
      {"a=" + std::string(max_cookie_pair, 'x'), "ignored"},
      {"", "ignored"},
      {" = ", "ignored"},
      {"; Secure", "ignored"},
      {std::string("a=1\0", 4), "ignored"},
      {"a=1\n", "ignored"},
      {"a=1; x=\x7f", "ignored"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_cookie(row.field), row.shown) << row.field.substr(0, 80);
}

}  // namespace
}  // namespace parley::semantics
