// Full queues, cancellation, and the end of a store or of a loop while work is under way.
#include "store/job.hpp"
#include "store/store_tester.hpp"
#include "store/work_queue.hpp"

#include <atomic>

namespace parley {
namespace {

using test::store_fixture;

template <class T>
task<std::string> how_it_ends(task<T> work) {
  try {
    co_await work;
    co_return "done";
  } catch (const cancelled&) {
    co_return "cancelled";
  } catch (const store_error& error) {
    co_return error.why() == store_error::kind::busy ? "busy" : "another store_error";
  } catch (...) {
    co_return "another exception";
  }
}

task<> cancel_soon(cancel_source& source) {
  auto turn = parley::yield();
  co_await turn;
  source.cancel();
}

/// Starts the work, cancels it a turn later, and tells how it ended.
template <class T>
task<std::string> start_and_cancel(task<T> work) {
  cancel_source source;
  auto guarded = how_it_ends(with_cancel(source.token(), std::move(work)));
  auto both = when_all(std::move(guarded), cancel_soon(source));
  auto ends = co_await both;
  co_return std::get<0>(ends);
}

class idle_job final : public store::job {
 public:
  using job::job;

 private:
  void work(store::connection&) override {}
  void take_back() noexcept override {}
};

TEST(store_life, the_queue_is_bounded_by_number_and_by_bytes) {
  store::work_queue queue("/data/db", 3, 1000);
  const auto push = [&](std::size_t bytes) -> std::string {
    try {
      queue.push(std::make_shared<idle_job>(bytes));
      return "";
    } catch (const store_error& error) {
      EXPECT_EQ(error.why(), store_error::kind::busy);
      return error.what();
    }
  };
  EXPECT_EQ(push(5000), "") << "one that is too large gets its turn when nothing else waits";
  EXPECT_EQ(push(0), "/data/db: too much waits for the database; try again soon, or raise the store's queue() and queue_bytes()");
  EXPECT_EQ(queue.take_one()->bytes(), 5000U);
  EXPECT_EQ(push(600), "");
  EXPECT_NE(push(401), "");
  EXPECT_EQ(push(400), "");
  EXPECT_EQ(push(0), "");
  EXPECT_NE(push(0), "") << "three wait";
  EXPECT_EQ(queue.take_all().size(), 3U);
  EXPECT_EQ(push(1000), "");
  queue.close();
  EXPECT_THROW(queue.push(std::make_shared<idle_job>(0)), store_error);
  EXPECT_EQ(queue.take_all().size(), 1U) << "what waits can still be taken";
  EXPECT_TRUE(queue.take_all().empty());
  EXPECT_EQ(queue.take_one(), nullptr);
}

void expect_the_third_write_to_be_busy(const sqlite_options& how) {
  store_fixture fresh(how);
  test::held_writer held(*fresh.store);
  auto three = [&]() -> task<> {
    auto first = how_it_ends(fresh.store->put(11, std::string(400, 'x')));
    auto second = how_it_ends(fresh.store->put(12, std::string(400, 'x')));
    auto third = how_it_ends(fresh.store->put(13, std::string(400, 'x')));
    auto release = [&]() -> task<> {
      auto turn = parley::yield();  // until the others wait
      co_await turn;
      held.let_go();
    };
    auto all = when_all(std::move(first), std::move(second), std::move(third), release());
    auto ends = co_await all;
    EXPECT_EQ(std::get<0>(ends), "done");
    EXPECT_EQ(std::get<1>(ends), "done");
    EXPECT_EQ(std::get<2>(ends), "busy");
    auto again = how_it_ends(fresh.store->put(13, "x"));
    const std::string end = co_await again;
    EXPECT_EQ(end, "done");
  };
  run(three());
}

TEST(store_life, a_full_queue_is_busy_and_passes) {
  expect_the_third_write_to_be_busy(sqlite_options().queue(2));
  expect_the_third_write_to_be_busy(sqlite_options().queue_bytes(1000));
}

TEST(store_life, senseless_bounds_still_work) {
  store_fixture fresh(sqlite_options().readers(0).queue(0).queue_bytes(0).busy_timeout_ms(-1));
  run(fresh.store->put(1, "x"));
  EXPECT_TRUE(run(fresh.store->get(1)).has_value());
}

TEST(store_life, a_cancelled_write_that_nobody_began_is_dropped) {
  store_fixture fresh;
  test::held_writer held(*fresh.store);
  bool called = false;  // lives as long as the awaits below, no longer
  auto make = [&](std::int64_t) {
    called = true;
    return std::string("x");
  };
  auto change = [&](const std::string& present) -> std::optional<std::string> {
    called = true;
    return present;
  };
  // The writer is held all the while: if the awaits did not end by themselves, this would hang.
  EXPECT_EQ(run(start_and_cancel(fresh.store->put(5, "x"))), "cancelled");
  EXPECT_EQ(run(start_and_cancel(fresh.store->insert(make))), "cancelled");
  EXPECT_EQ(run(start_and_cancel(fresh.store->modify(1, change))), "cancelled");
  EXPECT_EQ(run(start_and_cancel(fresh.store->remove(1))), "cancelled");
  held.let_go();
  EXPECT_FALSE(run(fresh.store->get(5)).has_value());
  EXPECT_TRUE(run(fresh.store->get(1)).has_value());
  EXPECT_EQ(run(fresh.store->count()), 1U);
  EXPECT_FALSE(called);
}

TEST(store_life, a_read_can_be_cancelled) {
  store_fixture fresh;
  const std::string end = run(start_and_cancel(fresh.store->get(1)));
  EXPECT_TRUE(end == "cancelled" || end == "done") << end;
  EXPECT_EQ(run(how_it_ends(fresh.store->get(1))), "done");
}

TEST(store_life, no_function_runs_once_its_await_has_ended) {
  store_fixture fresh;
  run(fresh.store->put(1, "x"));
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> running = false;
    std::atomic<bool> cancelling = false;
    auto local = std::make_unique<std::atomic<int>>(0);  // freed as soon as the await has ended
    auto change = [&, seen = local.get()](const std::string&) -> std::optional<std::string> {
      running = true;
      while (!cancelling) std::this_thread::yield();
      for (int i = 0; i < 1000; ++i) ++*seen;
      return std::nullopt;
    };
    auto work = [&]() -> task<> {
      cancel_source source;
      auto guarded = how_it_ends(with_cancel(source.token(), fresh.store->modify(1, change)));
      auto canceller = [&]() -> task<> {
        while (!running) {
          auto turn = parley::yield();
          co_await turn;
        }
        cancelling = true;
        source.cancel();
      };
      auto both = when_all(std::move(guarded), canceller());
      auto ends = co_await both;
      EXPECT_EQ(std::get<0>(ends), "cancelled");
      EXPECT_EQ(*local, 1000) << "the await waits for a function that runs";
      local.reset();
    };
    run(work());
  }
}

TEST(store_life, destroying_finishes_what_waits) {
  store_fixture fresh;
  auto held = std::make_unique<test::held_writer>(*fresh.store);
  std::promise<void> all_wait;
  std::string end;
  std::thread waits([&] {
    auto both = [&]() -> task<> {
      auto tell = [&]() -> task<> {
        auto turn = parley::yield();
        co_await turn;
        all_wait.set_value();
      };
      auto write = when_all(how_it_ends(fresh.store->put(20, "kept")), tell());
      auto ends = co_await write;
      end = std::get<0>(ends);
    };
    run(both());
  });
  all_wait.get_future().wait();
  std::thread releases([&] { held.reset(); });
  fresh.store.reset();
  releases.join();
  waits.join();
  EXPECT_EQ(end, "done");
  EXPECT_FALSE(std::filesystem::exists(fresh.file + "-wal")) << "the log is in the file";
  fresh.open();
  EXPECT_EQ(run(fresh.store->get(20))->document, "kept");
}

TEST(store_life, a_task_that_begins_after_the_store_says_so) {
  store_fixture fresh;
  auto write = fresh.store->put(1, "x");
  auto read = fresh.store->get(1);
  fresh.store.reset();
  EXPECT_STORE_ERROR(std::move(write), gone);
  EXPECT_STORE_ERROR(std::move(read), gone);
}

TEST(store_life, a_function_may_own_the_store) {
  store_fixture fresh;
  run(fresh.store->put(1, "x"));
  auto change = [own = fresh.store](const std::string&) { return std::optional<std::string>("y"); };
  auto write = fresh.store->modify(1, std::move(change));
  fresh.store.reset();
  EXPECT_EQ(run(std::move(write)), "y");
}

TEST(store_life, a_loop_may_end_while_its_write_waits) {
  store_fixture fresh;
  test::held_writer held(*fresh.store);
  std::string end;
  auto leave = [&]() -> task<> {
    auto work = [](record_store& store, std::string& to) -> task<> {
      auto ends = how_it_ends(store.put(30, "x"));
      to = co_await ends;
    };
    spawn(work(*fresh.store, end));
    auto turn = parley::yield();
    co_await turn;
  };
  run(leave());
  EXPECT_EQ(end, "cancelled");
  held.let_go();
  EXPECT_EQ(run(how_it_ends(fresh.store->put(31, "x"))), "done");
}

}  // namespace
}  // namespace parley
