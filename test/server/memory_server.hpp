// A worker on the network in memory with virtual time, and peers whose every byte the test chooses.
#pragma once

#include "net/connect.hpp"
#include "net/memory_network.hpp"
#include "server/server_core.hpp"
#include "server/worker.hpp"

#include <parley/files.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace parley::testing {

/// A client's end of a connection. What it receives collects in `received` as the loop runs.
class memory_peer final : private net::stream_handler {
 public:
  memory_peer(net::memory_loop& on, std::uint16_t port) : loop_(on) {
    pending_ = net::connect(on, {"127.0.0.1", port, false}, [this](auto result) {
      ASSERT_TRUE(result) << result.error().message();
      stream_ = std::move(*result);
      stream_->handler(this);
      read();
    });
    while (!stream_ && loop_.run_one_turn()) {
    }
  }

  void send(std::string_view bytes) {
    to_send_ += bytes;
    flush();
    loop_.run_one_turn();
  }
  void end() { stream_->shutdown_write(); }
  void abort() { stream_->abort(); }
  void close() { stream_->close(); }
  /// After what is being read now.
  void stop_reading() { paused_ = true; }
  void go_on_reading() {
    paused_ = false;
    if (!reading_) read();
  }
  /// What its connection has not taken yet.
  [[nodiscard]] std::size_t unsent() const { return to_send_.size(); }

  std::string received;
  bool ended = false;
  bool failed = false;

 private:
  void read() {
    reading_ = !paused_;
    if (reading_) stream_->read();
  }
  void flush() {
    while (!to_send_.empty()) {
      const base::segment piece{to_send_};
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

  net::memory_loop& loop_;
  std::unique_ptr<net::pending> pending_;
  std::unique_ptr<net::byte_stream> stream_;
  std::array<char, 4096> buffer_;
  std::string to_send_;
  bool paused_ = false;
  bool reading_ = false;
};

struct memory_server {
  explicit memory_server(const limits& caps = {}) : core(caps) {
    core.threads = 1;
    core.message_sink = [this](std::string_view text) { messages.append(text).append("\n"); };
    auto made = std::make_unique<net::memory_loop>();
    loop = made.get();
    worker = std::make_unique<server_room::worker>(core, 0, std::move(made));
    worker->listen({"127.0.0.1", 80, false}, true);
    worker->start_listening();
  }
  ~memory_server() {
    worker->abort();
    loop->run_until_idle();
  }
  void route(std::string_view what, detail::task_handler handler) { core.routes.add(what, {}, std::move(handler)); }
  void files(std::string_view what, const parley::files& folder) {
    core.routes.add(
        what, {}, [folder](request& req) { return folder(req); }, [folder](request& req) { return folder.try_at_once(req); });
  }
  void plain(std::string_view what, detail::plain_handler handler) { core.routes.add(what, std::move(handler), {}); }

  server_core core;
  std::string messages;
  net::memory_loop* loop = nullptr;
  std::unique_ptr<server_room::worker> worker;
};

}  // namespace parley::testing
