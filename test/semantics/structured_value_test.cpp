#include "semantics/structured_value.hpp"

#include <gtest/gtest.h>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define PARLEY_TEST_JSON 1
#endif

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace parley::semantics {
namespace {

TEST(structured_value, examples_of_the_rfc) {
  const auto d = sf::parse_dictionary("en=\"Applepie\", da=:w4ZibGV0w6ZydGU=:, a=?0, b, c; foo=bar, d=(1 2);q=@1659578233");
  ASSERT_TRUE(d);
  ASSERT_EQ(d->size(), 6U);
  EXPECT_EQ(std::get<sf::item>(*sf::find(*d, "en")).value, sf::bare_item(std::string("Applepie")));
  EXPECT_EQ(std::get<sf::item>(*sf::find(*d, "da")).value, sf::bare_item(sf::byte_sequence{"\xc3\x86"
                                                                                           "blet\xc3\xa6rte"}));
  EXPECT_EQ(std::get<sf::item>(*sf::find(*d, "b")).value, sf::bare_item(true));
  EXPECT_EQ(sf::find(*d, "x"), nullptr);
  EXPECT_EQ(std::get<sf::inner_list>(*sf::find(*d, "d")).params.at(0).second, sf::bare_item(sf::date{1659578233}));
  EXPECT_EQ(sf::serialise(*d), "en=\"Applepie\", da=:w4ZibGV0w6ZydGU=:, a=?0, b, c;foo=bar, d=(1 2);q=@1659578233");
}

// RFC 9651 §4.2.2: the last value counts, at the place of the first.
TEST(structured_value, keys_that_come_again) {
  EXPECT_EQ(sf::serialise(sf::parse_dictionary("a=1, b=2, a=3").value()), "a=3, b=2");
  EXPECT_EQ(sf::serialise(sf::parse_item("x;a=1;b=2;a").value()), "x;a;b=2");
}

TEST(structured_value, as_many_as_the_rfc_asks_for_and_no_more) {
  const auto many = [](std::size_t n, std::string_view each, std::string_view between) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) {
      if (i > 0) text += between;
      std::string one(each);
      if (const auto at = one.find('#'); at != one.npos) one.replace(at, 1, std::to_string(i));
      text += one;
    }
    return text;
  };
  EXPECT_TRUE(sf::parse_list(many(sf::max_members, "a", ",")));
  EXPECT_FALSE(sf::parse_list(many(sf::max_members + 1, "a", ",")));
  EXPECT_TRUE(sf::parse_dictionary(many(sf::max_members, "a#", ",")));
  EXPECT_FALSE(sf::parse_dictionary(many(sf::max_members + 1, "a#", ",")));
  EXPECT_TRUE(sf::parse_dictionary(many(2 * sf::max_members, "a", ",")));
  EXPECT_TRUE(sf::parse_list("(" + many(sf::max_inner_items, "a", " ") + ")"));
  EXPECT_FALSE(sf::parse_list("(" + many(sf::max_inner_items + 1, "a", " ") + ")"));
  EXPECT_TRUE(sf::parse_item("a" + many(sf::max_parameters, ";a#", "")));
  EXPECT_FALSE(sf::parse_item("a" + many(sf::max_parameters + 1, ";a#", "")));
}

TEST(structured_value, what_cannot_be_written) {
  const sf::item rows[] = {{std::int64_t{1'000'000'000'000'000}},
                           {std::int64_t{-1'000'000'000'000'000}},
                           {sf::decimal{1'000'000'000'000'000}},
                           {std::string("\x7f")},
                           {std::string("a\nb")},
                           {std::string("\xc3\xa4")},
                           {sf::token{""}},
                           {sf::token{"1"}},
                           {sf::token{"a b"}},
                           {sf::token{"a\"b"}},
                           {sf::token{"?1"}},
                           {sf::date{1'000'000'000'000'000}},
                           {sf::display_string{"\xff"}},
                           {true, {{"A", true}}},
                           {true, {{"", true}}},
                           {true, {{"a b", true}}}};
  for (const auto& row : rows) EXPECT_FALSE(sf::serialise(row)) << &row - rows;
  EXPECT_FALSE(sf::serialise(sf::dictionary{{"A", sf::item{true}}}));
  EXPECT_FALSE(sf::decimal::from(std::nan("")));
  EXPECT_FALSE(sf::decimal::from(INFINITY));
  EXPECT_FALSE(sf::decimal::from(1e12));
  EXPECT_EQ(sf::serialise(sf::item{sf::decimal{-1}}), "-0.001");
  EXPECT_EQ(sf::serialise(sf::item{sf::decimal{-1230}}), "-1.23");
  EXPECT_EQ(sf::serialise(sf::list{}), "");
}

#if defined(PARLEY_TEST_JSON)

using json = nlohmann::ordered_json;

std::string from_base32(const std::string& text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 5 | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

// Nothing for a number that has no place in the type, which only the vectors for serialising have.
std::optional<sf::bare_item> bare_item_of(const json& j) {
  if (j.is_boolean()) return j.get<bool>();
  if (j.is_number_integer()) return j.get<std::int64_t>();
  if (j.is_number()) {
    const auto value = sf::decimal::from(j.get<double>());
    if (!value) return std::nullopt;
    return *value;
  }
  if (j.is_string()) return j.get<std::string>();
  const auto kind = j.at("__type").get<std::string>();
  if (kind == "date") return sf::date{j.at("value").get<std::int64_t>()};
  const auto text = j.at("value").get<std::string>();
  if (kind == "token") return sf::token{text};
  if (kind == "displaystring") return sf::display_string{text};
  EXPECT_EQ(kind, "binary");
  return sf::byte_sequence{from_base32(text)};
}

std::optional<sf::parameters> parameters_of(const json& j) {
  sf::parameters result;
  for (const json& one : j) {
    const auto value = bare_item_of(one.at(1));
    if (!value) return std::nullopt;
    result.emplace_back(one.at(0).get<std::string>(), *value);
  }
  return result;
}

std::optional<sf::item> item_of(const json& j) {
  const auto value = bare_item_of(j.at(0));
  const auto params = parameters_of(j.at(1));
  if (!value || !params) return std::nullopt;
  return sf::item{*value, *params};
}

std::optional<sf::list_member> member_of(const json& j) {
  if (!j.at(0).is_array()) return item_of(j);
  sf::inner_list inner;
  for (const json& one : j.at(0)) {
    const auto item = item_of(one);
    if (!item) return std::nullopt;
    inner.items.push_back(*item);
  }
  const auto params = parameters_of(j.at(1));
  if (!params) return std::nullopt;
  inner.params = *params;
  return inner;
}

std::optional<sf::list> list_of(const json& j) {
  sf::list result;
  for (const json& one : j) {
    const auto m = member_of(one);
    if (!m) return std::nullopt;
    result.push_back(*m);
  }
  return result;
}

std::optional<sf::dictionary> dictionary_of(const json& j) {
  sf::dictionary result;
  for (const json& one : j) {
    const auto m = member_of(one.at(1));
    if (!m) return std::nullopt;
    result.emplace_back(one.at(0).get<std::string>(), *m);
  }
  return result;
}

std::string joined(const json& lines) {
  std::string text;
  for (const json& line : lines) text += (&line == &lines.front() ? "" : ", ") + line.get<std::string>();
  return text;
}

template <class Value, class Parse, class Make>
void check_case(const json& test, Parse parse, Make make, const std::string& name) {
  const bool must_fail = test.value("must_fail", false);
  const std::string canonical = test.contains("canonical") ? joined(test.at("canonical"))
                                : test.contains("raw")     ? joined(test.at("raw"))
                                                           : "";
  if (test.contains("raw")) {
    const std::optional<Value> parsed = parse(joined(test.at("raw")));
    if (must_fail) {
      EXPECT_FALSE(parsed) << name;
      return;
    }
    if (!parsed && test.value("can_fail", false)) return;
    ASSERT_TRUE(parsed) << name;
    EXPECT_TRUE(*parsed == make(test.at("expected"))) << name;
    EXPECT_EQ(sf::serialise(*parsed), canonical) << name;
    return;
  }
  const std::optional<Value> made = make(test.at("expected"));
  const auto text = made ? sf::serialise(*made) : std::nullopt;
  if (must_fail) {
    EXPECT_FALSE(text) << name;
  } else {
    EXPECT_EQ(text, canonical) << name;
  }
}

// structured-field-tests of the HTTP working group: all of them, both ways.
TEST(structured_value, vectors) {
  const char* const folder = std::getenv("PARLEY_VECTORS");
  const auto root = std::filesystem::path(folder != nullptr ? folder : "") / "structured-field-tests";
  if (folder == nullptr || !std::filesystem::exists(root))
    GTEST_SKIP() << "no vectors: PARLEY_VECTORS/structured-field-tests is not there";
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
    if (file.path().extension() != ".json" || file.path().parent_path().filename() == "schema") continue;
    std::ifstream in(file.path());
    for (const json& test : json::parse(in)) {
      ++cases;
      const std::string name = file.path().filename().string() + ": " + test.at("name").get<std::string>();
      const auto kind = test.at("header_type").get<std::string>();
      if (kind == "item") {
        check_case<sf::item>(test, sf::parse_item, item_of, name);
      } else if (kind == "list") {
        check_case<sf::list>(test, sf::parse_list, list_of, name);
      } else {
        check_case<sf::dictionary>(test, sf::parse_dictionary, dictionary_of, name);
      }
    }
  }
  EXPECT_GT(cases, 2000U);
  RecordProperty("cases", static_cast<int>(cases));
}

#endif

}  // namespace
}  // namespace parley::semantics
