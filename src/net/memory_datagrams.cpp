// Datagrams in memory: they may be late, lost, doubled, damaged, too large.
#include "net/intrusive.hpp"
#include "net/memory_network.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace parley::net {

/// Known to its loop by its address as long as it lives or until it is closed.
class memory_datagrams final : public datagram_socket {
 public:
  memory_datagrams(memory_loop& on, const ip_endpoint& at, const ip_endpoint& peer) : core_(new core(on, at, peer)) {
    on.datagrams_[at] = this;
  }
  ~memory_datagrams() override { core_->close(); }

  [[nodiscard]] const ip_endpoint& local() const override { return core_->local; }
  void start(datagram_handler* to) override {
    core_->handler = to;
    core_->give_soon();
  }
  bool send(std::span<const datagram_run> runs, send_place& at) override {
    for (; at.runs < runs.size(); at = {at.runs + 1, 0}) {
      const datagram_run& run = runs[at.runs];
      for (std::size_t from = 0; from < run.bytes.size(); from += run.segment) {
        core_->send(run.local, core_->peer.empty() ? run.remote : core_->peer, run.ecn, run.bytes.substr(from, run.segment));
      }
    }
    return true;
  }
  void wait_writable() override {
    core_->on.defer([self = core_] {
      if (self->handler != nullptr) self->handler->on_writable();
    });
  }
  std::error_code steer(const steering&) override { return make_error_code(std::errc::operation_not_supported); }
  void close() override { core_->close(); }
  [[nodiscard]] const datagram_counters& counters() const override { return core_->counters; }

  void known_as(const ip_endpoint& now) { core_->seen_as = now; }

 private:
  struct parcel {
    time_point arrives;
    std::uint64_t number;  // so that two for the same time keep their order
    ip_endpoint local;
    ip_endpoint remote;
    std::uint8_t ecn;
    std::string bytes;
    [[nodiscard]] bool later_than(const parcel& other) const {
      return arrives != other.arrives ? arrives > other.arrives : number > other.number;
    }
  };

  struct core : counted<core> {
    core(memory_loop& on_loop, const ip_endpoint& at, const ip_endpoint& with)
        : on(on_loop), local(at), seen_as(at), peer(with), arrival(on_loop, [this] { give(); }) {}

    void send(const ip_endpoint& by, const ip_endpoint& to, std::uint8_t ecn, std::string_view bytes) {
      if (closed) return;
      memory_weather& w = on.weather_;
      ++counters.datagrams_out;
      ++counters.writes;
      time_point leaves = on.now();
      if (w.rate > 0) {
        free_at = std::max(free_at, leaves);
        if (free_at - leaves > w.queue) return;
        free_at += std::chrono::nanoseconds(bytes.size() * 1'000'000'000 / w.rate);
        leaves = free_at;
      }
      if (bytes.size() > w.mtu || happens(w.loss)) return;
      // A wildcard address is no sender: who sends from it is known by the address that was named.
      ip_endpoint from = seen_as;
      if (from.any_address() && !by.empty()) from = by;
      const int copies = happens(w.duplication) ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        memory_datagrams* const other = on.datagrams_at(to);
        if (other == nullptr) return;
        std::string content(bytes);
        if (!content.empty() && happens(w.corruption)) {
          content[on.chance_.below(content.size())] ^= static_cast<char>(1U << on.chance_.below(8));
        }
        std::chrono::nanoseconds way = w.delay;
        if (w.jitter.count() > 0) way += std::chrono::nanoseconds(on.chance_.below(static_cast<std::uint64_t>(w.jitter.count())));
        other->core_->take({leaves + way, on.next_parcel_++, to, from, ecn, std::move(content)});
      }
    }

    bool happens(double share) { return share > 0 && static_cast<double>(on.chance_.below(1'000'000)) < share * 1'000'000; }

    void take(parcel&& one) {
      // A NAT puts our own address back.
      if (seen_as != local) one.local = local;
      waiting.push_back(std::move(one));
      std::push_heap(waiting.begin(), waiting.end(), later);
      give_soon();
    }
    static bool later(const parcel& a, const parcel& b) { return a.later_than(b); }

    // Never from within a call of the handler's.
    void give_soon() {
      if (std::exchange(looking, true)) return;
      on.defer([self = intrusive<core>(this)] {
        self->looking = false;
        self->give();
      });
    }

    void give() {
      if (handler == nullptr || closed) return;
      std::vector<parcel> due;
      while (!waiting.empty() && waiting.front().arrives <= on.now()) {
        std::pop_heap(waiting.begin(), waiting.end(), later);
        due.push_back(std::move(waiting.back()));
        waiting.pop_back();
      }
      if (!waiting.empty()) arrival.arm(waiting.front().arrives);
      if (due.empty()) return;
      std::vector<datagram_run> runs;
      for (const parcel& one : due) runs.push_back({one.local, one.remote, one.ecn, one.bytes.size(), one.bytes});
      counters.datagrams_in += runs.size();
      ++counters.reads;
      const intrusive<core> self(this);  // the handler may destroy the socket
      handler->on_datagrams(runs);
    }

    void close() {
      if (std::exchange(closed, true)) return;
      handler = nullptr;
      waiting.clear();
      arrival.cancel();
      on.datagrams_.erase(seen_as);
    }

    memory_loop& on;
    ip_endpoint local;
    ip_endpoint seen_as;
    ip_endpoint peer;
    timer arrival;
    std::vector<parcel> waiting;  // a heap, the next one first
    datagram_handler* handler = nullptr;
    datagram_counters counters;
    time_point free_at{};
    bool looking = false;
    bool closed = false;
  };
  intrusive<core> core_;
};

std::expected<std::unique_ptr<datagram_socket>, std::error_code> memory_loop::open_datagram_socket(
    const ip_endpoint& at, const datagram_options& options) {
  if (at.empty()) return std::unexpected(make_error_code(std::errc::invalid_argument));
  ip_endpoint chosen = at;
  if (chosen.port() == 0) chosen.port(next_port_++);
  // With one peer the system would choose the address; here everybody is at home.
  if (!options.peer.empty() && chosen.any_address()) {
    const std::uint16_t port = chosen.port();
    chosen = ip_endpoint(endpoint{chosen.v6() ? "::1" : "127.0.0.1", port, false});
  }
  if (datagrams_.contains(chosen)) return std::unexpected(make_error_code(std::errc::address_in_use));
  return std::make_unique<memory_datagrams>(*this, chosen, options.peer);
}

memory_datagrams* memory_loop::datagrams_at(const ip_endpoint& at) {
  if (const auto found = datagrams_.find(at); found != datagrams_.end()) return found->second;
  const ip_endpoint everywhere(endpoint{at.v6() ? "::" : "0.0.0.0", at.port(), false});
  const auto found = datagrams_.find(everywhere);
  return found == datagrams_.end() ? nullptr : found->second;
}

bool memory_loop::rebind_datagrams(const ip_endpoint& before, const ip_endpoint& after) {
  const auto found = datagrams_.find(before);
  if (found == datagrams_.end() || datagrams_.contains(after)) return false;
  memory_datagrams* const moved = found->second;
  datagrams_.erase(found);
  datagrams_[after] = moved;
  moved->known_as(after);
  return true;
}

}  // namespace parley::net
