// Awaitables that tests hold in their hand.
#pragma once

#include "net/memory_network.hpp"

#include <parley/task.hpp>

#include <memory>
#include <string>
#include <vector>

namespace task_tests {

class gate;

/// A wait for a gate.
class passing final : public parley::detail::operation {
 public:
  explicit passing(gate& at) : at_(at) {}
  int await_resume();

 private:
  friend class gate;
  bool ready() noexcept override;
  void start() override;
  void cancel() noexcept override;
  gate& at_;
};

/// Lets one waiting coroutine pass, with a value or an exception, when the test says so.
class gate {
 public:
  [[nodiscard]] passing pass() { return passing(*this); }
  void open(int value) {
    value_ = value;
    if (waiting_ == nullptr) {
      open_ = true;
    } else {
      std::exchange(waiting_, nullptr)->complete();
    }
  }
  void fail(std::exception_ptr error) { std::exchange(waiting_, nullptr)->fail(std::move(error)); }
  [[nodiscard]] bool waited_for() const { return waiting_ != nullptr; }
  int started = 0;
  int cancelled = 0;

 private:
  friend class passing;
  passing* waiting_ = nullptr;
  bool open_ = false;
  int value_ = 0;
};

inline bool passing::ready() noexcept { return at_.open_; }
inline void passing::start() {
  ++at_.started;
  at_.waiting_ = this;
}
inline void passing::cancel() noexcept {
  ++at_.cancelled;
  at_.waiting_ = nullptr;
}
inline int passing::await_resume() {
  finish();
  at_.open_ = false;
  return at_.value_;
}

/// What happened, in order.
using story = std::vector<std::string>;

/// A task that a test has started, and how it ended.
template <class T = void>
struct started {
  std::optional<parley::detail::outcome<T>> end;

  [[nodiscard]] bool ended() const { return end.has_value(); }
  /// `value`, or the exception's name.
  [[nodiscard]] std::string how() const {
    if (!end) return "under way";
    if (*end) return "value";
    try {
      std::rethrow_exception(end->error());
    } catch (const parley::cancelled&) {
      return "cancelled";
    } catch (const parley::timed_out&) {
      return "timed out";
    } catch (const parley::overloaded&) {
      return "overloaded";
    } catch (const std::exception& e) {
      return e.what();
    }
  }
};

template <class T>
std::unique_ptr<started<T>> start(parley::task<T> work, parley::detail::cancel_state* chain = nullptr) {
  auto made = std::make_unique<started<T>>();
  parley::detail::start(std::move(work), chain,
                        [to = made.get()](parley::detail::outcome<T> end) { to->end.emplace(std::move(end)); });
  return made;
}

}  // namespace task_tests
