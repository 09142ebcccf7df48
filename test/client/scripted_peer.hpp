// A client in a world of its own: a network in memory, virtual time, and servers that say what a test has written down.
#pragma once

#include "net/connect.hpp"
#include "net/listen.hpp"
#include "net/memory_network.hpp"

#include <parley/client.hpp>
#include <parley/task.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace client_tests {

using namespace std::chrono_literals;

/// The server's end of one connection.
class peer final : private parley::net::stream_handler {
 public:
  explicit peer(std::unique_ptr<parley::net::byte_stream> on) : stream_(std::move(on)) {
    stream_->handler(this);
    read();
  }

  void send(std::string_view bytes) {
    to_send_ += bytes;
    flush();
  }
  /// Ends the sending direction, once all is sent.
  void end() {
    ending_ = true;
    flush();
  }
  void close() { stream_->close(); }
  void abort() { stream_->abort(); }
  void stop_reading() { paused_ = true; }
  void read_on() {
    if (std::exchange(paused_, false)) read();
  }
  [[nodiscard]] bool sent_all() const { return to_send_.empty(); }

  std::string received;
  bool ended = false;   // the client has ended its direction
  bool failed = false;  // the client reset the connection
  /// Called whenever something has come, and at the end.
  std::function<void(peer&)> on_news;

 private:
  void read() { stream_->read(); }
  void flush() {
    while (!to_send_.empty()) {
      const parley::base::segment piece{to_send_};
      const auto done = stream_->write(std::span(&piece, 1));
      to_send_.erase(0, done.written);
      if (done.error) to_send_.clear();
      if (done.blocked) return stream_->wait_writable();
    }
    if (ending_) stream_->shutdown_write();
  }
  std::span<char> read_room() override { return buffer_; }
  void on_read(std::size_t n, std::error_code error) override {
    failed = static_cast<bool>(error);
    ended = failed || n == 0;
    received.append(buffer_.data(), n);
    if (!ended && !paused_) read();
    if (on_news) on_news(*this);
  }
  void on_writable(std::error_code error) override {
    if (!error) flush();
  }

  std::unique_ptr<parley::net::byte_stream> stream_;
  std::array<char, 16384> buffer_{};
  std::string to_send_;
  bool ending_ = false;
  bool paused_ = false;
};

/// Accepts connections and keeps them.
class scripted_server final : private parley::net::accept_handler {
 public:
  scripted_server(parley::net::memory_loop& on, const std::string& address, std::uint16_t port = 80) {
    listener_ = parley::net::listen(on, {address, port, false}).value();
    listener_->start(this);
  }
  /// For each connection: told of it, it may send at once and set `on_news`. The number counts from 0.
  std::function<void(peer&, std::size_t)> on_connection;
  std::vector<std::unique_ptr<peer>> peers;

  /// Every request head that is whole is answered with `text`, on every connection.
  void answer_all(std::string text) {
    on_connection = [text](peer& p, std::size_t) {
      p.on_news = [text, answered = std::size_t{0}](peer& from) mutable {
        std::size_t at = answered;
        while ((at = from.received.find("\r\n\r\n", at)) != std::string::npos) {
          at += 4;
          answered = at;
          from.send(text);
        }
      };
    };
  }
  /// As above, but each connection then ends.
  void answer_and_close(std::string text) {
    on_connection = [text](peer& p, std::size_t) {
      p.on_news = [text, done = false](peer& from) mutable {
        if (done || from.received.find("\r\n\r\n") == std::string::npos) return;
        done = true;
        from.send(text);
        from.end();
      };
    };
  }

 private:
  void on_accept(std::unique_ptr<parley::net::byte_stream> stream) override {
    peers.push_back(std::make_unique<peer>(std::move(stream)));
    if (on_connection) on_connection(*peers.back(), peers.size() - 1);
  }
  void on_accept_error(std::error_code) override {}
  std::unique_ptr<parley::net::listener> listener_;
};

/// A fetch that was started, and how it ended.
template <class T>
struct started {
  parley::detail::cancel_state chain;
  std::optional<parley::detail::outcome<T>> end;

  [[nodiscard]] bool ended() const { return end.has_value(); }
  [[nodiscard]] bool succeeded() const { return end && end->has_value(); }
  T& value() { return **end; }
  /// The text of the exception, or what else became of it.
  [[nodiscard]] std::string error() const {
    if (!end) return "under way";
    if (*end) return "no error";
    try {
      std::rethrow_exception(end->error());
    } catch (const parley::cancelled&) {
      return "cancelled";
    } catch (const std::exception& e) {
      return e.what();
    }
  }
  [[nodiscard]] std::optional<parley::fetch_error::kind> kind() const {
    if (!end || *end) return {};
    try {
      std::rethrow_exception(end->error());
    } catch (const parley::fetch_error& e) {
      return e.why();
    } catch (...) {
      return {};
    }
  }
};

struct world {
  parley::net::memory_loop loop;
  scripted_server server{loop, "10.0.0.1"};
  parley::client http;

  template <class T>
  std::unique_ptr<started<T>> start(parley::task<T> work) {
    auto made = std::make_unique<started<T>>();
    parley::detail::start(std::move(work), &made->chain,
                          [to = made.get()](parley::detail::outcome<T> end) { to->end.emplace(std::move(end)); });
    return made;
  }
  /// Lets nothing but what is ready happen.
  void settle() {
    while (loop.run_one_turn()) {
    }
  }
  /// Runs until it has ended, at most an hour of virtual time.
  template <class T>
  void finish(started<T>& work) {
    const auto limit = loop.now() + 1h;
    settle();
    while (!work.ended() && loop.now() < limit) loop.run_for(10ms);
  }
  template <class T>
  std::unique_ptr<started<T>> run(parley::task<T> work) {
    auto made = start(std::move(work));
    finish(*made);
    return made;
  }
};

/// The sizes in which a wire text arrives.
inline constexpr std::size_t fragment_sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, SIZE_MAX};

inline const std::string ok_hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace client_tests
