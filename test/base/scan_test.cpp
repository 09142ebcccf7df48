#include "base/scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/ascii.hpp"

namespace parley::base {
namespace {

// On the heap with exactly its size, so that AddressSanitizer sees a vector read beyond it.
struct exact_text {
  explicit exact_text(std::string_view text) : bytes(new char[text.size()]), size(text.size()) { text.copy(bytes.get(), size); }
  [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  std::size_t size;
};

TEST(scan, finds_every_byte_at_every_place_like_its_twin) {
  for (std::size_t size = 0; size <= 49; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[place] = static_cast<char>(byte);
        const exact_text exact(text);
        const bool bad_value = !is_class(text[place], class_field_value);
        const bool bad_target = !is_class(text[place], class_target);
        ASSERT_EQ(find_not_field_value(exact.view()), bad_value ? place : size) << size << ' ' << place << ' ' << byte;
        ASSERT_EQ(find_not_target(exact.view()), bad_target ? place : size) << size << ' ' << place << ' ' << byte;
        ASSERT_EQ(find_not_field_value_portable(exact.view()), bad_value ? place : size);
        ASSERT_EQ(find_not_target_portable(exact.view()), bad_target ? place : size);
      }
    }
  }
}

TEST(scan, finds_the_first_of_several) {
  std::string text(70, 'x');
  for (std::size_t place = text.size(); place-- > 0;) {
    text[place] = '\0';
    EXPECT_EQ(find_not_field_value(text), place);
    EXPECT_EQ(find_not_target(text), place);
  }
  EXPECT_EQ(find_not_field_value(""), 0u);
  EXPECT_TRUE(is_field_value("a\tb \xff"));
  EXPECT_FALSE(is_field_value("a\r\nb: c"));
}

}  // namespace
}  // namespace parley::base
