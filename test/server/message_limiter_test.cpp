#include "server/message_limiter.hpp"

#include <gtest/gtest.h>

namespace parley::server_room {
namespace {

TEST(message_limiter, so_many_of_a_kind_in_a_while) {
  message_limiter limiter;
  message_limiter::time_point now{};  // the clock's own beginning is a time like any other
  for (std::size_t i = 0; i < message_limiter::most; ++i) EXPECT_EQ(limiter.ask(message_kind::handler, now), 0u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.ask(message_kind::handler, now), std::nullopt);
  EXPECT_EQ(limiter.ask(message_kind::accept, now), 0u) << "another kind is not kept quiet by it";
  now += message_limiter::window - std::chrono::nanoseconds(1);
  EXPECT_EQ(limiter.ask(message_kind::handler, now), std::nullopt);
  now += std::chrono::nanoseconds(1);
  EXPECT_EQ(limiter.ask(message_kind::handler, now), 1001u) << "and says how many were left out";
  EXPECT_EQ(limiter.ask(message_kind::handler, now), 0u);
  EXPECT_EQ(limiter.left_out(), 1001u);
}

}  // namespace
}  // namespace parley::server_room
