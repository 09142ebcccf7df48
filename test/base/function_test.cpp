#include "base/function.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace parley::base {
namespace {

static_assert(sizeof(unique_function<void()>) == 64);
static_assert(!std::is_copy_constructible_v<unique_function<void()>>);

// Counts the copies of itself that live.
template <std::size_t Size>
struct counted_callable {
  explicit counted_callable(int& alive) : count(&alive) { ++*count; }
  counted_callable(counted_callable&& other) noexcept : count(other.count) { ++*count; }
  ~counted_callable() { --*count; }
  int operator()(int x) { return x + static_cast<int>(Size); }
  int* count;
  std::array<char, Size> padding{};
};

template <std::size_t Size>
void check_lifetime() {
  int alive = 0;
  {
    unique_function<int(int)> f{counted_callable<Size>(alive)};
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(f(1), 1 + static_cast<int>(Size));
    unique_function<int(int)> g(std::move(f));
    EXPECT_EQ(alive, 1);
    EXPECT_FALSE(f);  // NOLINT: what is left is an empty one
    EXPECT_EQ(g(2), 2 + static_cast<int>(Size));
    f = std::move(g);
    EXPECT_EQ(alive, 1);
    f = counted_callable<Size>(alive);
    EXPECT_EQ(alive, 1);
    f = nullptr;
    EXPECT_EQ(alive, 0);
    f = counted_callable<Size>(alive);
  }
  EXPECT_EQ(alive, 0);
}

TEST(unique_function, owns_its_callable_within_and_on_the_heap) {
  check_lifetime<1>();
  check_lifetime<40>();
  check_lifetime<41>();
  check_lifetime<400>();
}

TEST(unique_function, takes_what_can_only_be_moved) {
  unique_function<std::string(std::unique_ptr<int>)> f = [own = std::make_unique<int>(3)](std::unique_ptr<int> other) {
    return std::to_string(*own) + std::to_string(*other);
  };
  EXPECT_EQ(f(std::make_unique<int>(4)), "34");
  unique_function<void()> empty;
  EXPECT_FALSE(empty);
  unique_function<void()> drops_the_result = [] { return 5; };
  drops_the_result();
  int value = 0;
  unique_function<int&(int&)> reference = [](int& v) -> int& { return ++v; };
  EXPECT_EQ(&reference(value), &value);
  EXPECT_EQ(value, 1);
}

}  // namespace
}  // namespace parley::base
