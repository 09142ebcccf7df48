// A forward proxy on the network in memory, and hosts behind it whose every byte a test chooses.
#pragma once

#include "net/listen.hpp"
#include "proxy/forward_settings.hpp"
#include "server/memory_server.hpp"
#include "support/engine_peer.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace proxy_tests {

using namespace std::chrono_literals;
namespace net = parley::net;
using parley::testing::answered;
using parley::testing::connect_in_memory;
using parley::testing::engine_peer;
using parley::testing::memory_peer;
using parley::testing::memory_server;

/// What listens at an address; the newest connection is the one that is spoken with.
class memory_host final : private net::accept_handler, private net::stream_handler {
 public:
  memory_host(net::loop& on, const std::string& address, std::uint16_t port)
      : listener_(net::listen(on, {address, port, false}, {}).value()) {
    listener_->start(this);
  }
  [[nodiscard]] bool connected() const { return stream_ != nullptr; }
  void send(std::string_view bytes) {
    to_send_ += bytes;
    flush();
  }
  void end() { stream_->shutdown_write(); }
  void abort() { stream_->abort(); }
  void stop_reading() { paused_ = true; }
  void go_on_reading() {
    paused_ = false;
    if (!reading_) read();
  }
  /// What could not be written yet.
  [[nodiscard]] std::size_t unsent() const { return to_send_.size(); }

  std::string received;
  bool ended = false;
  bool failed = false;
  int connections = 0;

 private:
  void on_accept(std::unique_ptr<net::byte_stream> stream) override {
    stream_ = std::move(stream);
    ++connections;
    received.clear();
    ended = failed = false;
    stream_->handler(this);
    read();
  }
  void on_accept_error(std::error_code) override {}
  void read() {
    reading_ = !paused_;
    if (reading_) stream_->read();
  }
  void flush() {
    while (!to_send_.empty()) {
      const parley::base::segment piece{to_send_};
      const auto done = stream_->write(std::span(&piece, 1));
      to_send_.erase(0, done.written);
      if (done.error) failed = true;
      if (done.error || done.blocked) {
        if (!done.error) stream_->wait_writable();
        return;
      }
    }
  }
  std::span<char> read_room() override { return buffer_; }
  void on_read(std::size_t n, std::error_code error) override {
    reading_ = false;
    if (error) {
      failed = ended = true;
    } else if (n == 0) {
      ended = true;
    } else {
      received.append(buffer_.data(), n);
      read();
    }
  }
  void on_writable(std::error_code error) override {
    if (!error) flush();
  }
  void on_hangup(std::error_code error) override { failed = failed || error; }

  std::unique_ptr<net::listener> listener_;
  std::unique_ptr<net::byte_stream> stream_;
  std::array<char, 4096> buffer_;
  std::string to_send_;
  bool paused_ = false;
  bool reading_ = false;
};

inline constexpr const char* public_ip = "93.184.216.34";

inline parley::forward_proxy::settings usual() {
  parley::forward_proxy::settings how;
  how.allowed.add("host.example");
  how.allowed.add("*.below.example");
  how.name = "proxy-1";
  return how;
}

template <class Core>
void install(Core& core, parley::forward_proxy::settings how) {
  core.any_scheme = true;
  core.middleware.push_back(
      parley::proxying::forward_middleware(std::move(how), [&core](std::string_view name) -> auto& { return core.counted(name); }));
}

inline std::uint64_t counted(const parley::server_core& core, std::string_view name) {
  for (const auto& c : core.read_counters()) {
    if (c.name == name) return c.value;
  }
  return UINT64_MAX;
}

struct proxy_site : memory_server {
  explicit proxy_site(parley::forward_proxy::settings how = usual(), const parley::limits& caps = {}) : memory_server(caps) {
    install(core, std::move(how));
    loop->add_name("host.example", {public_ip});
  }
  engine_peer http2() { return engine_peer(*loop, connect_in_memory(*loop, 80), engine_peer::speaking_http2(*loop, client_caps)); }
  engine_peer http1() { return engine_peer(*loop, connect_in_memory(*loop, 80), engine_peer::speaking_http1(*loop, client_caps)); }
  [[nodiscard]] std::uint64_t count(std::string_view name) const { return counted(core, name); }
  /// Somebody else is still served.
  void expect_served() {
    memory_peer other(*loop, 80);
    other.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    loop->run_for(10ms);
    EXPECT_TRUE(other.received.starts_with("HTTP/1.1 404")) << other.received;
  }
  parley::limits client_caps;
};

}  // namespace proxy_tests
