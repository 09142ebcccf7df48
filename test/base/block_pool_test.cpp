#include "base/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <thread>
#include <vector>

namespace parley::base {
namespace {

TEST(block_pool, sizes_are_powers_of_two) {
  const struct {
    std::size_t wanted, size;
  } rows[] = {{0, 256},
              {1, 256},
              {256, 256},
              {257, 512},
              {1025, 2048},
              {5000, 8192},
              {128 * 1024, 128 * 1024},
              {128 * 1024 + 1, 256 * 1024}};
  for (const auto& row : rows) {
    const block b = acquire_block(row.wanted);
    EXPECT_EQ(b.size, row.size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data) % alignof(std::max_align_t), 0u);
    std::memset(b.data, 1, b.size);
    release_block(b);
  }
}

TEST(block_pool, a_block_comes_again) {
  const block first = acquire_block(4000);
  release_block(first);
  const block second = acquire_block(4096);
  EXPECT_EQ(first.data, second.data);
  std::memset(second.data, 2, second.size);
  release_block(second);
  trim_block_pool();
}

TEST(block_pool, keeps_no_more_than_its_bound) {
  // Far more than is kept: AddressSanitizer would report what is lost or freed twice.
  std::vector<block> blocks;
  for (std::size_t i = 0; i < 3 * pooled_bytes_per_size / smallest_block; ++i) blocks.push_back(acquire_block(1));
  for (const block& b : blocks) release_block(b);
  trim_block_pool();
  release_block({});
}

TEST(block_pool, blocks_may_die_on_another_thread) {
  std::vector<block> blocks;
  for (int i = 0; i < 10; ++i) blocks.push_back(acquire_block(2048));
  std::thread([&] {
    for (const block& b : blocks) release_block(b);
    release_block(acquire_block(2048));
  }).join();
}

TEST(block_pool, impossible_sizes_throw) { EXPECT_THROW((void)acquire_block(SIZE_MAX), std::bad_alloc); }

}  // namespace
}  // namespace parley::base
