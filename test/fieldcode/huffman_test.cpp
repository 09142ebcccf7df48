#include "fieldcode/huffman.hpp"

#include <gtest/gtest.h>

#include <random>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

/// In memory of exactly the sizes that are asked for.
std::optional<std::string> huffman_decode(std::string_view coded) {
  const std::unique_ptr<char[]> in(new char[coded.size()]);
  coded.copy(in.get(), coded.size());
  const std::unique_ptr<char[]> out(new char[huffman::decoded_bound(coded.size())]);
  const auto size = huffman::decode({in.get(), coded.size()}, out.get());
  if (!size) return std::nullopt;
  return std::string(out.get(), *size);
}

std::string huffman_encode(std::string_view text) {
  const std::size_t size = huffman::encoded_size(text);
  const std::unique_ptr<char[]> out(new char[size]);
  EXPECT_EQ(huffman::encode(text, out.get()), out.get() + size);
  return {out.get(), size};
}

// Some rows of RFC 7541 Appendix B: the shortest, the longest, and the first and last of a length.
TEST(huffman, codes_are_those_of_the_appendix) {
  const struct {
    unsigned char symbol;
    std::string_view padded;
  } rows[] = {
      {48, "07"},        {97, "1f"},        {116, "4f"},       {32, "53"},       {37, "57"},       {117, "b7"},
      {122, "f7"},       {38, "f8"},        {59, "fb"},        {88, "fc"},       {90, "fd"},       {33, "fe3f"},
      {63, "ff3f"},      {39, "ff5f"},      {43, "ff7f"},      {124, "ff9f"},    {35, "ffaf"},     {62, "ffbf"},
      {0, "ffc7"},       {36, "ffcf"},      {64, "ffd7"},      {91, "ffdf"},     {93, "ffe7"},     {126, "ffef"},
      {94, "fff3"},      {125, "fff7"},     {60, "fff9"},      {96, "fffb"},     {123, "fffd"},    {92, "fffe1f"},
      {195, "fffe3f"},   {208, "fffe5f"},   {128, "fffe6f"},   {130, "fffe7f"},  {9, "ffffea"},    {1, "ffffb1"},
      {127, "ffffffcf"}, {254, "fffffe1f"}, {249, "ffffffef"}, {10, "fffffff3"}, {13, "fffffff7"}, {22, "fffffffb"},
      {255, "fffffbbf"}, {239, "ffffe9"},   {142, "ffffeb"},
  };
  for (const auto& row : rows) {
    const std::string text(1, static_cast<char>(row.symbol));
    EXPECT_EQ(hex(huffman_encode(text)), row.padded) << int{row.symbol};
  }
}

TEST(huffman, every_pair_of_bytes_comes_back) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(huffman_decode(huffman_encode(text)), text) << a << " " << b;
    }
  }
}

TEST(huffman, texts_of_every_length_come_back) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text;
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
      text += "0123456789abcdefghijklmnopqrstuvwxyz-/%=;, ABCXZ"[random() % 48];
      bytes += static_cast<char>(random() % 256);
    }
    ASSERT_EQ(huffman_decode(huffman_encode(text)), text);
    ASSERT_EQ(huffman_decode(huffman_encode(bytes)), bytes);
  }
}

TEST(huffman, padding_is_fewer_than_eight_ones) {
  const struct {
    std::string_view coded;
    bool good;
  } rows[] = {
      {"07", true},           // "0" and three ones
      {"00", false},          // "0" and three zeros
      {"06", false},          // a zero at the end
      {"03", false},          // a zero at the start
      {"07ff", false},        // eleven ones
      {"ff", false},          // eight ones and nothing else
      {"f8", true},           // "&", without padding
      {"f8ff", false},        // eight ones
      {"fe", false},          // the start of a longer code
      {"fffffffc", false},    // the end of the string, 30 bits, and two zeros
      {"ffffffff", false},    // the end of the string, and two ones
      {"07fffffffc", false},  // behind another symbol
      {"fffffffffffffffff0", false},
      {"0000000000000000000000ffffffff0000000000000000", false},  // in the middle, where whole words are read
      {"", true},
  };
  for (const auto& row : rows) EXPECT_EQ(huffman_decode(unhex(row.coded)).has_value(), row.good) << row.coded;
}

// One text with each wrong padding at each length, so that both the words and the bytes at the end are tried.
TEST(huffman, padding_is_checked_at_every_length) {
  for (std::size_t size = 1; size < 64; ++size) {
    const std::string good = huffman_encode(std::string(size, 'a'));  // five bits each
    const unsigned padding = static_cast<unsigned>(good.size() * 8 - size * 5);
    ASSERT_TRUE(huffman_decode(good)) << size;
    EXPECT_FALSE(huffman_decode(good + '\xff')) << size;
    for (unsigned bit = 0; bit < padding; ++bit) {
      std::string bad = good;
      bad.back() = static_cast<char>(bad.back() ^ (1 << bit));
      const auto decoded = huffman_decode(bad);
      // Other bits may be a whole symbol more, but never the same text.
      EXPECT_FALSE(decoded && decoded->size() == size) << size << " bit " << bit;
    }
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
