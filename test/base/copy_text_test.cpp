#include "base/copy_text.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using namespace parley;

// Memory of exactly the text's size, so that AddressSanitizer sees a read or write beyond it.
template <class Copy>
void copy_within(std::string_view text, Copy&& copy, std::string& copied, bool& good) {
  const auto from = std::make_unique<char[]>(text.size());
  const auto to = std::make_unique<char[]>(text.size());
  text.copy(from.get(), text.size());
  good = copy(to.get(), std::string_view(from.get(), text.size()));
  copied.assign(to.get(), text.size());
}

std::string letters(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

TEST(copy_text, every_size) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const std::string text = letters(size);
    std::string copied;
    bool good = false;
    copy_within(text, [](char* to, std::string_view t) { return base::copy_short(to, t), true; }, copied, good);
    EXPECT_EQ(copied, text);
    copy_within(text, base::copy_field_value, copied, good);
    EXPECT_TRUE(good) << size;
    EXPECT_EQ(copied, text);
    copy_within(text, base::copy_field_value_portable, copied, good);
    EXPECT_TRUE(good) << size;
    EXPECT_EQ(copied, text);
  }
}

TEST(copy_text, a_fault_is_found_wherever_it_stands) {
  for (std::size_t size = 1; size <= 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = letters(size);
        text[at] = static_cast<char>(byte);
        const bool wanted = base::is_class(text[at], base::class_field_value);
        std::string room(size, ' ');
        ASSERT_EQ(base::copy_field_value(room.data(), text), wanted) << size << " " << at << " " << byte;
        ASSERT_EQ(base::copy_field_value_portable(room.data(), text), wanted) << size << " " << at << " " << byte;
      }
    }
  }
}

}  // namespace
