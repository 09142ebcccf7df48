#include "semantics/urlencoded_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

// `[name|value]` for each pair, or the status of the fault.
std::string read_form(std::string_view content, std::size_t fragment, const urlencoded_caps& caps = {}) {
  urlencoded_reader reader(caps);
  std::string text;
  const auto take_all = [&] {
    while (const auto pair = reader.next()) text += "[" + pair->name + "|" + pair->value + "]";
  };
  for (std::size_t i = 0; i < content.size(); i += fragment) {
    if (const auto fault = reader.receive(content.substr(i, fragment))) return std::to_string(fault->status);
    take_all();
  }
  if (const auto fault = reader.finish()) return std::to_string(fault->status);
  take_all();
  return text;
}

TEST(urlencoded_reader, at_every_fragment_size) {
  const struct {
    std::string_view content, pairs;
  } rows[] = {
      {"", ""},
      {"name=ada", "[name|ada]"},
      {"a=1&b=2", "[a|1][b|2]"},
      {"a=1&&b=2&", "[a|1][b|2]"},
      {"a&=b&=", "[a|][|b][|]"},
      {"a=b=c", "[a|b=c]"},
      {"first+name=Ada+L.&x=%2B%26%3D", "[first name|Ada L.][x|+&=]"},
      {"n%C3%A4me=%e2%82%ac", "[n\xc3\xa4me|\xe2\x82\xac]"},
      {"a=%&b=%4&c=%zz", "[a|%][b|%4][c|%zz]"},
      {"a=\r\n", "[a|\r\n]"},
      {"a=1;b=2", "[a|1;b=2]"},
  };
  for (const auto& row : rows) {
    for (const std::size_t fragment : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 16U, 31U, 1000U})
      EXPECT_EQ(read_form(row.content, fragment), row.pairs) << row.content << " by " << fragment;
  }
}

TEST(urlencoded_reader, caps) {
  const urlencoded_caps caps{.pairs = 3, .name = 4, .value = 8, .total = 64};
  const struct {
    std::string content, result;
  } rows[] = {
      {"a=1&b=2&c=3", "[a|1][b|2][c|3]"},
      {"a=1&b=2&c=3&d=4", "413"},
      {"abcd=12345678", "[abcd|12345678]"},
      {"abcde=1", "413"},
      {"a=123456789", "413"},
      {"%61%61%61%61=%61%61%61%61%61%61%61%61", "[aaaa|aaaaaaaa]"},
      {"a=" + std::string(40, 'x'), "413"},
      {"&&&&" + std::string(60, '&'), ""},
      {"&&&&" + std::string(61, '&'), "413"},
  };
  for (const auto& row : rows) {
    for (const std::size_t fragment : {1U, 7U, 1000U}) EXPECT_EQ(read_form(row.content, fragment, caps), row.result) << row.content;
  }
  // After a fault it stays one.
  urlencoded_reader reader(caps);
  EXPECT_TRUE(reader.receive(std::string(65, 'x')));
  EXPECT_TRUE(reader.receive("a=1"));
  EXPECT_TRUE(reader.finish());
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace parley::semantics
