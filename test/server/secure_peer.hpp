// A server with an https listener on the network in memory, and clients that speak TLS to it.
#pragma once

#include "connection/tls_stream.hpp"
#include "net/talk.hpp"
#include "server/memory_server.hpp"
#include "support/certificate_files.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::testing {

struct secure_server {
  explicit secure_server(const limits& caps = {}) : core(caps) {
    core.threads = 1;
    core.message_sink = [this](std::string_view text) { messages.append(text).append("\n"); };
    files.put("server", files.authority.server({"a.example"}));
    core.https.add_certificate(files.certificate("server"), files.key("server"));
    core.routes.add("GET /", [](const request&) { return text("hello"); }, {});
  }
  void start() {
    auto made = std::make_unique<net::memory_loop>();
    loop = made.get();
    core.https.prepare();
    worker = std::make_unique<server_room::worker>(core, 0, std::move(made));
    worker->listen({"127.0.0.1", 443, false}, true, true);
    worker->start_listening();
  }
  ~secure_server() {
    if (!worker) return;
    worker->abort();
    loop->run_until_idle();
  }
  [[nodiscard]] tls::client_settings trusting() const {
    tls::client_settings c;
    c.system_authorities = false;
    c.authorities = {files.authority.pem()};
    return c;
  }

  test::certificate_files files;
  server_core core;
  std::string messages;
  net::memory_loop* loop = nullptr;
  std::unique_ptr<server_room::worker> worker;
};

/// A client's connection, without TLS at first.
inline std::unique_ptr<net::byte_stream> connect(secure_server& to) {
  std::unique_ptr<net::byte_stream> stream;
  const auto pending = net::connect(*to.loop, {"127.0.0.1", 443, false}, [&](auto result) { stream = std::move(*result); });
  while (!stream && to.loop->run_one_turn()) {
  }
  return stream;
}

class secure_peer {
 public:
  secure_peer(secure_server& to, std::shared_ptr<const tls::client_credentials> with,
              std::vector<std::string> protocols = {"http/1.1"})
      : loop_(*to.loop) {
    auto made = std::make_unique<connection::tls_stream>(*to.loop, connect(to), std::move(with),
                                                         tls::destination{"a.example", 443, std::move(protocols)});
    tls = made.get();
    talk.take(std::move(made));
    tls->handshake({}, [this](const tls::error& e) { result = e; });
    while (!result && loop_.run_one_turn()) {
    }
  }
  secure_peer(secure_server& to, const tls::client_settings& settings)
      : secure_peer(to, tls::client_credentials::make(settings).value()) {}
  explicit secure_peer(secure_server& to) : secure_peer(to, to.trusting()) {}
  secure_peer(secure_server& to, std::vector<std::string> protocols)
      : secure_peer(to, tls::client_credentials::make(to.trusting()).value(), std::move(protocols)) {}

  /// Sends, and reads what comes until nothing moves.
  std::string ask(std::string_view bytes) {
    talk.received.clear();
    talk.write(bytes);
    talk.read();
    while (loop_.run_one_turn()) {
    }
    return talk.received;
  }

  connection::tls_stream* tls = nullptr;
  net_tests::end_of_talk talk;
  std::optional<tls::error> result;

 private:
  net::memory_loop& loop_;
};

}  // namespace parley::testing
