// What ends with its server rather than with its client: streams of events, long polls.
#pragma once

#include <parley/task.hpp>

#include <cstddef>
#include <vector>

namespace parley::server_room {

class ending_wait;

/// Who waits for the end of one loop's server. Loop's thread only; it outlives all that waits.
class ending_watch {
 public:
  ending_watch() = default;
  ending_watch(const ending_watch&) = delete;
  ending_watch& operator=(const ending_watch&) = delete;
  ~ending_watch();

  /// Of this thread; null: no server's loop runs here.
  [[nodiscard]] static ending_watch* current();
  void make_current();
  /// Wakes all that wait. What comes later does not wait.
  void end();

 private:
  friend class ending_wait;
  std::vector<ending_wait*> waiting_;
  bool ended_ = false;
};

/// `co_await` it: until the server was told to end. Where no server runs, until it is cancelled.
class ending_wait final : public detail::operation {
 public:
  /// `not_if`: when that is true at the end, it goes on waiting until it is cancelled.
  explicit ending_wait(const bool* not_if = nullptr) : not_if_(not_if) {}
  void await_resume() { finish(); }

 private:
  friend class ending_watch;
  void start() override;
  void cancel() noexcept override;
  void tell() {
    if (not_if_ == nullptr || !*not_if_) complete();
  }

  const bool* not_if_;
  ending_watch* watch_ = nullptr;  // where it is listed
  std::size_t place_ = 0;
};

}  // namespace parley::server_room
