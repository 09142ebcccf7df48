#include <gtest/gtest.h>
#include <parley/uri.hpp>

namespace parley {
namespace {

TEST(uri_encode, decodes_valid_escapes_only) {
  const struct {
    std::string_view text;
    std::optional<std::string> decoded;
  } rows[] = {
      {"", ""},         {"abc", "abc"},
      {"%41%62", "Ab"}, {"%c3%A4", "\xc3\xa4"},
      {"a+b", "a+b"},   {"%00", std::string(1, '\0')},
      {"%", {}},        {"%4", {}},
      {"%4g", {}},      {"%g4", {}},
      {"a%", {}},       {"%%41", {}},
      {"%2541", "%41"}, {"%+1", {}},
      {"% 1", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(percent_decode(row.text), row.decoded) << row.text;
}

TEST(uri_encode, every_byte_comes_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string encoded = percent_encode(all);
  EXPECT_EQ(percent_decode(encoded), all);
  EXPECT_TRUE(uri::parse_reference("/" + encoded));
  EXPECT_EQ(percent_encode("a/b c~%\xc3"), "a%2Fb%20c~%25%C3");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
  const std::string form = form_encode({{all, all}, {"", ""}});
  const query_parameters parameters(form);
  auto it = parameters.begin();
  EXPECT_EQ(it->name, all);
  EXPECT_EQ((*it).value, all);
  EXPECT_TRUE(uri::parse_reference("?" + form));
}

TEST(uri_encode, query_parameters_read_as_browsers_do) {
  const struct {
    std::string_view query, pairs;
  } rows[] = {
      {"", ""},
      {"a=1&b=2", "(a|1)(b|2)"},
      {"a", "(a|)"},
      {"a=", "(a|)"},
      {"=b", "(|b)"},
      {"=", "(|)"},
      {"&&a=1&&", "(a|1)"},
      {"a=b=c", "(a|b=c)"},
      {"a+b=c+d", "(a b|c d)"},
      {"%41=%42%2b", "(A|B+)"},
      {"a=%zz%4", "(a|%zz%4)"},
      {"a=1&a=2", "(a|1)(a|2)"},
      {"a;b=1", "(a;b|1)"},
  };
  for (const auto& row : rows) {
    std::string pairs;
    for (const auto& [name, value] : query_parameters(row.query)) pairs += "(" + name + "|" + value + ")";
    EXPECT_EQ(pairs, row.pairs) << row.query;
  }
  const query_parameters parameters("a=1&b=2&a=3");
  EXPECT_EQ(parameters.get("b"), "2");
  EXPECT_EQ(parameters.get("c"), std::nullopt);
  EXPECT_EQ(parameters.get_all("a"), (std::vector<std::string>{"1", "3"}));
  EXPECT_EQ(form_encode({{"a b", "c&d"}, {"\xc3\xa4", "*-._~"}}), "a+b=c%26d&%C3%A4=*-._%7E");
}

}  // namespace
}  // namespace parley
