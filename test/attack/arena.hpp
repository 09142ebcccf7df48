// A server on a real socket, an attacker whose every byte the test chooses, and a bystander who must be served all the while.
#pragma once

#include <parley/server.hpp>

#include "base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace parley::attack {

/// For what hangs; nothing takes that long.
inline constexpr int patience_ms = 30'000;

/// A connection over TCP.
class raw {
 public:
  /// `from`: the address to come from; `receive_buffer`: the system's, in bytes, before connecting (0: its default).
  explicit raw(std::uint16_t port, const char* from = nullptr, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    if (from != nullptr) {
      inet_pton(AF_INET, from, &at.sin_addr);
      if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) throw std::runtime_error("bind");
    }
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    at.sin_port = htons(port);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) throw std::runtime_error("connect");
  }

  /// Stops where the server has had enough.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }

  /// One piece more of what the server sends; false at its end. Waits up to `patience`.
  bool receive(int patience = patience_ms) {
    pollfd wait{socket_.get(), POLLIN, 0};
    if (::poll(&wait, 1, patience) <= 0) {
      timed_out = true;
      return false;
    }
    char room[16384];
    const ssize_t n = ::recv(socket_.get(), room, sizeof room, 0);
    if (n < 0) was_reset = errno == ECONNRESET;
    if (n <= 0) return false;
    received.append(room, static_cast<std::size_t>(n));
    return true;
  }
  /// All until the server closes.
  const std::string& until_close() {
    while (receive()) {
    }
    EXPECT_FALSE(timed_out) << "the server did not close; it said: " << received;
    return received;
  }
  /// Until this text has come.
  bool until(std::string_view text) {
    while (received.find(text) == std::string::npos) {
      if (!receive()) return false;
    }
    return true;
  }
  /// Takes one response with Content-Length off what was received; its status, 0 when there is none.
  int response() {
    if (!until("\r\n\r\n")) return 0;
    const std::size_t head = received.find("\r\n\r\n") + 4;
    const std::string text = received.substr(0, head);
    const std::size_t field = text.find("Content-Length: ");
    const std::size_t length = field == std::string::npos ? 0 : std::strtoul(text.c_str() + field + 16, nullptr, 10);
    while (received.size() < head + length) {
      if (!receive()) return 0;
    }
    last_head = text;
    last_content = received.substr(head, length);
    received.erase(0, head + length);
    return text.starts_with("HTTP/1.") ? std::atoi(text.c_str() + 9) : 0;
  }

  std::string received;
  std::string last_head;
  std::string last_content;
  bool timed_out = false;
  bool was_reset = false;

 private:
  base::unique_fd socket_;
};

inline std::size_t occurrences(std::string_view text, std::string_view piece) {
  std::size_t n = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

inline std::uint64_t value_of(const std::vector<counter>& all, std::string_view name) {
  for (const counter& c : all) {
    if (c.name == name) return c.value;
  }
  ADD_FAILURE() << "there is no counter " << name;
  return 0;
}

/// The server. `/` answers; whatever asks for `/smuggled` was smuggled. Routes are added before `open`.
class arena {
 public:
  explicit arena(const limits& caps = {}, std::size_t threads = 1) : app(caps) {
    app.threads(threads);
    app.on_message([this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      messages_.append(text).append("\n");
    });
    app.route("* /", [](const request&) { return text("hello"); });
    app.route("* /smuggled", [this](const request&) {
      ++smuggled;
      return text("smuggled");
    });
  }
  ~arena() { app.stop(); }

  /// `also`: another address to listen at.
  void open(const char* also = nullptr) {
    app.listen("http://127.0.0.1:0");
    if (also != nullptr) app.listen(also);
    const std::string url = app.addresses().front();
    port = static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
    app.start();
  }

  [[nodiscard]] std::uint64_t count(std::string_view name) const { return value_of(app.counters(), name); }
  /// Counting comes a moment after what a client sees: waits for it.
  bool counted(std::string_view name, std::uint64_t least) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (count(name) < least) {
      if (std::chrono::steady_clock::now() > until) return false;
      ::poll(nullptr, 0, 1);
    }
    return true;
  }
  [[nodiscard]] std::string messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  /// Whether somebody else is served now, on a connection of their own.
  bool serves_others(const char* from = nullptr) const {
    raw other(port, from);
    other.send("GET / HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
    const std::string& said = other.until_close();
    return said.starts_with("HTTP/1.1 200 ") && said.ends_with("hello");
  }

  server app;
  std::uint16_t port = 0;
  std::atomic<int> smuggled{0};

 private:
  std::mutex mutex_;
  std::string messages_;
};

}  // namespace parley::attack
