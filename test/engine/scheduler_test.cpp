#include "engine/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace parley::engine {
namespace {

constexpr std::size_t turn = scheduler::turn_bytes;

struct test_stream {
  scheduler::node node;
  std::size_t waits = 0;  // bytes
};

// Streams that send frames of a size until they have nothing more.
class test_sender {
 public:
  ~test_sender() {
    for (auto& [id, s] : streams_) turns_.remove(s.node);
  }
  void add(stream_id id, semantics::priority p, std::size_t bytes) {
    test_stream& s = streams_[id];
    s.waits = bytes;
    turns_.reprioritise(s.node, p);
    turns_.insert(s.node, id);
  }
  // Who sent, in order, up to `frames`.
  std::string run(std::size_t frames, std::size_t frame = turn) {
    std::string order;
    for (std::size_t i = 0; i < frames; ++i) {
      scheduler::node* const n = turns_.next();
      if (n == nullptr) break;
      test_stream& s = streams_[n->id()];
      const std::size_t bytes = std::min(frame, s.waits);
      s.waits -= bytes;
      sent_[n->id()] += bytes;
      turns_.sent(*n, bytes);
      if (s.waits == 0) turns_.remove(*n);
      order += (order.empty() ? "" : " ") + std::to_string(n->id());
    }
    return order;
  }
  test_stream& of(stream_id id) { return streams_[id]; }
  std::size_t sent(stream_id id) { return sent_[id]; }
  scheduler& turns() { return turns_; }

 private:
  scheduler turns_;
  std::map<stream_id, test_stream> streams_;
  std::map<stream_id, std::size_t> sent_;
};

constexpr semantics::priority at(int urgency, bool incremental = false) {
  return {static_cast<std::uint8_t>(urgency), incremental};
}

// RFC 9218 §10
TEST(scheduler, by_urgency) {
  test_sender s;
  s.add(1, at(7), turn);
  s.add(3, at(3), turn);
  s.add(5, at(0), turn);
  s.add(7, at(3), turn);
  s.add(9, at(1), turn);
  EXPECT_EQ(s.run(10), "5 9 3 7 1");
  EXPECT_TRUE(s.turns().empty());
  EXPECT_EQ(s.turns().next(), nullptr);
}

TEST(scheduler, non_incremental_ones_to_their_end_in_order_of_their_ids) {
  test_sender s;
  s.add(5, at(3), 2 * turn);
  s.add(1, at(3), 2 * turn);
  s.add(9, at(3), turn);
  s.add(7, at(3), turn);
  s.add(3, at(3), turn);
  EXPECT_EQ(s.run(10), "1 1 3 5 5 7 9");
}

TEST(scheduler, one_that_waited_for_content_comes_back_before_later_ones) {
  test_sender s;
  for (const stream_id id : {1U, 3U, 5U}) s.add(id, at(3), 3 * turn);
  EXPECT_EQ(s.run(1), "1");
  s.turns().remove(s.of(1).node);
  EXPECT_EQ(s.run(1), "3");
  s.turns().insert(s.of(1).node, 1);
  EXPECT_EQ(s.run(10), "1 1 3 3 5 5 5");
}

TEST(scheduler, incremental_ones_in_turn) {
  test_sender s;
  for (const stream_id id : {1U, 3U, 5U}) s.add(id, at(3, true), 2 * turn);
  EXPECT_EQ(s.run(10), "1 3 5 1 3 5");
  // A turn is a number of bytes, whatever the frames.
  for (const stream_id id : {7U, 9U}) s.add(id, at(3, true), turn);
  EXPECT_EQ(s.run(10, turn / 2), "7 7 9 9");
}

TEST(scheduler, incremental_ones_share_bytes_not_frames) {
  test_sender s;
  s.add(1, at(3, true), 1'000 * turn);
  s.add(3, at(3, true), 1'000 * turn);
  // Each sends what it likes: small frames and large ones.
  for (int i = 0; i < 1'000; ++i) s.run(1, s.turns().next()->id() == 1 ? 1'000 : turn);
  EXPECT_LE(s.sent(1) > s.sent(3) ? s.sent(1) - s.sent(3) : s.sent(3) - s.sent(1), 2 * turn);
}

// RFC 9218 §10, the two examples of starvation.
TEST(scheduler, a_large_non_incremental_one_holds_up_no_small_incremental_one) {
  test_sender s;
  s.add(1, at(3), 100 * turn);
  s.add(3, at(3, true), turn);
  EXPECT_EQ(s.run(4), "1 3 1 1");
}

TEST(scheduler, an_endless_incremental_one_holds_up_no_non_incremental_one) {
  test_sender s;
  s.add(1, at(3, true), 100 * turn);
  s.add(3, at(3), 2 * turn);
  s.add(5, at(3), turn);
  EXPECT_EQ(s.run(8), "3 1 3 1 5 1 1 1");
}

TEST(scheduler, less_urgent_ones_get_their_small_share) {
  test_sender s;
  s.add(1, at(0, true), 10'000 * turn);
  s.add(3, at(5), 10'000 * turn);
  s.add(5, at(7), 10'000 * turn);
  s.run(17 * 17 * 10);
  const auto share = scheduler::escape_share;
  EXPECT_NEAR(static_cast<double>(s.sent(1)) / static_cast<double>(s.sent(3) + s.sent(5)), static_cast<double>(share), 0.5);
  EXPECT_NEAR(static_cast<double>(s.sent(3)) / static_cast<double>(s.sent(5)), static_cast<double>(share), 1.5);
}

TEST(scheduler, urgent_ones_that_come_and_go_hold_up_nobody_for_ever) {
  test_sender s;
  s.add(1, at(7), turn);
  std::size_t frames = 0;
  for (stream_id id = 3; s.of(1).node.queued() && frames < 1'000; id += 2, ++frames) {
    s.add(id, at(0), turn);
    s.run(1);
  }
  EXPECT_EQ(frames, scheduler::escape_share + 1);
}

TEST(scheduler, alone_nobody_pays_for_what_was_sent_before) {
  test_sender s;
  s.add(1, at(0), 1'000 * turn);
  s.run(900);
  s.add(3, at(7), turn);
  EXPECT_EQ(s.run(3), "1 1 1") << "its share is counted from when somebody waits";
}

TEST(scheduler, reprioritised) {
  test_sender s;
  for (const stream_id id : {1U, 3U, 5U}) s.add(id, at(3), turn);
  s.turns().reprioritise(s.of(5).node, at(1));
  s.turns().reprioritise(s.of(1).node, at(3, true));
  EXPECT_EQ(s.run(10), "5 3 1");
  EXPECT_EQ(s.of(5).node.priority(), at(1)) << "kept while it is not queued";
  s.add(5, at(1), turn);
  s.turns().reprioritise(s.of(5).node, {.urgency = 200});
  EXPECT_EQ(s.of(5).node.priority().urgency, 7) << "what is no urgency is the lowest";
}

TEST(scheduler, what_is_not_queued) {
  scheduler turns;
  scheduler::node n;
  turns.remove(n);
  turns.sent(n, 5);
  EXPECT_FALSE(n.queued());
  turns.insert(n, 1);
  turns.insert(n, 1);
  EXPECT_EQ(turns.next(), &n);
  turns.remove(n);
  EXPECT_TRUE(turns.empty());
}

// The same rules with vectors and searches.
class scheduler_model {
 public:
  struct entry {
    stream_id id;
    semantics::priority p;
    std::size_t sent_of_turn = 0;
  };
  void insert(stream_id id, semantics::priority p) {
    level& l = levels_[p.urgency];
    if (p.incremental) {
      l.ring.push_back({id, p});
    } else {
      l.ordered.push_back({id, p});
      std::sort(l.ordered.begin(), l.ordered.end(), [](const entry& a, const entry& b) { return a.id < b.id; });
    }
  }
  void remove(stream_id id) {
    for (level& l : levels_) {
      std::erase_if(l.ordered, [&](const entry& e) { return e.id == id; });
      if (!l.ring.empty() && l.ring.front().id == id) l.ordered_next = true;
      std::erase_if(l.ring, [&](const entry& e) { return e.id == id; });
    }
  }
  stream_id next() {
    for (std::size_t u = 0; u < 8; ++u) {
      level& l = levels_[u];
      if (l.empty() || (l.ahead >= scheduler::escape_share * turn && waits_below(u))) continue;
      if (l.ring.empty() || (!l.ordered.empty() && l.ordered_next)) return l.ordered.front().id;
      return l.ring.front().id;
    }
    return 0;
  }
  void sent(stream_id id, std::size_t bytes) {
    for (std::size_t u = 0; u < 8; ++u) {
      level& l = levels_[u];
      const auto in_ring = std::find_if(l.ring.begin(), l.ring.end(), [&](const entry& e) { return e.id == id; });
      const bool ordered = std::any_of(l.ordered.begin(), l.ordered.end(), [&](const entry& e) { return e.id == id; });
      if (in_ring == l.ring.end() && !ordered) continue;
      for (std::size_t above = 0; above < u; ++above) {
        level& a = levels_[above];
        if (!a.empty()) a.ahead -= std::min(a.ahead, bytes * scheduler::escape_share);
      }
      if (waits_below(u)) l.ahead = std::min(l.ahead + bytes, scheduler::escape_share * turn);
      if (ordered) {
        l.ordered_turn += bytes;
        if (l.ordered_turn < turn) return;
        l.ordered_turn -= turn;
        l.ordered_next = false;
      } else {
        in_ring->sent_of_turn += bytes;
        if (in_ring->sent_of_turn < turn) return;
        in_ring->sent_of_turn -= turn;
        l.ordered_next = true;
        if (in_ring == l.ring.begin()) std::rotate(l.ring.begin(), l.ring.begin() + 1, l.ring.end());
      }
      return;
    }
  }

 private:
  struct level {
    std::vector<entry> ordered;
    std::deque<entry> ring;
    std::size_t ahead = 0;
    std::size_t ordered_turn = 0;
    bool ordered_next = true;
    [[nodiscard]] bool empty() const { return ordered.empty() && ring.empty(); }
  };
  [[nodiscard]] bool waits_below(std::size_t u) const {
    return std::any_of(levels_.begin() + static_cast<std::ptrdiff_t>(u) + 1, levels_.end(),
                       [](const level& l) { return !l.empty(); });
  }
  std::array<level, 8> levels_;
};

TEST(scheduler, does_what_the_model_does) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    scheduler turns;
    scheduler_model model;
    constexpr std::size_t count = 40;
    std::array<scheduler::node, count> nodes;
    const unsigned urgencies = seed % 3 == 0 ? 1 : 8;
    for (int step = 0; step < 5'000; ++step) {
      const std::size_t i = below(count);
      const stream_id id = 2 * i + 1;
      const bool queued = nodes[i].queued();
      switch (below(5)) {
        case 0:
          if (!queued) model.insert(id, nodes[i].priority());
          turns.insert(nodes[i], id);
          break;
        case 1:
          if (queued && below(2) == 0) {
            model.remove(id);
            turns.remove(nodes[i]);
          }
          break;
        case 2: {
          const auto p = at(static_cast<int>(below(urgencies)), below(2) == 0);
          if (queued && p != nodes[i].priority()) {
            model.remove(id);
            model.insert(id, p);
          }
          turns.reprioritise(nodes[i], p);
          break;
        }
        default:
          if (scheduler::node* const n = turns.next(); n != nullptr) {
            const std::size_t bytes = below(4) == 0 ? below(turn) : turn;
            model.sent(n->id(), bytes);
            turns.sent(*n, bytes);
          }
      }
      const scheduler::node* const next = turns.next();
      ASSERT_EQ(next != nullptr ? next->id() : 0, model.next()) << "seed " << seed << " step " << step;
    }
    // Everything leaves in an order that the structure does not expect.
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      turns.remove(nodes[i]);
      model.remove(2 * i + 1);
      const scheduler::node* const next = turns.next();
      ASSERT_EQ(next != nullptr ? next->id() : 0, model.next());
    }
    EXPECT_TRUE(turns.empty());
  }
}

TEST(scheduler, thousands_out_of_order) {
  constexpr std::size_t count = 5'000;
  const auto nodes = std::make_unique<scheduler::node[]>(count);
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  scheduler turns;
  for (const std::size_t i : order) turns.insert(nodes[i], i + 1);
  for (std::size_t i = 0; i < count; ++i) {
    scheduler::node* const n = turns.next();
    ASSERT_EQ(n->id(), i + 1);
    turns.remove(*n);
  }
  EXPECT_TRUE(turns.empty());
}

}  // namespace
}  // namespace parley::engine
