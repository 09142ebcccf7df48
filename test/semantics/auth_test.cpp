#include "semantics/auth.hpp"

#include <gtest/gtest.h>

#include <string>

#include "semantics/constant_time.hpp"

namespace parley::semantics {
namespace {

std::string shown_auth(const auth_value& value) {
  std::string text = value.scheme;
  if (!value.token68.empty()) text += " <" + value.token68 + ">";
  for (const auto& p : value.parameters) text += " " + p.name + "=" + p.value;
  return text;
}

std::string shown_challenges(std::string_view value) {
  const auto challenges = parse_challenges(value);
  if (!challenges) return "fault";
  std::string text;
  for (const auto& one : *challenges) text += "[" + shown_auth(one) + "]";
  return text;
}

// RFC 9110 §11.6.1: its commas are of three kinds.
TEST(auth, challenges) {
  std::string many;
  for (int i = 0; i < 17; ++i) many += "A,";
  std::string crowded = "A a0=1";
  for (int i = 1; i < 33; ++i) crowded += ",a" + std::to_string(i) + "=1";
  const struct {
    std::string_view value, shown;
  } rows[] = {
      {"Basic realm=\"simple\"", "[basic realm=simple]"},
      {"Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
       "[basic realm=simple][newauth realm=apps type=1 title=Login to \"apps\"]"},
      {"Negotiate, Basic realm=\"a, b\"", "[negotiate][basic realm=a, b]"},
      {"Basic realm=a, Negotiate", "[basic realm=a][negotiate]"},
      {"Negotiate abc==, NTLM", "[negotiate <abc==>][ntlm]"},
      {"Basic realm=a, Negotiate abc==", "[basic realm=a][negotiate <abc==>]"},
      {"Basic realm = a , charset = \"UTF-8\"", "[basic realm=a charset=UTF-8]"},
      {"Digest a=1,, b=2,", "[digest a=1 b=2]"},
      {",, Basic realm=a,", "[basic realm=a]"},
      {"", ""},
      {" , ", ""},
      {"Basic", "[basic]"},
      {"Basic ,Digest a=1", "[basic][digest a=1]"},
      {"\tBasic\t, Digest \t a=1\t", "[basic][digest a=1]"},
      {"Basic\ta=1", "fault"},
      {"Basic realm=\"\"", "[basic realm=]"},
      {"Basic realm=", "[basic <realm=>]"},  // the grammar has it so
      {"Basic realm=\"a", "fault"},
      {"Basic realm=a b=c", "fault"},
      {"Basic realm=a; b=c", "fault"},
      {"Basic realm=a, realm=b", "fault"},
      {"Basic REALM=a, realm=b", "fault"},
      {"Basic =a", "fault"},
      {"Basic a b", "fault"},
      {"Basic \"a\"", "fault"},
      {"=", "fault"},
      {"Bas\xffic a=b", "fault"},
      {"A,,,,,,,,,,,,,,,,,,B", "fault"},
      {many, "fault"},
      {crowded, "fault"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_challenges(row.value), row.shown) << row.value;
}

TEST(auth, credentials) {
  EXPECT_EQ(shown_auth(parse_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").value()), "basic <QWxhZGRpbjpvcGVuIHNlc2FtZQ==>");
  EXPECT_EQ(shown_auth(parse_credentials(" Digest a=\"1\", b=2 ").value()), "digest a=1 b=2");
  for (const char* bad : {"", "Basic a, Basic b", "Basic a=1, Digest b=2", "Basic a,", "Basic a b", ",Basic a"})
    EXPECT_FALSE(parse_credentials(bad)) << bad;
}

// RFC 7617 §2
TEST(auth, basic) {
  const struct {
    std::string_view value;
    std::optional<basic_credentials> who;
  } rows[] = {
      {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", basic_credentials{"Aladdin", "open sesame"}},
      {"BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", basic_credentials{"Aladdin", "open sesame"}},
      {"Basic dGVzdDoxMjPCow==", basic_credentials{"test", "123\xc2\xa3"}},
      {"Basic OmE6Yg==", basic_credentials{"", "a:b"}},
      {"Basic Og==", basic_credentials{"", ""}},
      {"Basic YWI=", std::nullopt},  // no colon
      {"Basic QWxhZGRpbjpvcGVu IHNlc2FtZQ==", std::nullopt},
      {"Basic OmF", std::nullopt},   // no padding
      {"Basic YToK", std::nullopt},  // a control character
      {"Basic a=b", std::nullopt},
      {"Basic", std::nullopt},
      {"Bearer OmE6Yg==", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_basic(row.value), row.who) << row.value;
  EXPECT_EQ(to_field(basic_credentials{"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_FALSE(to_field(basic_credentials{"a:b", "c"}));
  EXPECT_FALSE(to_field(basic_credentials{"a\n", "c"}));
  EXPECT_FALSE(to_field(basic_credentials{"a", "\x7f"}));
  EXPECT_EQ(basic_challenge("foo \"bar\"\r\n"), "Basic realm=\"foo \\\"bar\\\"\", charset=\"UTF-8\"");
}

// RFC 6750
TEST(auth, bearer) {
  EXPECT_EQ(parse_bearer("Bearer mF_9.B5f-4.1JqM"), "mF_9.B5f-4.1JqM");
  EXPECT_EQ(parse_bearer("bearer a=="), "a==");
  for (const char* bad : {"Bearer", "Bearer a b", "Bearer a=b", "Bearer \"a\"", "Basic a", "", "Bearer a,b"})
    EXPECT_FALSE(parse_bearer(bad)) << bad;
  EXPECT_EQ(bearer_field("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM");
  for (const char* bad : {"", "a b", "a=b", "=", "a\r\n", "\xc3\xa4"}) EXPECT_FALSE(bearer_field(bad)) << bad;
  EXPECT_EQ(bearer_challenge("example"), "Bearer realm=\"example\"");
  EXPECT_EQ(bearer_challenge("example", "invalid_token", "The access token expired"),
            "Bearer realm=\"example\", error=\"invalid_token\", error_description=\"The access token expired\"");
}

TEST(constant_time, equality) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  for (const char* other : {"", "secre", "secret ", "Secret", "secreT", "sEcret"})
    EXPECT_FALSE(constant_time_equal("secret", other)) << other;
  EXPECT_FALSE(constant_time_equal(std::string("a\0b", 3), std::string("a\0c", 3)));
}

}  // namespace
}  // namespace parley::semantics
