// Which version a client's first bytes are, and which requests ask for HTTP/2.
#include "connection/select.hpp"

#include "semantics/fields_access.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::string_view_literals;
using parley::connection::first_bytes;
using parley::connection::h2c_settings;
using parley::connection::look_at_first_bytes;

constexpr auto client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv;

TEST(select, the_preface_is_held_until_it_is_whole) {
  for (std::size_t n = 0; n < client_preface.size(); ++n) {
    EXPECT_EQ(look_at_first_bytes(client_preface.substr(0, n)), first_bytes::undecided) << n;
    if (n == 0) continue;
    std::string other(client_preface.substr(0, n));
    other.back() = '?';
    EXPECT_EQ(look_at_first_bytes(other), first_bytes::http1) << other;
  }
  EXPECT_EQ(look_at_first_bytes(client_preface), first_bytes::http2);
  EXPECT_EQ(look_at_first_bytes(std::string(client_preface) + "\0\0\0"), first_bytes::http2);
  for (const auto text : {"GET / HTTP/1.1\r\n"sv, "POST"sv, "PROPFIND"sv, "PRI * HTTP/1.1\r\n"sv, "\r\n"sv, "\x16\x03\x01"sv}) {
    EXPECT_EQ(look_at_first_bytes(text), first_bytes::http1) << text;
  }
}

struct asking {
  const char* name;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  bool asked;
  parley::version version = parley::version::http1_1;
};

TEST(select, what_asks_for_h2c) {
  const auto settings = "AAMAAABkAAQAAP__"sv;
  for (const asking& a : {
           asking{
               "as curl asks", {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", settings}}, true},
           asking{
               "in any case", {{"connection", "http2-settings, upgrade"}, {"upgrade", "H2C"}, {"http2-settings", settings}}, true},
           asking{"among others",
                  {{"Connection", "Upgrade"},
                   {"Connection", "HTTP2-Settings"},
                   {"Upgrade", "foo/1, h2c"},
                   {"HTTP2-Settings", settings}},
                  true},
           asking{"no settings to make",
                  {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", ""}},
                  true},
           asking{"nothing", {}, false},
           asking{"without settings", {{"Connection", "Upgrade"}, {"Upgrade", "h2c"}}, false},
           asking{"with two",
                  {{"Connection", "Upgrade, HTTP2-Settings"},
                   {"Upgrade", "h2c"},
                   {"HTTP2-Settings", settings},
                   {"HTTP2-Settings", settings}},
                  false},
           asking{"not an option", {{"Connection", "Upgrade"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", settings}}, false},
           asking{"another protocol",
                  {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "websocket"}, {"HTTP2-Settings", settings}},
                  false},
           asking{
               "that of TLS", {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2"}, {"HTTP2-Settings", settings}}, false},
           asking{"padded",
                  {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", "AAMAAABkAAQ="}},
                  false},
           asking{"no whole settings",
                  {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", "AAMAAABkAA"}},
                  false},
           asking{"an older client",
                  {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", settings}},
                  false,
                  parley::version::http1_0},
       }) {
    parley::semantics::request_head head;
    head.version = a.version;
    for (const auto& [name, value] : a.fields) head.fields.add(name, value);
    const auto got = h2c_settings(head);
    EXPECT_EQ(got.has_value(), a.asked) << a.name;
    if (!got || got->empty()) continue;
    EXPECT_EQ(*got, "\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff"sv) << a.name;
  }
}

}  // namespace
