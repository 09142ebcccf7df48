// Listening and connecting in memory.
#include "net/intrusive.hpp"
#include "net/memory_network.hpp"

#include <deque>
#include <utility>

namespace parley::net {

/// Known to its loop by its address as long as it lives or until it is closed.
class memory_listener final : public listener {
 public:
  memory_listener(memory_loop& on, endpoint at) : core_(new core(on, std::move(at))) { on.listeners_[core_->key] = this; }
  ~memory_listener() override { core_->close(); }

  [[nodiscard]] const endpoint& local() const override { return core_->local; }
  void start(accept_handler* to) override {
    core_->handler = to;
    core_->look_soon();
  }
  void pause() override { core_->paused = true; }
  void resume() override {
    core_->paused = false;
    core_->look_soon();
  }
  void close() override {
    const intrusive<core> kept = core_;
    kept->paused = false;
    kept->give();
    kept->close();
  }

  void push(std::unique_ptr<byte_stream> stream) {
    core_->queue.push_back(std::move(stream));
    core_->look_soon();
  }

 private:
  struct core : counted<core> {
    core(memory_loop& on_loop, endpoint at) : on(on_loop), local(std::move(at)), key(local.to_string()) {}

    void look_soon() {
      on.defer([self = intrusive<core>(this)] { self->give(); });
    }
    void give() {
      while (handler != nullptr && !paused && !queue.empty()) {
        std::unique_ptr<byte_stream> next = std::move(queue.front());
        queue.pop_front();
        handler->on_accept(std::move(next));
      }
    }
    void close() {
      if (std::exchange(closed, true)) return;
      handler = nullptr;
      queue.clear();
      on.listeners_.erase(key);
    }

    memory_loop& on;
    endpoint local;
    std::string key;
    accept_handler* handler = nullptr;
    std::deque<std::unique_ptr<byte_stream>> queue;
    bool paused = false;
    bool closed = false;
  };
  intrusive<core> core_;
};

/// A connection that comes about after the link's delay.
class memory_connect final : public pending {
 public:
  memory_connect(memory_loop& on, endpoint to, connect_callback done)
      : on_(on), to_(std::move(to)), done_(std::move(done)), timer_(on, [this] { finish(); }) {
    timer_.arm(on.now() + on.default_link().delay);
  }

 private:
  void finish() {
    connect_callback done = std::move(done_);  // which may destroy this
    memory_listener* const at = on_.listener_at(to_);
    if (at == nullptr) return done(std::unexpected(make_error_code(std::errc::connection_refused)));
    endpoint from{"", 0, true};
    if (!to_.unix_socket) from = {"127.0.0.1", on_.next_port_++, false};
    memory_pair pair = on_.make_pair_between(on_.default_link(), from, to_);
    at->push(std::move(pair.b));
    done(std::move(pair.a));
  }

  memory_loop& on_;
  endpoint to_;
  connect_callback done_;
  timer timer_;
};

std::expected<std::unique_ptr<listener>, std::error_code> memory_loop::open_listener(const endpoint& at, const listen_options&) {
  endpoint chosen = at;
  if (!at.unix_socket && at.port == 0) chosen.port = next_port_++;
  if (listeners_.contains(chosen.to_string())) return std::unexpected(make_error_code(std::errc::address_in_use));
  return std::make_unique<memory_listener>(*this, std::move(chosen));
}

std::unique_ptr<pending> memory_loop::open_connection(const endpoint& to, connect_callback done) {
  return std::make_unique<memory_connect>(*this, to, std::move(done));
}

memory_listener* memory_loop::listener_at(const endpoint& at) {
  for (const endpoint& candidate : {at, endpoint{"0.0.0.0", at.port, false}, endpoint{"::", at.port, false}}) {
    if (const auto found = listeners_.find(candidate.to_string()); found != listeners_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace parley::net
