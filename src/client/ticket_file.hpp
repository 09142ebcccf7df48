// Tickets of QUIC (TLS sessions to resume), in a file between one client and the next.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fetching {

/// In a private folder (0700), a file that nobody else can read (0600): with a ticket one could go on as its client. Each is used once
/// (RFC 8446 §C.4), so who takes them takes them away.
class ticket_file {
 public:
  static constexpr std::size_t most = 16;  // the newest
  static constexpr std::size_t most_bytes = 60 * 1024;

  explicit ticket_file(std::string folder) : folder_(std::move(folder)) {}
  /// A file that is damaged, or not private, counts as none.
  [[nodiscard]] std::vector<std::string> take() const;
  void put(const std::vector<std::string>& tickets) const;

  /// The bytes, and back; none when they are damaged anywhere.
  [[nodiscard]] static std::string to_bytes(const std::vector<std::string>& tickets);
  [[nodiscard]] static std::vector<std::string> from_bytes(std::string_view bytes);

 private:
  std::string folder_;
};

}  // namespace parley::fetching
