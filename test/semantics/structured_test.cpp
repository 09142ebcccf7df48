#include "semantics/structured.hpp"

#include <gtest/gtest.h>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define PARLEY_TEST_JSON 1
#endif

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace parley::semantics {
namespace {

// Members as `key type text|parameters`, or `fault`.
std::string read_members(std::string_view value) {
  sf::dictionary_reader members(value);
  std::string text;
  while (const auto m = members.next()) {
    text.append(text.empty() ? "" : " ")
        .append(m->key)
        .append(1, "idstb?(@%"[static_cast<int>(m->what)])
        .append(std::to_string(m->number));
    if (!m->parameters.empty()) text.append("|").append(m->parameters);
  }
  return members.valid() ? text : "fault";
}

TEST(dictionary_reader, members) {
  const struct {
    std::string_view value, members;
  } rows[] = {
      {"", ""},
      {"  ", ""},
      {"u=1", "ui1"},
      {"u=1, i", "ui1 i?1"},
      {" u=7 ,\ti=?0 ", "ui7 i?0"},
      {"u=-0", "ui0"},
      {"u=1.5, a=-0.001, b=123456789012.999", "ud1500 ad-1 bd123456789012999"},
      {"u=999999999999999", "ui999999999999999"},
      {"i;a;b=2;c=\"x;y\"", "i?1|;a;b=2;c=\"x;y\""},
      {"a=tok/en:x, b=*t, c=:aGk=:, d=\"q\\\"\\\\\", e=::", "at0 bt0 cb0 ds0 eb0"},
      {"a=(1 \"b\" c;d  ?1);e, f", "a(0|;e f?1"},
      {"a=()", "a(0"},
      {"*a-b_c.d*=1", "*a-b_c.d*i1"},
      // Refused.
      {"u=", "fault"},
      {"U=1", "fault"},
      {"1=1", "fault"},
      {"u=1,", "fault"},
      {",u=1", "fault"},
      {"u=1,,i", "fault"},
      {"u=1 i", "fault"},
      {"u =1", "fault"},
      {"u= 1", "fault"},
      {"u=1;", "fault"},
      {"u=1;A", "fault"},
      {"u=1;a=", "fault"},
      {"u=--1", "fault"},
      {"u=-", "fault"},
      {"u=+1", "fault"},
      {"u=1.", "fault"},
      {"u=.5", "fault"},
      {"u=1.2345", "fault"},
      {"u=1234567890123.1", "fault"},
      {"u=1000000000000000", "fault"},
      {"i=?2", "fault"},
      {"i=?", "fault"},
      {"a=\"x", "fault"},
      {"a=\"\\x\"", "fault"},
      {"a=\"\\", "fault"},
      {"a=\"\x7f\"", "fault"},
      {"a=\"\xc3\xa4\"", "fault"},
      {"a=:a", "fault"},
      {"a=:a:", "fault"},
      {"a=:a=b=:", "fault"},
      {"a=:a===:", "fault"},
      {"a=:=:", "fault"},
      {"a=(1", "fault"},
      {"a=(1)2", "fault"},
      {"a=(1\t2)", "fault"},
      {"a=(1,2)", "fault"},
      {"a=((1))", "fault"},
      {"\tu=1", "fault"},
      {"u=1\t", "ui1"},
      {"u=@1, a=%\"f%c3%bc\"", "u@1 a%0"},
      {"u=@1.0", "fault"},
      {"u=@", "fault"},
      {"u=%\"%C3%BC\"", "fault"},
      {"u=%\"%c3\"", "fault"},
      {"u=%\"%c", "fault"},
      {"u=%a", "fault"},
  };
  for (const auto& row : rows) EXPECT_EQ(read_members(row.value), row.members) << row.value;
}

#if defined(PARLEY_TEST_JSON)

using sf_json = nlohmann::json;

// Whether a member is what the vectors say; strings and bytes by their kind alone.
void expect_member(const sf::member& m, const sf_json& wanted, const std::string& name) {
  const sf_json& value = wanted.at(0);
  EXPECT_EQ(wanted.at(1).empty(), m.parameters.empty()) << name;
  if (value.is_array()) {
    EXPECT_EQ(m.what, sf::type::inner_list) << name;
  } else if (value.is_boolean()) {
    EXPECT_EQ(m.what, sf::type::boolean) << name;
    EXPECT_EQ(m.number != 0, value.get<bool>()) << name;
  } else if (value.is_number_integer()) {
    EXPECT_EQ(m.what, sf::type::integer) << name;
    EXPECT_EQ(m.number, value.get<std::int64_t>()) << name;
  } else if (value.is_number()) {
    EXPECT_EQ(m.what, sf::type::decimal) << name;
    EXPECT_DOUBLE_EQ(static_cast<double>(m.number) / 1000, value.get<double>()) << name;
  } else if (value.is_string()) {
    EXPECT_EQ(m.what, sf::type::string) << name;
  } else {
    EXPECT_EQ(m.what, value.at("__type") == "token" ? sf::type::token : sf::type::binary) << name;
    if (m.what == sf::type::token) {
      EXPECT_EQ(m.text, value.at("value").get<std::string>()) << name;
    }
  }
}

// structured-field-tests of the HTTP working group: every dictionary.
TEST(dictionary_reader, vectors) {
  const char* const folder = std::getenv("PARLEY_VECTORS");
  const auto root = std::filesystem::path(folder != nullptr ? folder : "") / "structured-field-tests";
  if (folder == nullptr || !std::filesystem::exists(root)) GTEST_SKIP() << "no vectors";
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(root)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    for (const sf_json& test : sf_json::parse(in)) {
      if (!test.contains("raw") || test.at("header_type") != "dictionary") continue;
      ++cases;
      const auto name = file.path().filename().string() + ": " + test.at("name").get<std::string>();
      std::string value;
      for (const sf_json& line : test.at("raw")) value += (value.empty() ? "" : ", ") + line.get<std::string>();
      sf::dictionary_reader reader(value);
      std::map<std::string, sf::member> members;
      while (const auto m = reader.next()) members.insert_or_assign(std::string(m->key), *m);
      const bool must_fail = test.value("must_fail", false);
      if (!test.value("can_fail", false)) {
        EXPECT_EQ(reader.valid(), !must_fail) << name;
      }
      if (must_fail || !reader.valid()) continue;
      EXPECT_EQ(members.size(), test.at("expected").size()) << name;
      for (const sf_json& wanted : test.at("expected")) {
        const auto found = members.find(wanted.at(0).get<std::string>());
        ASSERT_NE(found, members.end()) << name;
        expect_member(found->second, wanted.at(1), name);
      }
    }
  }
  EXPECT_GT(cases, 400U);
}

#endif

}  // namespace
}  // namespace parley::semantics
