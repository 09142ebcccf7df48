#include "durability/workload.hpp"

#include "store/sqlite_records.hpp"
#include "support/lossy_vfs.hpp"

#include <parley/store.hpp>

#include <csignal>
#include <cstdio>
#include <random>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

/// A pipe takes so little at once or not at all, and in order, from any thread.
void send(int to, const report& what) {
  if (::write(to, &what, sizeof what) != static_cast<ssize_t>(sizeof what)) ::_exit(3);
}

/// Writes one thing after the other, so that at most one of its deeds is in doubt when the power goes.
class worker {
 public:
  worker(record_store& on, const round_plan& plan, std::uint32_t index)
      : store_(on), plan_(plan), random_(plan.seed * 1000 + index), index_(index) {
    number_ = plan.first_number + std::uint64_t{index} * 10000;
  }

  task<> start_count() {
    report what = begin(deed::start_count, count_id);
    auto put = store_.put(count_id, "0");
    const auto outcome = co_await put;
    end(what, outcome == record_store::outcome::created ? 1 : 0);
  }

  task<> work() {
    for (int i = 0; i < 400; ++i) {
      auto one = any_deed();
      co_await one;
    }
  }

 private:
  task<> any_deed() {
    switch (random_() % 5) {
      case 0: return put(any_own_id());
      case 1: return insert();
      case 2: return modify(any_own_id());
      case 3: return remove(any_own_id());
      default: return count_up();
    }
  }

  task<> put(std::int64_t id) {
    report what = begin(deed::put, id);
    auto put = store_.put(id, document_of(what.number));
    const auto outcome = co_await put;
    end(what, outcome == record_store::outcome::created ? 1 : 0);
  }
  task<> insert() {
    report what = begin(deed::insert, 0);
    auto insert = store_.insert([number = what.number](std::int64_t) { return document_of(number); });
    const std::int64_t id = co_await insert;
    what.id = id;
    inserted_.push_back(id);
    end(what, 0);
  }
  task<> modify(std::int64_t id) {
    report what = begin(deed::modify, id);
    auto change = [number = what.number](const std::string&) { return std::optional<std::string>(document_of(number)); };
    auto modify = store_.modify(id, change);
    const auto now = co_await modify;
    end(what, now ? 1 : 0);
  }
  task<> remove(std::int64_t id) {
    report what = begin(deed::remove, id);
    auto remove = store_.remove(id);
    const bool was_there = co_await remove;
    end(what, was_there ? 1 : 0);
  }
  task<> count_up() {
    report what = begin(deed::count_up, count_id);
    auto more = [](const std::string& present) { return std::optional<std::string>(std::to_string(std::stoll(present) + 1)); };
    auto modify = store_.modify(count_id, more);
    const auto now = co_await modify;
    end(what, std::stoll(now.value()));
  }

  report begin(deed what, std::int64_t id) {
    report made{report::moment::begun, what, index_, number_++, id, 0};
    send(plan_.reports, made);
    return made;
  }
  void end(report what, std::int64_t answer) const {
    what.when = report::moment::acknowledged;
    what.answer = answer;
    send(plan_.reports, what);
  }
  std::int64_t any_own_id() {
    if (!inserted_.empty() && random_() % 2 == 0) return inserted_[random_() % inserted_.size()];
    return 1000 * (index_ + 1) + static_cast<std::int64_t>(random_() % 6);
  }

  record_store& store_;
  const round_plan& plan_;
  std::mt19937_64 random_;
  std::uint32_t index_;
  std::uint64_t number_;
  std::vector<std::int64_t> inserted_;
};

task<> run_workers(std::vector<worker>& workers) {
  std::vector<task<>> works;
  for (worker& one : workers) works.push_back(one.work());
  auto all = when_all(std::move(works));
  co_await all;
}

void write_on_loops(record_store& on, const round_plan& plan) {
  if (plan.start_count) {
    worker first(on, plan, loops_in_workload * workers_on_a_loop);
    run(first.start_count());
  }
  std::vector<std::thread> loops;
  for (int loop = 0; loop < loops_in_workload; ++loop) {
    loops.emplace_back([&, loop] {
      std::vector<worker> workers;
      for (int i = 0; i < workers_on_a_loop; ++i) workers.emplace_back(on, plan, loop * workers_on_a_loop + i);
      try {
        run(run_workers(workers));
      } catch (const std::exception& error) {
        std::fprintf(stderr, "a write failed: %s\n", error.what());
        send(plan.reports, report{report::moment::failed, deed::put, 0, 0, 0, 0});
      }
    });
  }
  for (std::thread& loop : loops) loop.join();
}

}  // namespace

std::string document_of(std::uint64_t number) {
  std::mt19937_64 random(number);
  const std::uint64_t sort = random() % 20;
  const std::size_t size = sort == 0 ? random() % 20000 : sort < 5 ? random() % 2000 : random() % 100;
  std::string document = "deed " + std::to_string(number) + " ";
  while (document.size() < size) document += std::to_string(random());
  return document;
}

void write_until_the_power_is_cut(const round_plan& plan) {
  lossy_vfs disk;
  disk.cut_power_at(plan.cut_at, plan.seed, [] { ::kill(::getpid(), SIGKILL); });  // does not return
  store::database_settings how;
  how.connection.file = plan.file;
  how.connection.vfs = disk.name();
  how.connection.sync = plan.sync;
  how.table = "records_things";
  if (plan.seed % 2 == 0) how.checkpoint_pages = 30;  // many moves from the log into the file
  try {
    const auto on = store::open_records(how);
    write_on_loops(*on, plan);
    disk.cut_power(plan.seed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the writer failed: %s\n", error.what());
  }
  send(plan.reports, report{report::moment::failed, deed::put, 0, 0, 0, 0});
  ::_exit(2);
}

}  // namespace parley::test
