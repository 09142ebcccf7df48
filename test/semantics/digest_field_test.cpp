#include "semantics/digest_field.hpp"

#include <gtest/gtest.h>

#include <string>

#include "semantics/base64.hpp"

namespace parley::semantics {
namespace {

TEST(digest_field, both_ways) {
  // RFC 9530 §2: of `{"hello": "world"}` and a line feed.
  constexpr std::string_view value = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
  const auto digests = parse_digests(value);
  ASSERT_TRUE(digests);
  ASSERT_EQ(digests->size(), 1U);
  EXPECT_EQ(digests->front().algorithm, "sha-256");
  EXPECT_EQ(encode_base64(digests->front().bytes), "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=");
  EXPECT_EQ(to_text(*digests), value);
  EXPECT_EQ(parse_digests("a=:YQ==:, b=:Yg==:")->size(), 2U);
  EXPECT_EQ(parse_digests("")->size(), 0U);
  for (const char* bad : {"sha-256=abc", "sha-256", "sha-256=(:YQ==:)", "sha-256=:YQ==", "SHA-256=:YQ==:", "sha-256=1"})
    EXPECT_FALSE(parse_digests(bad)) << bad;
  EXPECT_FALSE(to_text({{"SHA", "x"}}));
}

TEST(digest_field, what_is_wanted) {
  const std::vector<std::string_view> offers{"sha-512", "sha-256"};
  const struct {
    std::string_view value;
    std::optional<std::string_view> wanted;
  } rows[] = {
      {"sha-256=1", "sha-256"},
      {"sha-512=3, sha-256=10, unixsum=0", "sha-256"},
      {"sha-512=3, sha-256=3", "sha-512"},
      {"md5=10", std::nullopt},
      {"sha-256=0", std::nullopt},
      {"sha-256=11", std::nullopt},
      {"sha-256=-1", std::nullopt},
      {"sha-256", std::nullopt},
      {"sha-256=1.0", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(wanted_digest(row.value, offers), row.wanted) << row.value;
}

}  // namespace
}  // namespace parley::semantics
