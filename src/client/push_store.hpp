// Responses that a server pushed (RFC 9113 §8.4): kept until the request comes that they answer.
#pragma once

#include "client/plan.hpp"
#include "client/receiver.hpp"
#include "net/loop.hpp"

#include <parley/limits.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::fetching {

class push_store;
struct link;

/// A promised response: on its way, or whole.
class pushed_response final : public receiver {
 public:
  pushed_response(push_store& in, origin of, semantics::request_head&& promised, net::time_point now)
      : store_(in), to_(std::move(of)), promised_(std::move(promised)), since_(now) {}
  ~pushed_response() override;

  [[nodiscard]] const origin& to() const { return to_; }
  [[nodiscard]] const semantics::request_head& promised() const { return promised_; }
  [[nodiscard]] bool arriving() const { return !whole_ && !failed_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Its head has come; what follows is held to the connection's limits of time.
  [[nodiscard]] bool begun() const { return head_.has_value() || !arriving(); }
  /// Whether it answers this request, as far as it has come.
  [[nodiscard]] bool answers(const plan& what) const;
  [[nodiscard]] net::time_point since() const { return since_; }
  /// Whole: what the fetch gets. Once.
  [[nodiscard]] response take();
  /// Cancels it, unless it is whole.
  void give_up() noexcept;

  /// Cancellable.
  class until_settled final : public parley::detail::operation {
   public:
    explicit until_settled(pushed_response& of) : of_(of) {}
    void await_resume() { finish(); }

   private:
    friend class pushed_response;
    bool ready() noexcept override { return !of_.arriving(); }
    void start() override { of_.waiting_ = this; }
    void cancel() noexcept override { of_.waiting_ = nullptr; }
    void tell() { complete(); }
    pushed_response& of_;
  };

  [[nodiscard]] method asked() const override { return promised_.method; }
  void on_response(engine::response_event&& event) override;
  void on_received() override;
  void on_too_large() override { give_up(); }
  void on_lost() override { settle(false); }

 private:
  void settle(bool whole) noexcept;

  push_store& store_;
  const origin to_;
  const semantics::request_head promised_;
  net::time_point since_;
  std::optional<semantics::response_head> head_;
  std::optional<fields> trailers_;
  std::string content_;
  until_settled* waiting_ = nullptr;
  bool whole_ = false;
  bool failed_ = false;
};

/// One for each pool. Bounded: at most limits::pushes responses, on their way or kept, of at most limits::content bytes each, for at
/// most `keep_time`; what is promised beyond that is cancelled.
class push_store {
 public:
  static constexpr std::chrono::seconds keep_time{60};
  /// So long a request waits for the head of the response that was promised to it; then it is sent itself.
  static constexpr std::chrono::seconds claim_time{3};

  push_store(net::loop& on, const limits& caps) : loop_(on), caps_(caps) {}
  push_store(const push_store&) = delete;
  push_store& operator=(const push_store&) = delete;
  ~push_store() { clear(); }

  /// A promise on a connection to `from`; null: it is not wanted.
  [[nodiscard]] receiver* take(const link& on, engine::push_event&& promise);
  /// The one that answers this request, if there is one: it is not kept any more.
  [[nodiscard]] std::shared_ptr<pushed_response> claim(const plan& what);
  /// Drops what is too old. When the next one will be.
  std::optional<net::time_point> expire(net::time_point now);
  /// Cancels what was promised and has not begun to come.
  void give_up_promises();
  /// Cancels and forgets all.
  void clear();
  /// The URLs of what is kept.
  [[nodiscard]] std::vector<std::string> urls() const;
  [[nodiscard]] const limits& caps() const { return caps_; }

  /// Until nothing that was promised so far is on its way. Cancellable.
  class until_quiet final : public parley::detail::operation {
   public:
    explicit until_quiet(push_store& of) : of_(of) {}
    void await_resume() { finish(); }

   private:
    friend class push_store;
    bool ready() noexcept override { return of_.quiet(); }
    void start() override { of_.waiting_.push_back(this); }
    void cancel() noexcept override { std::erase(of_.waiting_, this); }
    void tell() { complete(); }
    push_store& of_;
  };

 private:
  friend class pushed_response;
  [[nodiscard]] bool quiet() const;
  void settled(const pushed_response& one);

  net::loop& loop_;
  const limits& caps_;
  std::vector<std::shared_ptr<pushed_response>> kept_;  // the oldest first
  std::vector<until_quiet*> waiting_;
};

}  // namespace parley::fetching
