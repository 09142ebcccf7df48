// A client's and a server's session wired to each other in memory.
#pragma once

#include "support/certificates.hpp"
#include "tls/session.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace parley::tls {

/// One direction's ciphertext on its way, and the plaintext that came out at its end.
struct way {
  std::string travelling;
  std::string arrived;
};

class session_pair {
 public:
  session_pair(const std::shared_ptr<const server_credentials>& server_side,
               const std::shared_ptr<const client_credentials>& client_side, destination to, std::size_t fragment = SIZE_MAX)
      : client(client_side, std::move(to)), server(server_side), fragment_(fragment) {}

  /// Carries bytes both ways until nothing moves any more.
  void carry() {
    for (bool moved = true; moved;) {
      const bool there = carry_from(client, server, to_server);
      const bool back = carry_from(server, client, to_client);
      moved = there || back;
    }
  }

  session client;
  session server;
  way to_server;
  way to_client;

 private:
  bool carry_from(session& from, session& to, way& by) {
    bool moved = from.has_output();
    by.travelling += from.output();
    from.written(from.output().size());
    std::array<char, 4096> room;
    const std::size_t most = std::min(fragment_, room.size());
    while (!by.travelling.empty() || to.has_plaintext()) {
      const std::size_t n = std::min(fragment_, by.travelling.size());
      const auto done = to.receive(std::string_view(by.travelling).substr(0, n), std::span(room).first(most));
      by.arrived.append(room.data(), done.plaintext);
      by.travelling.erase(0, done.used);
      if (done.used == 0 && done.plaintext == 0) break;
      moved = true;
    }
    return moved;
  }

  std::size_t fragment_;
};

/// Credentials or a failed test.
template <class Settings>
auto must_make(const Settings& settings) {
  using made = std::conditional_t<std::is_same_v<Settings, server_settings>, server_credentials, client_credentials>;
  auto result = made::make(settings);
  if (!result) throw std::runtime_error(result.error().message);
  return *result;
}

}  // namespace parley::tls
