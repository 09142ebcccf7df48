#include "semantics/list.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/ascii.hpp"

namespace parley::semantics {
namespace {

// Elements in brackets, and `!` when the list is not valid.
std::string read_list(std::string_view value) {
  std::string text;
  list_reader list(value);
  while (const auto element = list.next()) text.append("[").append(*element).append("]");
  return list.valid() ? text : text + "!";
}

TEST(list, elements) {
  const struct {
    std::string_view value, elements;
  } rows[] = {
      {"", ""},
      {"a", "[a]"},
      {"a,b", "[a][b]"},
      {" a ,\tb\t, c", "[a][b][c]"},
      {",", ""},
      {", ,a,, b ,", "[a][b]"},
      {"\"a,b\",c", "[\"a,b\"][c]"},
      {"a;x=\"1,2\";y,b", "[a;x=\"1,2\";y][b]"},
      {"\"a\\\",b\",c", "[\"a\\\",b\"][c]"},
      {"\"a\\\\\",b", "[\"a\\\\\"][b]"},
      {"\"\"", "[\"\"]"},
      {"a\"b,c\"d,e", "[a\"b,c\"d][e]"},
      {"a b, c", "[a b][c]"},
      {"\"a", "!"},
      {"a,\"b", "[a]!"},
      {"\"a\\\"", "!"},
      {"\"a\\", "!"},
      {"a,b\"", "[a]!"},
      {",,,,,,,,,,,,,,,,", "!"},
      {",,,,,,,,,,,,,,,a", "[a]"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_list(row.value), row.elements) << row.value;
  list_reader ended("a");
  EXPECT_TRUE(ended.next());
  EXPECT_FALSE(ended.next());
  EXPECT_FALSE(ended.next());
}

TEST(list, lines_of_one_name_are_one_list) {
  fields f{{"Accept", "a, b"}, {"x", "no"}, {"accept", "c"}, {"via", "1.1 a"}, {"via", "\"broken"}};
  std::string all;
  const auto append = [&](std::string_view element) { all.append(element).append("|"); };
  EXPECT_TRUE(for_each_element(f, field_id::accept, append));
  EXPECT_EQ(all, "a|b|c|");
  EXPECT_FALSE(for_each_element(f, field_id::via, append));
  EXPECT_TRUE(for_each_element(f, field_id::age, append));
}

// name=value in brackets, values unquoted.
std::string read_parameters(std::string_view text) {
  std::string out;
  parameter_reader reader(text);
  while (const auto found = reader.next()) out.append("[").append(found->name).append("=").append(found->value()).append("]");
  return reader.valid() ? out : out + "!";
}

TEST(list, parameters) {
  const struct {
    std::string_view text, parameters;
  } rows[] = {
      {"", ""},
      {";", ""},
      {" ; ;; ", ""},
      {";a=b", "[a=b]"},
      {" ; a=b ; c=d", "[a=b][c=d]"},
      {";a=\"b c\"", "[a=b c]"},
      {";a=\"\"", "[a=]"},
      {";a=\"x\\\"y\\\\\"; b=1", "[a=x\"y\\][b=1]"},
      {";a=\"x;y\"", "[a=x;y]"},
      {";a=\"\xc3\xa4\"", "[a=\xc3\xa4]"},
      {";a=b;", "[a=b]"},
      {"a=b", "!"},
      {";a", "!"},
      {";a=", "!"},
      {";=b", "!"},
      {";a =b", "!"},
      {";a= b", "!"},
      {";a=b c", "[a=b]!"},
      {";a=\"b", "!"},
      {";a=\"b\"c", "[a=b]!"},
      {";a=\"b\x01\"", "!"},
      {";a=\"b\\\n\"", "!"},
      {";a=b/c", "[a=b]!"},
      {";a=b,c", "[a=b]!"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_parameters(row.text), row.parameters) << row.text;
  EXPECT_TRUE((parameter{"a", "\"Gzip\""}.value_is("gzip")));
  EXPECT_TRUE((parameter{"a", "GZIP"}.value_is("gzip")));
  EXPECT_FALSE((parameter{"a", "gzi"}.value_is("gzip")));
  const auto [value, rest] = split_parameters(" text/html ; q=1 ");
  EXPECT_EQ(value, "text/html");
  EXPECT_EQ(rest, "; q=1 ");
  EXPECT_EQ(split_parameters("a").parameters, "");
}

TEST(list, quoted_strings) {
  EXPECT_EQ(quoted_string_length("\"ab\"cd"), 4u);
  EXPECT_EQ(quoted_string_length("ab"), 0u);
  EXPECT_EQ(quoted_string_length(""), 0u);
  EXPECT_EQ(unquote("\"a\\bc\""), "abc");
  EXPECT_EQ(unquote("\"a\" "), std::nullopt);
  EXPECT_EQ(unquote("a"), std::nullopt);
  EXPECT_EQ(unquote(""), std::nullopt);
  EXPECT_EQ(unquote("\""), std::nullopt);
  EXPECT_EQ(quote_unless_token("abc"), "abc");
  EXPECT_EQ(quote_unless_token(""), "\"\"");
  EXPECT_EQ(quote_unless_token("a \"b\\"), "\"a \\\"b\\\\\"");
  EXPECT_EQ(unquote(quote_unless_token("a \"b\\")), "a \"b\\");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const char plain[] = {'"', c, '"'};
    const char escaped[] = {'"', '\\', c, '"'};
    const bool text = base::is_class(c, base::class_field_value);
    EXPECT_EQ(quoted_string_length({plain, 3}) == 3, text && c != '"' && c != '\\') << byte;
    EXPECT_EQ(quoted_string_length({escaped, 4}) == 4, text) << byte;
  }
}

TEST(list, weights) {
  const struct {
    std::string_view text;
    int thousandths;
  } rows[] = {
      {"1", 1000},  {"1.", 1000},   {"1.0", 1000}, {"1.000", 1000}, {"0", 0},    {"0.", 0},      {"0.8", 800},   {"0.85", 850},
      {"0.001", 1}, {"0.999", 999}, {"", -1},      {"1.001", -1},   {"2", -1},   {"0.0001", -1}, {"1.0000", -1}, {".5", -1},
      {"00", -1},   {"-1", -1},     {"0,5", -1},   {"0.5 ", -1},    {"0.x", -1}, {"1e0", -1},    {"\"1\"", -1},
  };
  for (const auto& row : rows) {
    const auto weight = parse_weight(row.text);
    EXPECT_EQ(weight ? *weight : -1, row.thousandths) << row.text;
  }
}

}  // namespace
}  // namespace parley::semantics
