#include "engine/send_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>

namespace parley::engine {
namespace {

std::string text_of(const send_queue& q) {
  std::array<base::segment, 64> out;
  std::string text;
  const std::size_t n = q.peek(out);
  for (std::size_t i = 0; i < n; ++i) {
    if (out[i].descriptor < 0) {
      text += out[i].bytes;
    } else {
      text +=
          "[" + std::to_string(out[i].descriptor) + ":" + std::to_string(out[i].offset) + "+" + std::to_string(out[i].length) + "]";
    }
  }
  return text;
}

TEST(send_queue, copies_are_gathered_in_one_segment) {
  send_queue q;
  EXPECT_TRUE(q.empty());
  q.copy("head ");
  q.append({chunk::view{"view "}});
  q.append({chunk::owned{"owned "}});
  q.append({chunk::shared{"shared", nullptr}});
  std::array<base::segment, 4> out;
  ASSERT_EQ(q.peek(out), 1u);
  EXPECT_EQ(out[0].bytes, "head view owned shared");
  EXPECT_EQ(q.size(), 22u);
  q.written(5);
  EXPECT_EQ(text_of(q), "view owned shared");
  q.copy("!");
  EXPECT_EQ(text_of(q), "view owned shared!");
  q.written(18);
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.peek(out), 0u);
}

TEST(send_queue, reserve_and_commit) {
  send_queue q;
  char* p = q.reserve(100);
  std::string("abc").copy(p, 3);
  q.commit(3);
  EXPECT_EQ(q.reserve(50), p + 3) << "behind what is there";
  EXPECT_EQ(text_of(q), "abc");
  (void)q.reserve(1'000'000);  // and never filled
  EXPECT_EQ(text_of(q), "abc");
  q.append({chunk::owned{std::string(5000, 'x')}});
  q.copy("def");
  EXPECT_EQ(text_of(q), "abc" + std::string(5000, 'x') + "def");
  EXPECT_EQ(q.size(), 5006u);
}

TEST(send_queue, long_pieces_stay_where_they_are) {
  auto owner = std::make_shared<std::string>(5000, 's');
  const std::weak_ptr<std::string> watched = owner;
  std::string text(5000, 'o');
  const char* const where = text.data();
  send_queue q;
  q.append({chunk::owned{std::move(text)}});
  q.append({chunk::shared{*owner, owner}});
  q.append({chunk::file{42, 10, 100, owner}});
  owner.reset();
  std::array<base::segment, 8> out;
  ASSERT_EQ(q.peek(out), 3u);
  EXPECT_EQ(out[0].bytes.data(), where);
  EXPECT_EQ(q.peek({out.data(), 2}), 2u) << "as many as there is room for";
  q.written(5000 + 5000 + 30);
  EXPECT_EQ(text_of(q), "[42:40+70]");
  EXPECT_FALSE(watched.expired()) << "the file slice holds it too";
  EXPECT_EQ(q.size(), 70u);
  q.written(70);
  EXPECT_TRUE(watched.expired());
}

TEST(send_queue, nothing_is_nothing) {
  send_queue q;
  q.copy("");
  q.append({chunk::view{""}});
  q.append({chunk::owned{""}});
  q.append({chunk::file{1, 0, 0, nullptr}});
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(text_of(q), "");
}

TEST(send_queue, clear_drops_everything) {
  auto owner = std::make_shared<std::string>(5000, 's');
  send_queue q;
  q.copy("abc");
  q.append({chunk::shared{*owner, owner}});
  q.clear();
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(owner.use_count(), 1);
  q.copy("again");
  EXPECT_EQ(text_of(q), "again");
}

TEST(send_queue, any_mixture_leaves_in_order) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    send_queue q;
    std::string expected;
    std::string taken;
    for (int i = 0; i < 200; ++i) {
      std::string piece(random() % (random() % 10 == 0 ? 40'000 : 300), static_cast<char>('a' + i % 26));
      expected += piece;
      switch (random() % 3) {
        case 0: q.copy(piece); break;
        case 1: q.append({chunk::owned{piece}}); break;
        default: {
          auto owner = std::make_shared<std::string>(piece);
          q.append({chunk::shared{*owner, owner}});
        }
      }
      std::array<base::segment, 4> out;
      if (q.peek(out) > 0 && random() % 2 == 0) {
        const auto n = std::min<std::size_t>(out[0].bytes.size(), random() % 5000);
        taken += out[0].bytes.substr(0, n);
        q.written(n);
      }
      ASSERT_EQ(q.size(), expected.size() - taken.size());
    }
    while (!q.empty()) {
      std::array<base::segment, 4> out;
      const std::size_t n = q.peek(out);
      std::size_t size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        taken += out[i].bytes;
        size += out[i].bytes.size();
      }
      q.written(size);
    }
    ASSERT_EQ(taken, expected);
  }
}

}  // namespace
}  // namespace parley::engine
