// A network in memory with virtual time: what runs on it is deterministic and waits for nothing. For tests.
#pragma once

#include "base/random.hpp"
#include "net/connect.hpp"
#include "net/datagram.hpp"
#include "net/listen.hpp"
#include "net/ready_list.hpp"
#include "net/resolve.hpp"
#include "net/timer_queue.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

namespace parley::net {

/// How one direction of a memory stream carries bytes. May be changed while it does.
struct memory_link {
  std::size_t fragment = SIZE_MAX;     // the most bytes that one read gives
  std::size_t capacity = 64UL * 1024;  // bytes under way or not yet read; then writing blocks
  std::chrono::nanoseconds delay{0};   // from writing to reading
};

/// How datagrams fare in memory. May be changed at any time; the same seed and the same sends give the same fate.
struct memory_weather {
  std::chrono::nanoseconds delay{0};   // from sending to receiving
  std::chrono::nanoseconds jitter{0};  // up to so much more, for each by itself: so they arrive out of order
  double loss = 0;                     // of each, 0 to 1, as the rest
  double duplication = 0;
  double corruption = 0;        // one bit is turned over
  std::size_t mtu = 1500 - 28;  // payloads above it do not arrive
  std::uint64_t rate = 0;       // bytes a second out of each socket; 0: no bottleneck. What would wait longer than `queue` is lost
  std::chrono::nanoseconds queue = std::chrono::milliseconds(100);
};

/// Two ends of one connection and what lies between.
struct memory_pair {
  std::unique_ptr<byte_stream> a;
  std::unique_ptr<byte_stream> b;
  std::shared_ptr<memory_link> a_to_b;
  std::shared_ptr<memory_link> b_to_a;
};

class memory_listener;
class memory_datagrams;

/// A loop without a system below it. Time stands still while anything is ready, and then jumps to the next timer. `net::listen`,
/// `net::connect` and `net::resolve` on it use this network alone: any numeric address or path can be listened on, and names are
/// those of `add_name` (and `localhost`). It is its thread's current loop from construction to destruction, so that tests may
/// complete operations between runs; what is then ready is done by the next run.
class memory_loop final : public loop {
 public:
  memory_loop();
  ~memory_loop() override;

  void post(base::unique_function<void()> work) override;
  void resume_soon(std::coroutine_handle<> coroutine) override { ready_.resume_soon(coroutine); }
  void resume_next_turn(std::coroutine_handle<> coroutine) override { next_turn_.push_back(coroutine); }
  void defer(base::unique_function<void()> work) override { ready_.defer(std::move(work)); }
  /// Until `stop`, or until nothing is left that could bring anything about (waiting for ever would help no test).
  void run() override { run_until_idle(); }
  void stop() override;
  void run_until_idle() override;
  /// Does what is ready and lets no time pass; true when anything was done.
  bool run_one_turn();
  /// Lets this much time pass, with all that happens in it.
  void run_for(std::chrono::nanoseconds duration);
  void outside_begins() override;
  void outside_ends() override;
  void wind_up() override;

  /// Two connected ends. Both directions begin as `link` says.
  [[nodiscard]] memory_pair make_pair(const memory_link& link = {});
  /// What connections made by `net::connect` begin as. A connection also takes `delay` to come about.
  memory_link& default_link() { return default_link_; }
  /// For datagrams between any two sockets.
  memory_weather& weather() { return weather_; }
  /// Seeds what happens by chance to datagrams.
  void seed_weather(std::uint64_t seed) { chance_ = base::seeded_random(seed); }
  /// From now on the socket at `before` is known to others as `after`, as when a NAT forgets. False: there is none, or `after` is taken.
  bool rebind_datagrams(const ip_endpoint& before, const ip_endpoint& after);
  /// Makes a name resolve to these addresses. None: as if there were no such name.
  void add_name(const std::string& name, std::vector<std::string> addresses) { names_[name] = std::move(addresses); }

 private:
  friend class memory_listener;
  friend class memory_datagrams;
  friend class memory_connect;
  // How it begins: far from the clock's beginning, so that code may look back.
  time_point read_clock() const override { return time_point() + std::chrono::hours(1000); }
  void arm(timer& t, time_point when) override { timers_.arm(t, when); }
  void cancel(timer& t) override { timers_.cancel(t); }
  void forget(timer& t) override { timers_.forget(t); }
  std::expected<std::unique_ptr<listener>, std::error_code> open_listener(const endpoint& at,
                                                                          const listen_options& options) override;
  std::unique_ptr<pending> open_connection(const endpoint& to, connect_callback done) override;
  std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagram_socket(const ip_endpoint& at,
                                                                                        const datagram_options& options) override;
  std::optional<std::vector<std::string>> known_addresses(std::string_view name) override;

  void run_until(time_point end);
  bool take_posted();
  bool wait_for_post();
  memory_pair make_pair_between(const memory_link& link, const endpoint& a, const endpoint& b);
  [[nodiscard]] memory_listener* listener_at(const endpoint& at);
  [[nodiscard]] memory_datagrams* datagrams_at(const ip_endpoint& at);

  entered here_{*this};
  timer_queue timers_;
  std::map<std::string, memory_listener*> listeners_;
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
  memory_link default_link_;
  std::map<ip_endpoint, memory_datagrams*> datagrams_;
  memory_weather weather_;
  base::seeded_random chance_{1};
  std::uint64_t next_parcel_ = 0;
  std::uint16_t next_port_ = 49152;

  std::mutex mutex_;  // what other threads reach
  std::condition_variable posted_wakes_;
  std::deque<base::unique_function<void()>> posted_;
  bool stop_asked_ = false;

  // Last, so destroyed first: what waits to be called may hold streams and timers.
  std::vector<std::coroutine_handle<>> next_turn_;
  ready_list ready_;
  std::size_t outside_ = 0;
};

}  // namespace parley::net
