#include "semantics/base64url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;
using parley::semantics::decode_base64url;

TEST(base64url, decodes) {
  struct row {
    std::string_view text;
    std::string_view bytes;
  };
  // The first ones are those of RFC 4648 §10, without their padding.
  for (const row& r : {row{"", ""}, row{"Zg", "f"}, row{"Zm8", "fo"}, row{"Zm9v", "foo"}, row{"Zm9vYg", "foob"},
                       row{"Zm9vYmE", "fooba"}, row{"Zm9vYmFy", "foobar"}, row{"-_-_", "\xfb\xff\xbf"},
                       row{"AAMAAABkAAQAAP__", "\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff"sv}}) {
    const auto got = decode_base64url(r.text);
    ASSERT_TRUE(got) << r.text;
    EXPECT_EQ(*got, r.bytes) << r.text;
  }
}

TEST(base64url, refuses) {
  for (const std::string_view text :
       {"A"sv, "AAAAA"sv, "Zg=="sv, "Zm8="sv, "Zm+v"sv, "Zm/v"sv, "Zm 9"sv, "Zm9v\n"sv, "Zh"sv, "Zm9"sv, "\xc3\xa9"sv, "AA\0A"sv}) {
    EXPECT_FALSE(decode_base64url(text)) << text;
  }
}

}  // namespace
