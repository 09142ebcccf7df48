#include "semantics/base64.hpp"

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

// RFC 4648 §10
TEST(base64, vectors_of_the_rfc) {
  const struct {
    std::string_view bytes, text;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"},
              {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& row : rows) {
    EXPECT_EQ(encode_base64(row.bytes), row.text);
    EXPECT_EQ(decode_base64(row.text), row.bytes) << row.text;
    EXPECT_EQ(decode_base64(row.text, base64_strictness::lenient), row.bytes) << row.text;
  }
}

TEST(base64, what_is_refused) {
  const struct {
    std::string_view text;
    bool lenient;
  } rows[] = {{"Zg", true},     {"Zm8", true},     {"Zh==", true},  {"Zg=", false},  {"Z", false},
              {"Zm9vZ", false}, {"=", false},      {"====", false}, {"Z===", false}, {"Zg==Zg==", false},
              {"Zm9 v", false}, {"Zm9v\n", false}, {"Zm9-", false}, {"Zm_v", false}};
  for (const auto& row : rows) {
    EXPECT_FALSE(decode_base64(row.text)) << row.text;
    EXPECT_EQ(decode_base64(row.text, base64_strictness::lenient).has_value(), row.lenient) << row.text;
  }
}

}  // namespace
}  // namespace parley::semantics
