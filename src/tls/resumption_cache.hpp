// What a client keeps of its sessions in order to resume them.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::tls {

/// Bounded in number and bytes; the oldest go first. Any thread.
class resumption_cache {
 public:
  static constexpr std::size_t most_sessions = 256;
  static constexpr std::size_t most_bytes = 2UL * 1024 * 1024;
  /// For each key: enough for connections that are opened at once.
  static constexpr std::size_t most_of_a_key = 4;

  void keep(const std::string& key, std::string session);
  /// The newest, which leaves the cache: a ticket is used once (RFC 8446 §C.4).
  std::optional<std::string> take(const std::string& key);
  /// The same one, which stays.
  [[nodiscard]] std::optional<std::string> newest(const std::string& key) const;
  [[nodiscard]] std::size_t size() const;
  /// All whose keys begin so, the oldest first: key and session.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> all(std::string_view beginning) const;

 private:
  struct entry {
    std::string key;
    std::string session;
  };
  void drop(std::vector<entry>::iterator at);

  mutable std::mutex mutex_;
  std::vector<entry> entries_;  // the oldest first; so few that looking through them costs nothing beside a handshake
  std::size_t bytes_ = 0;
};

}  // namespace parley::tls
