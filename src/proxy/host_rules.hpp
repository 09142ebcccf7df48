// Where clients of a proxy may go to.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::proxying {

/// A host as rules and look-ups take it: lower case, needless escapes decoded, without brackets and the dot of the root.
struct destination {
  std::string host;
  std::uint16_t port = 0;
};

/// Of `host:port`; nothing for what is no authority with a host of a known kind. Without a port it is `usual`.
[[nodiscard]] std::optional<destination> destination_of(std::string_view authority, std::uint16_t usual);

class host_rules {
 public:
  /// `example.org`, `*.example.org`, `*`, each perhaps with a port. Throws `std::invalid_argument`.
  void add(std::string_view rule);
  /// `ports`: those that rules without one of their own are for.
  [[nodiscard]] bool allow(const destination& to, const std::vector<std::uint16_t>& ports) const;

 private:
  struct rule {
    std::string host;  // empty: any; with a dot before it: all below
    std::optional<std::uint16_t> port;
  };
  std::vector<rule> rules_;
};

}  // namespace parley::proxying
