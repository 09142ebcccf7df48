// Streams and listeners in tests: what they told, in order.
#pragma once

#include "net/connect.hpp"
#include "net/listen.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace net_tests {

namespace net = parley::net;

/// The function may set itself to another meanwhile.
inline void call(std::function<void()> function) {
  if (function) function();
}

/// One end of a connection: reads what comes, keeps it, and calls back.
class end_of_talk final : public net::stream_handler {
 public:
  explicit end_of_talk(std::unique_ptr<net::byte_stream> of = nullptr, std::size_t room = 16384) : room_(room) {
    take(std::move(of));
  }

  void take(std::unique_ptr<net::byte_stream> of) {
    stream = std::move(of);
    if (stream != nullptr) stream->handler(this);
  }
  void read() { read(room_.size()); }
  void read(std::size_t most) {
    most_ = most;
    stream->read();
  }
  net::write_result write(std::string_view bytes) {
    const parley::base::segment one{bytes};
    return stream->write({&one, 1});
  }

  std::span<char> read_room() override { return std::span(room_).first(most_); }
  void on_read(std::size_t n, std::error_code error) override {
    ++reads;
    received.append(room_.data(), n);
    if (error) {
      failure = error;
    } else if (n == 0) {
      ended = true;
    }
    call(then);
    if (stream != nullptr && keep_reading && !ended && !failure) read();
  }
  void on_writable(std::error_code error) override {
    ++writables;
    if (error) failure = error;
    call(then_write);
  }
  void on_hangup(std::error_code error) override {
    ++hangups;
    if (error) failure = error;
    call(then);
  }

  std::unique_ptr<net::byte_stream> stream;
  std::string received;
  std::error_code failure;
  bool ended = false;
  bool keep_reading = true;
  int reads = 0;
  int writables = 0;
  int hangups = 0;
  std::function<void()> then;
  std::function<void()> then_write;

 private:
  std::vector<char> room_;
  std::size_t most_ = 0;
};

/// Keeps what is accepted.
class acceptor final : public net::accept_handler {
 public:
  void on_accept(std::unique_ptr<net::byte_stream> stream) override {
    accepted.push_back(std::move(stream));
    call(then);
  }
  void on_accept_error(std::error_code error) override {
    errors.push_back(error);
    call(then);
  }

  std::vector<std::unique_ptr<net::byte_stream>> accepted;
  std::vector<std::error_code> errors;
  std::function<void()> then;
};

/// Two connected ends over a listener of `loop`, on port 0 of the loopback interface.
struct connected_pair {
  explicit connected_pair(net::loop& loop, const net::endpoint& at = {"127.0.0.1", 0, false}) {
    auto listening = net::listen(loop, at);
    acceptor accepts;
    (*listening)->start(&accepts);
    std::unique_ptr<net::pending> connecting;
    accepts.then = [&] {
      if (client.stream != nullptr) loop.stop();
    };
    connecting = net::connect(loop, (*listening)->local(), [&](auto stream) {
      client.take(std::move(*stream));
      if (!accepts.accepted.empty()) loop.stop();
    });
    loop.run();
    server.take(std::move(accepts.accepted.front()));
  }
  end_of_talk client;
  end_of_talk server;
};

/// Bytes that are the same in no two places nearby.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('!' + (i * 7 + i / 93) % 93);
  return bytes;
}

}  // namespace net_tests
