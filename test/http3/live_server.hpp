// A server with HTTP/3 on the system's sockets, and a loop for clients that a test drives by hand.
#pragma once

#include "http3/raw_client.hpp"
#include "net/loop.hpp"
#include "support/certificate_files.hpp"
#include "tls/credentials.hpp"

#include <parley/server.hpp>

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace http3_tests {

inline constexpr std::chrono::seconds patience{60};

/// Certificates for `a.example`, and who trusts them.
struct identity {
  identity() { files.put("server", files.authority.server({"a.example"})); }
  [[nodiscard]] std::shared_ptr<const parley::tls::client_credentials> trusting() const {
    parley::tls::client_settings c;
    c.system_authorities = false;
    c.authorities = {files.authority.pem()};
    return parley::tls::client_credentials::make(c).value();
  }
  parley::test::certificate_files files;
};

inline std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

struct live_server : identity {
  explicit live_server(const parley::limits& caps = {}, std::size_t threads = 1) : app(caps) {
    app.threads(threads).on_message([this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      messages_.append(text).append("\n");
    });
    app.certificate(files.certificate("server"), files.key("server"));
    app.route("* /", [](const parley::request&) { return parley::text("hello"); });
  }
  ~live_server() { app.stop(); }
  void open() {
    app.listen("https://127.0.0.1:0");
    port = port_of(app.addresses().front());
    app.start();
  }
  [[nodiscard]] std::string messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  [[nodiscard]] std::uint64_t count(std::string_view name) const {
    for (const auto& c : app.counters()) {
      if (c.name == name) return c.value;
    }
    return UINT64_MAX;
  }
  /// Counting comes a moment after what a client sees: waits for it.
  [[nodiscard]] bool counted(std::string_view name, std::uint64_t least) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (count(name) < least) {
      if (std::chrono::steady_clock::now() > until) return false;
      ::poll(nullptr, 0, 1);
    }
    return count(name) != UINT64_MAX;
  }

  parley::server app;
  std::uint16_t port = 0;

 private:
  std::mutex mutex_;
  std::string messages_;
};

/// A loop of this thread, for clients.
class client_loop {
 public:
  client_loop() : loop_(parley::net::loop::make()) {}
  [[nodiscard]] parley::net::loop& loop() { return *loop_; }
  /// Goes on until `done`; false: that took longer than anybody would wait.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds most = patience) {
    parley::net::timer look(*loop_, [this] { loop_->stop(); });
    const auto end = loop_->now() + most;
    while (!done()) {
      if (loop_->now() > end) return false;
      look.arm(loop_->now() + std::chrono::milliseconds(1));
      loop_->run();
    }
    return true;
  }

 private:
  std::unique_ptr<parley::net::loop> loop_;
};

/// The content of the first DATA frames of a response, as it came: enough for answers of a few bytes.
inline bool has_content(const parley::quic::stream_peer::stream& s, std::string_view text) {
  return s.in.find(frame(0x00, text)) != std::string::npos;
}

}  // namespace http3_tests
