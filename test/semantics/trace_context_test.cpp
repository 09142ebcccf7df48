#include "semantics/trace_context.hpp"

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

// W3C Trace Context §3.2
TEST(trace_context, traceparent) {
  constexpr std::string_view text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto trace = parse_traceparent(text);
  ASSERT_TRUE(trace);
  EXPECT_TRUE(trace->sampled);
  EXPECT_EQ(trace->trace_id[0], 0x4b);
  EXPECT_EQ(trace->parent_id[7], 0xb7);
  EXPECT_EQ(to_text(*trace), text);
  const struct {
    std::string_view value;
    bool valid;
  } rows[] = {
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
      {" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe ", true},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like", true},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false},
      {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
      {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", false},
      {"00.4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", false},
      {"0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"", false},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_traceparent(row.value).has_value(), row.valid) << row.value;
}

TEST(trace_context, made) {
  base::seeded_random random(7);
  const auto one = traceparent::make(random, true);
  EXPECT_EQ(parse_traceparent(to_text(one)), one);
  const auto next = one.child(random);
  EXPECT_EQ(next.trace_id, one.trace_id);
  EXPECT_NE(next.parent_id, one.parent_id);
  EXPECT_TRUE(next.sampled);
  EXPECT_NE(traceparent::make(random, false).trace_id, one.trace_id);
}

}  // namespace
}  // namespace parley::semantics
