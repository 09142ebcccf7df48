// How a connection comes about where HTTP/3 may be spoken: over QUIC, over TCP, or whichever is there first.
#pragma once

#include "client/connector.hpp"
#include "client/http3_dial.hpp"
#include "client/plan.hpp"
#include "client/pool.hpp"
#include "client/progress.hpp"
#include "client/secure.hpp"

#include <parley/task.hpp>

#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace parley::fetching {

/// One race. It lives in the frame of the coroutine that waits for it.
class race final {
 public:
  /// TCP begins so long after QUIC: twice of that is noticed by nobody, and a QUIC handshake is mostly done by then.
  static constexpr std::chrono::milliseconds head_start{250};

  /// From its beginning, QUIC has that long where TCP has failed: its first packets go again after 1 and 3 s.
  static constexpr std::chrono::seconds quic_alone{5};

  struct ways {
    std::vector<net::endpoint> quic;  // empty: those of `quic_host`
    std::string quic_host = {};
    std::uint16_t quic_port = 0;
    bool early = false;              // HTTP/3 that takes early data will do
    std::vector<net::endpoint> tcp;  // empty: TCP is not tried
  };
  /// `in`, `to`, `report` and `at` outlive it.
  race(pool& in, const origin& to, ways by, const connect_report& report, progress& at);
  race(const race&) = delete;
  race& operator=(const race&) = delete;

  /// Until one way has led there, or none has. Cancellable.
  class until_decided final : public parley::detail::operation {
   public:
    explicit until_decided(race& of) : race_(of) {}
    void await_resume() { finish(); }

   private:
    friend class race;
    bool ready() noexcept override { return race_.decided(); }
    void start() override { race_.begin(*this); }
    void cancel() noexcept override { race_.waiting_ = nullptr; }
    void tell() { complete(); }
    race& race_;
  };
  /// Gives up what still goes on, and waits for its end; that is not cut short.
  class until_settled {
   public:
    explicit until_settled(race& of) : race_(of) {}
    [[nodiscard]] bool await_ready() const { return race_.settle(); }
    void await_suspend(std::coroutine_handle<> waiter) { race_.when_settled_ = waiter; }
    void await_resume() const {}

   private:
    race& race_;
  };

  /// Afterwards. The QUIC connection; none: it is another.
  [[nodiscard]] dialed over_quic() { return std::move(made_); }
  /// The connection of ours that is as good as a new one over TCP; null: none.
  [[nodiscard]] link* shared() const { return shared_; }
  /// The stream that was opened; throws what TCP failed with, or else QUIC.
  [[nodiscard]] opened_stream over_tcp();

 private:
  [[nodiscard]] bool decided() const;
  void begin(until_decided& waiting);
  void begin_tcp();
  void on_quic(dialed made);
  void on_tcp(parley::detail::outcome<opened_stream> how);
  void stop_quic();
  void look();
  [[nodiscard]] bool settle();

  pool& pool_;
  const origin& to_;
  ways by_;
  const connect_report& report_;
  progress& at_;
  http3_dial dial_;
  net::timer tcp_turn_;
  net::timer quic_end_;
  net::time_point begun_{};
  parley::detail::cancel_state tcp_chain_;
  std::optional<parley::detail::outcome<opened_stream>> tcp_;
  dialed made_;
  link* shared_ = nullptr;
  until_decided* waiting_ = nullptr;
  std::coroutine_handle<> when_settled_;
  bool quic_ended_ = false;
  bool tcp_begun_ = false;
};

}  // namespace parley::fetching
