#include "h1/line_scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace parley::h1::line_scan {
namespace {

/// Bytes in memory of exactly their size, so that AddressSanitizer sees what is read too far.
struct exact {
  explicit exact(std::string_view text) : size(text.size()), bytes(std::make_unique<char[]>(text.size())) {
    text.copy(bytes.get(), text.size());
  }
  std::size_t size;
  std::unique_ptr<char[]> bytes;
};

std::size_t control_at(std::string_view text, std::size_t from = 0) {
  const exact e(text);
  const char* const begin = e.bytes.get();
  const auto at = static_cast<std::size_t>(find_control(begin + from, begin + e.size, begin) - begin);
  EXPECT_EQ(at, static_cast<std::size_t>(portable::find_control(begin + from, begin + e.size, begin) - begin))
      << "the twin differs";
  return at;
}

TEST(h1_line_scan, every_byte_at_every_place) {
  for (int c = 0; c < 256; ++c) {
    const bool found = (c < 0x20 && c != '\t') || c == 0x7f;
    for (std::size_t size = 1; size <= 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(c);
        ASSERT_EQ(control_at(text), found ? at : size) << c << " at " << at << " of " << size;
      }
    }
  }
}

TEST(h1_line_scan, random_texts_from_every_place) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 70, 'x');
    for (char& c : text) c = "abc\t\t\xff\x80~ :\r\n"[random() % 12];
    for (std::size_t from = 0; from <= text.size(); ++from) (void)control_at(text, from);
    const exact e(text);
    const char* const begin = e.bytes.get();
    const char* const end = begin + (text.empty() ? 0 : random() % text.size());
    EXPECT_EQ(find_colon(begin, end, begin + e.size), portable::find_colon(begin, end, begin + e.size));
  }
}

}  // namespace
}  // namespace parley::h1::line_scan
