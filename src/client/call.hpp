// One request and its response on one connection.
#pragma once

#include "client/errors.hpp"
#include "client/plan.hpp"
#include "client/pool.hpp"
#include "client/receiver.hpp"
#include "engine/events.hpp"

#include <parley/body.hpp>
#include <parley/client.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace parley::fetching {

class call;
class response_stream;

/// Where a producer writes: the exchange, with an eye on the announced length.
class content_sink final : public parley::detail::body_sink {
 public:
  content_sink(call& of, engine::content_length announced) : call_(of), announced_(announced) {}
  bool ready() noexcept override;
  void write(std::string&& owned) override;
  void write(std::string_view copied) override;
  void wait(parley::detail::waiter* who) noexcept override;
  void trailers(fields lines) override;
  /// How much there is was known beforehand.
  [[nodiscard]] bool announced() const { return announced_.what == engine::content_length::kind::known; }
  /// Throws `std::length_error` when less was written than announced.
  void check_end() const;

 private:
  void count(std::size_t bytes);
  call& call_;
  engine::content_length announced_;
  std::uint64_t written_ = 0;
};

/// Lives as long as its fetch, its response's stream or its producer; it waits for the end of its producer before it lets go of
/// its connection.
class call final : public receiver, public std::enable_shared_from_this<call> {
 public:
  call(std::shared_ptr<pool> of, lease on, const plan& what, const options& how);
  ~call() override;

  /// What can be waited for; a failure ends every wait.
  enum class condition : std::uint8_t {
    may_go_on,  // with the content: the server said 100, or something final
    answered,
    received,  // all of the response, or more of it than is wanted
    produced,  // all of the request
  };
  /// Cancellable.
  class wait final : public parley::detail::operation {
   public:
    wait(call& of, condition until) : call_(of), until_(until) {}
    void await_resume() { finish(); }

   private:
    friend class call;
    bool ready() noexcept override { return call_.is(until_); }
    void start() override { call_.waiting_ = this; }
    void cancel() noexcept override { call_.waiting_ = nullptr; }
    void wake() { complete(); }
    call& call_;
    condition until_;
  };
  /// Waits for the end of the producer; that wait is not cut short, since a frame must not go while it waits.
  class until_produced {
   public:
    explicit until_produced(call& of) : call_(of) {}
    [[nodiscard]] bool await_ready() const { return !call_.producing_; }
    void await_suspend(std::coroutine_handle<> waiter) { call_.when_produced_ = waiter; }
    void await_resume() const {}

   private:
    call& call_;
  };

  // --- the fetch -----------------------------------------------------------------------------------------------------------
  /// Sends the head. Throws `fetch_error` when the connection has just been closed, `std::invalid_argument` when it cannot be sent.
  void begin(plan& what);
  /// Sends the content, or starts its producer, which is taken from the plan.
  void send_content(plan& what);
  /// A 100 has come.
  [[nodiscard]] bool asked_to_go_on() const { return continue_seen_; }
  [[nodiscard]] bool is(condition c) const;
  /// Throws what went wrong, if anything did.
  void check();
  [[nodiscard]] int status() const { return head_->status; }
  [[nodiscard]] const semantics::response_head& head() const { return *head_; }
  [[nodiscard]] response take_collected();
  [[nodiscard]] response take_streamed();
  /// A new connection may be tried: this one was idle before, and the server said nothing over it (RFC 9112 §9.3.1).
  [[nodiscard]] bool stale() const {
    return reused_ && !response_begun_ && lost_ && lost_->why() == fetch_error::kind::connection_lost && !produce_error_ && !alone_;
  }
  [[nodiscard]] bool reused() const { return reused_; }
  /// None of the request's bytes has left, so it was certainly not processed (RFC 9110 §9.2.2).
  [[nodiscard]] bool untouched() const { return untouched_; }
  /// The server certainly did nothing with it (RFC 9113 §8.7, RFC 9114 §4.1.1).
  [[nodiscard]] bool refused() const { return refused_; }
  /// It takes it by HTTP/1.1 only (RFC 9113 §7, HTTP_1_1_REQUIRED).
  [[nodiscard]] bool http1_wanted() const { return http1_wanted_; }
  /// It does not take it by HTTP/3 (RFC 9114 §8.1, H3_VERSION_FALLBACK).
  [[nodiscard]] bool tcp_wanted() const { return tcp_wanted_; }
  /// It went as early data (RFC 8470).
  [[nodiscard]] bool early() const { return early_; }
  /// So it did, and the handshake never came to its end.
  [[nodiscard]] bool early_lost() const { return early_ && gone_ && !head_ && !shaken_; }
  [[nodiscard]] const lease& on() const { return lease_; }

  /// Stops the producer and the exchange.
  void give_up() noexcept;
  /// Stops the producer alone.
  void stop_producer() noexcept { cancellation().cancel(); }
  /// Lets go of the connection. The producer must have ended.
  void close() noexcept;
  /// The response's stream is not wanted any more: closes, once the producer has ended.
  void drop() noexcept;

  // --- the pool: what the connection tells -----------------------------------------------------------------------------------
  [[nodiscard]] method asked() const override { return method_; }
  void on_response(engine::response_event&& event) override;
  void on_received() override;
  void on_too_large() override;
  void on_lost() override;

 private:
  friend class response_stream;
  /// A success has come before all of the content that was announced had left, and the rest is still to be sent: only who answers with
  /// an error does not want it (RFC 9112 §9.5). Content without a length may be one half of a conversation.
  [[nodiscard]] bool owes_content() const { return producing_ && succeeded_ && sink_.announced() && !failed(); }
  [[nodiscard]] bool failed() const { return gone_ || produce_error_ || callback_error_; }
  [[nodiscard]] received_part got() const;
  void look();
  void tell_informational(semantics::response_head&& head);
  void collect();
  void start_producer();
  void on_produced(parley::detail::outcome<void> ended) noexcept;

  std::shared_ptr<pool> pool_;
  lease lease_;
  const origin to_;
  const options& how_;  // until the fetch has ended
  const method method_;
  const bool streamed_;
  const bool reused_;
  std::uint64_t written_before_ = 0;  // by the connection
  bool untouched_ = true;
  bool alone_ = false;            // the exchange was lost, and not its connection
  bool refused_ = false;          // unprocessed
  bool http1_wanted_ = false;     // HTTP_1_1_REQUIRED
  bool early_ = false;            // sent before the handshake was done
  bool shaken_ = true;            // it was done when the exchange was lost
  bool tcp_wanted_ = false;       // H3_VERSION_FALLBACK
  bool upgrade_offered_ = false;  // to HTTP/2

  content_sink sink_;
  body_writer writer_{&sink_};
  std::function<task<>(body_writer&)> producer_;  // kept as long as it may run
  std::exception_ptr produce_error_;
  std::coroutine_handle<> when_produced_;

  std::optional<semantics::response_head> head_;
  std::exception_ptr callback_error_;
  std::uint64_t streamed_bytes_ = 0;
  std::optional<fetch_error> lost_;  // the reason, once `gone_`
  wait* waiting_ = nullptr;
  response_stream* stream_ = nullptr;  // while the response that reads it is somebody's

  bool response_begun_ = false;  // a head came, interim or final
  bool continue_seen_ = false;
  bool succeeded_ = false;  // its status is 2xx
  bool received_ = false;
  bool too_large_ = false;
  bool producing_ = false;
  bool gone_ = false;
  bool close_asked_ = false;
  bool closed_ = false;
};

}  // namespace parley::fetching
