#include "engine/event_queue.hpp"

#include <gtest/gtest.h>

namespace engine_tests {
namespace {

using namespace parley::engine;

stream_id id_of(const std::optional<event>& e) { return e ? std::get<complete_event>(*e).id : 0; }

TEST(event_queue, keeps_the_order_while_it_grows) {
  event_queue queue;
  stream_id in = 0;
  stream_id out = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i <= round % 9; ++i) queue.push(complete_event{++in});
    while (queue.size() > 3) EXPECT_EQ(id_of(queue.pop()), ++out);
  }
  while (!queue.empty()) EXPECT_EQ(id_of(queue.pop()), ++out);
  EXPECT_EQ(in, out);
  EXPECT_FALSE(queue.pop());
}

// Rings go from one queue to another, and the next one may be smaller than the last.
TEST(event_queue, rests_and_goes_on_with_another_ring) {
  event_queue large;
  event_queue small;
  event_queue third;
  for (stream_id i = 1; i <= 5; ++i) large.push(complete_event{i});
  for (stream_id i = 1; i <= 5; ++i) EXPECT_EQ(id_of(large.pop()), i);
  small.push(complete_event{1});
  EXPECT_EQ(id_of(small.pop()), 1U);
  small.rest();
  large.push(complete_event{6});
  EXPECT_EQ(id_of(large.pop()), 6U);
  large.rest();
  third.push(complete_event{1});  // takes the large one
  large.push(complete_event{7});  // and so the small one is left
  large.push(complete_event{8});
  EXPECT_EQ(id_of(large.pop()), 7U);
  EXPECT_EQ(id_of(large.pop()), 8U);
}

TEST(event_queue, does_not_rest_while_anything_waits) {
  event_queue queue;
  queue.push(complete_event{1});
  queue.rest();
  EXPECT_EQ(id_of(queue.pop()), 1U);
}

TEST(event_queue, what_is_filled_where_it_lies_may_be_taken_back) {
  event_queue queue;
  for (stream_id i = 1; i <= 20; ++i) {
    queue.add<complete_event>().id = i;
    auto& request = queue.add<request_event>();
    EXPECT_EQ(request.id, 0U);
    request.head.fields.add("Host", "a");
    queue.take_back();
    EXPECT_EQ(queue.size(), i % 2 == 0 ? 2U : 1U);
    if (i % 2 == 0) {
      EXPECT_EQ(id_of(queue.pop()), i - 1);
      EXPECT_EQ(id_of(queue.pop()), i);
    }
  }
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace engine_tests
