// Where https origins are served over HTTP/3, as they have told (Alt-Svc, RFC 7838).
#pragma once

#include "net/loop.hpp"
#include "semantics/alt_svc.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fetching {

/// Times of day, so that what is kept in a file means the same to the next process.
using wall_time = std::chrono::sys_seconds;

/// What is known of one origin.
struct known_alternative {
  std::string host;  // of the origin
  std::uint16_t port = 0;
  std::string at_host;  // empty: the origin's own
  std::uint16_t at_port = 0;
  wall_time learned{};
  wall_time until{};  // it counts before that
  bool persist = false;
  unsigned failures = 0;     // in a row
  wall_time paused_until{};  // not tried before that: RFC 7838 §2.4

  [[nodiscard]] bool is_for(std::string_view origin_host, std::uint16_t origin_port) const {
    return host == origin_host && port == origin_port;
  }
  friend bool operator==(const known_alternative&, const known_alternative&) = default;
};

class alternatives_file;

/// One for each client; the oldest are forgotten first. One loop's thread.
class alternatives {
 public:
  /// Origins that are remembered.
  static constexpr std::size_t most = 256;
  /// Names longer than any that resolves are not.
  static constexpr std::size_t longest_host = 253;
  /// How long one that failed is not tried: at first, and twice as long each further time, up to.
  static constexpr std::chrono::seconds first_pause{60};
  static constexpr std::chrono::seconds longest_pause{24 * 3600};

  alternatives();
  ~alternatives();
  alternatives(const alternatives&) = delete;
  alternatives& operator=(const alternatives&) = delete;

  /// What the origin says now. Who calls knows that it was the origin that said it.
  void learn(std::string_view host, std::uint16_t port, const semantics::alt_svc& said, net::time_point now);
  /// One that may be tried now; null: none.
  [[nodiscard]] const known_alternative* usable(std::string_view host, std::uint16_t port, net::time_point now) const;
  /// No connection came about, though another way led there.
  void failed(std::string_view host, std::uint16_t port, net::time_point now);
  void worked(std::string_view host, std::uint16_t port);
  /// It does not answer for that origin (RFC 7838 §6).
  void forget(std::string_view host, std::uint16_t port);

  /// Reads the file, and keeps it up to date from now on. What is wrong with it, as a sentence; empty: nothing.
  std::string keep_in(const std::string& folder, net::time_point now);
  [[nodiscard]] const std::vector<known_alternative>& all() const { return known_; }

 private:
  [[nodiscard]] wall_time wall(net::time_point now) const;
  [[nodiscard]] known_alternative* find(std::string_view host, std::uint16_t port);
  void changed(std::string_view host, std::uint16_t port);

  std::vector<known_alternative> known_;  // so few that looking through them costs nothing beside a request; the oldest first
  std::unique_ptr<alternatives_file> file_;
  mutable std::optional<net::time_point> anchor_;  // when `anchored_` was the time
  mutable std::chrono::system_clock::time_point anchored_;
};

}  // namespace parley::fetching
