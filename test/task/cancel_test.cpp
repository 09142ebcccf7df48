#include "gate.hpp"

#include <gtest/gtest.h>

namespace task_tests {
namespace {

using parley::task;
using parley::detail::cancel_state;
using parley::net::memory_loop;
using namespace std::chrono_literals;

/// Passes three gates, one below another task, and tells how each await ended. Swallows what they throw.
task<> stubborn(std::vector<gate>& gates, story& told);

task<int> below(gate& at) {
  auto wait = at.pass();
  const int value = co_await wait;
  co_return value;
}

task<> stubborn(std::vector<gate>& gates, story& told) {
  for (gate& at : gates) {
    auto wait = below(at);
    bool passed = false;
    try {
      co_await wait;
      passed = true;
    } catch (const parley::cancelled&) {
    }
    told.push_back(passed ? "passed" : "cancelled");
  }
}

TEST(cancel, works_at_every_await_and_stays) {
  for (std::size_t passed = 0; passed < 4; ++passed) {
    memory_loop loop;
    std::vector<gate> gates(3);
    story told;
    cancel_state chain;
    auto s = start(stubborn(gates, told), &chain);
    loop.run_until_idle();
    for (std::size_t i = 0; i < passed; ++i) {
      gates[i].open(1);
      loop.run_until_idle();
    }
    chain.cancel();
    loop.run_until_idle();
    ASSERT_TRUE(s->ended());
    story expected(passed, "passed");
    expected.resize(3, "cancelled");
    EXPECT_EQ(told, expected);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(gates[i].started, i <= passed ? 1 : 0) << "a later await does not begin";
      EXPECT_EQ(gates[i].cancelled, i == passed ? 1 : 0);
    }
  }
}

TEST(cancel, before_it_starts) {
  memory_loop loop;
  gate at;
  cancel_state chain;
  chain.cancel();
  auto s = start(below(at), &chain);
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
  EXPECT_EQ(at.started, 0);
}

TEST(cancel, counts_even_when_the_result_is_there) {
  memory_loop loop;
  gate at;
  at.open(5);
  cancel_state chain;
  chain.cancel();
  auto s = start(below(at), &chain);
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
}

TEST(cancel, comes_too_late_for_a_result_on_its_way) {
  memory_loop loop;
  gate at;
  cancel_state chain;
  auto s = start(below(at), &chain);
  loop.run_until_idle();
  at.open(5);
  chain.cancel();
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 5);
  EXPECT_EQ(at.cancelled, 0);
}

TEST(cancel, within_one_turn) {
  memory_loop loop;
  gate at;
  cancel_state chain;
  auto s = start(below(at), &chain);
  loop.run_until_idle();
  chain.cancel();
  EXPECT_FALSE(s->ended()) << "never from within cancel()";
  loop.run_one_turn();
  EXPECT_EQ(s->how(), "cancelled");
}

TEST(operation, fails) {
  memory_loop loop;
  gate at;
  auto s = start(below(at));
  loop.run_until_idle();
  at.fail(std::make_exception_ptr(std::runtime_error("gone")));
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "gone");
}

/// Does what it is told from within `start`.
class at_once final : public parley::detail::operation {
 public:
  enum class way { completes, throws, fails, is_cancelled };
  at_once(way what, cancel_state* chain) : what_(what), chain_(chain) {}
  int await_resume() {
    finish();
    return 1;
  }

 private:
  void start() override {
    switch (what_) {
      case way::completes: complete(); return complete();
      case way::throws: throw std::runtime_error("thrown");
      case way::fails: return fail(std::make_exception_ptr(std::runtime_error("failed")));
      case way::is_cancelled: return chain_->cancel();
    }
  }
  void cancel() noexcept override {}
  way what_;
  cancel_state* chain_;
};

task<int> awaits_at_once(at_once::way what, cancel_state* chain) {
  at_once wait(what, chain);
  const int value = co_await wait;
  co_return value;
}

TEST(operation, may_end_within_start) {
  const std::pair<at_once::way, const char*> rows[] = {{at_once::way::completes, "value"},
                                                       {at_once::way::throws, "thrown"},
                                                       {at_once::way::fails, "failed"},
                                                       {at_once::way::is_cancelled, "cancelled"}};
  for (const auto& [what, how] : rows) {
    memory_loop loop;
    cancel_state chain;
    auto s = start(awaits_at_once(what, &chain), &chain);
    loop.run_until_idle();
    EXPECT_EQ(s->how(), how);
    chain.cancel();  // nothing is registered any more
  }
}

TEST(token, is_never_cancelled_by_default) {
  const parley::cancel_token none;
  EXPECT_FALSE(none.cancelled());
  const auto registration = none.on_cancel([] { FAIL(); });
}

TEST(token, outlives_its_source) {
  parley::cancel_token kept;
  parley::cancel_token cancelled;
  {
    parley::cancel_source source;
    kept = source.token();
    parley::cancel_source other;
    cancelled = other.token();
    other.cancel();
  }
  EXPECT_FALSE(kept.cancelled());
  EXPECT_TRUE(cancelled.cancelled());
  int calls = 0;
  const auto late = kept.on_cancel([&] { ++calls; });
  const auto at_once = cancelled.on_cancel([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(token, calls_back_once_and_not_after_the_registration_ended) {
  parley::cancel_source source;
  int calls = 0;
  const auto kept = source.token().on_cancel([&] { ++calls; });
  {
    const auto dropped = source.token().on_cancel([] { FAIL(); });
  }
  source.cancel();
  source.cancel();
  EXPECT_EQ(calls, 1);
}

TEST(token, of_a_nested_source) {
  parley::cancel_source above;
  parley::cancel_source middle(above.token());
  parley::cancel_source below_it(middle.token());
  middle.cancel();
  EXPECT_FALSE(above.cancelled());
  EXPECT_TRUE(middle.cancelled());
  EXPECT_TRUE(below_it.cancelled());
  const parley::cancel_source late(middle.token());
  EXPECT_TRUE(late.cancelled());
}

TEST(token, callbacks_may_destroy_the_source_and_other_registrations) {
  auto source = std::make_unique<parley::cancel_source>();
  const parley::cancel_token token = source->token();
  std::optional<parley::cancel_registration> other;
  int calls = 0;
  parley::cancel_registration last(token, [&] { ++calls; });
  other.emplace(token, [&] { ++calls; });
  parley::cancel_registration destroys(token, [&] {
    ++calls;
    other.reset();
    source.reset();
  });
  source->cancel();
  EXPECT_EQ(calls, 1) << "the rest was let go with the source";
  EXPECT_TRUE(token.cancelled());
}

TEST(cancel_state, that_is_destroyed_lets_nested_ones_go) {
  auto above = std::make_unique<cancel_state>();
  cancel_state nested(above.get());
  above.reset();
  EXPECT_FALSE(nested.cancelled());
  nested.cancel();
  EXPECT_TRUE(nested.cancelled());
}

task<parley::cancel_token> token_here() {
  parley::current_token here;
  auto token = co_await here;
  co_return token;
}

TEST(current_token, is_the_chain_s) {
  memory_loop loop;
  cancel_state chain;
  auto in_chain = start(token_here(), &chain);
  auto without = start(token_here());
  loop.run_until_idle();
  chain.cancel();
  EXPECT_TRUE((*in_chain->end)->cancelled());
  EXPECT_FALSE((*without->end)->cancelled());
}

TEST(with_cancel, adds_a_token) {
  for (const bool by_token : {true, false}) {
    memory_loop loop;
    gate at;
    cancel_state chain;
    parley::cancel_source source;
    auto s = start(parley::with_cancel(source.token(), below(at)), &chain);
    loop.run_until_idle();
    ASSERT_TRUE(at.waited_for());
    if (by_token) {
      source.cancel();
    } else {
      chain.cancel();
    }
    loop.run_until_idle();
    EXPECT_EQ(s->how(), "cancelled");
    EXPECT_EQ(chain.cancelled(), !by_token);
  }
}

TEST(with_cancel, gives_the_value) {
  memory_loop loop;
  gate at;
  parley::cancel_source source;
  auto s = start(parley::with_cancel(source.token(), below(at)));
  loop.run_until_idle();
  at.open(3);
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 3);
}

}  // namespace
}  // namespace task_tests
