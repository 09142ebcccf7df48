// What keeps early data (0-RTT) from being taken twice (RFC 8446 §8.2: ClientHello recording).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

struct gnutls_anti_replay_st;

namespace parley::tls {

/// One for a whole process, used by sessions on all threads. A ClientHello with early data is good once, within `window` of when its
/// ticket says that it was sent, and only with tickets that were sealed after this was made; otherwise its early data is refused, and
/// the client sends it again after the handshake.
class replay_guard {
 public:
  static constexpr std::chrono::milliseconds window{10'000};

  /// At most so many are remembered, each for twice the window; when it is full, early data is refused.
  explicit replay_guard(std::size_t most);
  replay_guard(const replay_guard&) = delete;
  replay_guard& operator=(const replay_guard&) = delete;
  ~replay_guard();

  [[nodiscard]] gnutls_anti_replay_st* native() const { return native_; }
  /// Whether `key` is new, and was noted until `expires` (seconds since 1970).
  bool add(std::string_view key, long expires, long now);
  /// How many are remembered, and how often early data was refused since they were known, or too many.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t refused() const;

 private:
  gnutls_anti_replay_st* native_ = nullptr;
  std::size_t most_;
  mutable std::mutex mutex_;
  // Two generations: what is in `old_` is forgotten as a whole, when all of it has expired.
  std::unordered_map<std::string, long> new_;
  std::unordered_map<std::string, long> old_;
  long latest_old_ = 0;
  long turned_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace parley::tls
