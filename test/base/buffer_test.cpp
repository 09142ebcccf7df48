#include "base/buffer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/random.hpp"

namespace parley::base {
namespace {

TEST(buffer, holds_no_memory_until_it_is_written) {
  buffer b;
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.readable(), "");
  EXPECT_EQ(b.capacity(), 0u);
  EXPECT_TRUE(b.release());
  EXPECT_EQ(b.writable(0).size(), 256u);
}

TEST(buffer, consuming_moves_nothing) {
  buffer b;
  b.append("hello world");
  const char* world = b.readable().data() + 6;
  b.consume(6);
  EXPECT_EQ(b.readable(), "world");
  EXPECT_EQ(b.readable().data(), world);
  EXPECT_EQ(b.readable_bytes().size(), 5u);
  b.compact();
  EXPECT_EQ(b.readable(), "world");
  EXPECT_LT(b.readable().data(), world);
}

TEST(buffer, gives_memory_back_only_when_nothing_is_readable) {
  buffer b;
  b.append("ab");
  EXPECT_FALSE(b.release());
  b.consume(2);
  EXPECT_TRUE(b.release());
  EXPECT_EQ(b.capacity(), 0u);
  b.append("again");
  EXPECT_EQ(b.readable(), "again");
  b.reset();
  EXPECT_EQ(b.readable(), "");
}

TEST(buffer, moves_take_the_block_along) {
  buffer a;
  a.append("text");
  const char* at = a.readable().data();
  buffer b(std::move(a));
  EXPECT_EQ(b.readable().data(), at);
  EXPECT_EQ(a.capacity(), 0u);  // NOLINT: what is left is an empty buffer
  a.append("other");
  b = std::move(a);
  EXPECT_EQ(b.readable(), "other");
}

TEST(buffer, reuses_the_room_in_front_before_it_grows) {
  buffer b;
  b.append(std::string(1000, 'x'));
  b.consume(900);
  EXPECT_GE(b.writable(500).size(), 500u);
  EXPECT_EQ(b.capacity(), 1024u);
  EXPECT_EQ(b.readable(), std::string(100, 'x'));
  EXPECT_GE(b.writable(1000).size(), 1000u);
  EXPECT_EQ(b.capacity(), 2048u);
  EXPECT_EQ(b.readable(), std::string(100, 'x'));
}

TEST(buffer, is_a_queue_of_bytes) {
  seeded_random random(2);
  buffer b;
  std::string expected;
  for (int i = 0; i < 20000; ++i) {
    if (random.below(2) == 0) {
      const std::string piece(random.below(3000), static_cast<char>('a' + random.below(26)));
      const auto room = b.writable(piece.size());
      ASSERT_GE(room.size(), piece.size());
      std::memcpy(room.data(), piece.data(), piece.size());
      b.commit(piece.size());
      expected += piece;
    } else {
      const std::size_t n = random.below(b.size() + 1);
      b.consume(n);
      expected.erase(0, n);
    }
    if (random.below(50) == 0) b.compact();
    if (random.below(50) == 0) b.release();
    ASSERT_EQ(b.readable(), expected);
  }
}

}  // namespace
}  // namespace parley::base
