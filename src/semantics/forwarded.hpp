// Who the client is behind proxies: Forwarded (RFC 7239) and X-Forwarded-For, believed only as far as proxies are trusted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

/// So many elements of one value are read; the ones nearest to us are last, so a value with more is not valid.
inline constexpr std::size_t max_forwarded = 64;

/// One proxy's element; what it did not say is empty. Values are unquoted.
struct forwarded_element {
  std::string for_node;
  std::string by_node = {};
  std::string host = {};
  std::string proto = {};
  bool operator==(const forwarded_element&) const = default;
};

/// RFC 7239 §4. Nothing at a fault, a parameter that comes twice in one element included.
[[nodiscard]] std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view value);
/// `for="[2001:db8::1]:4711";proto=https`; values have no control characters.
[[nodiscard]] std::string to_text(const forwarded_element& element);

/// The address of a node (RFC 7239 §6): `192.0.2.43`, `192.0.2.43:47011`, `[2001:db8::1]:47011`, and the bare IPv6 address of
/// X-Forwarded-For; in the one spelling of RFC 5952, without brackets and port. Nothing for `unknown`, hidden ones and anything else.
[[nodiscard]] std::optional<std::string> node_address(std::string_view node);
/// The way back: an IPv6 address gets its brackets.
[[nodiscard]] std::string node_of(std::string_view address);

/// The address in what names a peer, `192.0.2.1:4711` or `[2001:db8::1]:4711`: without brackets and port. `unix:` of a Unix socket.
[[nodiscard]] std::string_view address_of_peer(std::string_view peer);

/// Networks as `10.0.0.0/8`, `fd00::/8` or single addresses, and `unix` for the peers of Unix sockets. IPv4 addresses mapped into IPv6 count as
/// IPv4.
class address_networks {
 public:
  /// False, and nothing is added, when the text is no network: bits behind the prefix included.
  bool add(std::string_view text);
  [[nodiscard]] bool contains(std::string_view address) const;
  [[nodiscard]] bool empty() const { return networks_.empty() && !unix_; }

 private:
  struct network {
    std::array<std::uint8_t, 16> bytes{};  // IPv4 as mapped into IPv6
    unsigned bits = 0;
  };
  std::vector<network> networks_;
  bool unix_ = false;
};

/// What a request is taken to have come from.
struct client_origin {
  std::string address;     // of the client, or of the outermost proxy that may be believed
  std::string proto = {};  // `http` or `https` as that proxy saw it; empty when it did not say
  std::string host = {};   // the Host that it saw; empty when it did not say
  bool operator==(const client_origin&) const = default;
};

/// From the right, as long as the sender of an element is trusted: `peer` is the address of the connection. What is forged stands
/// further left, and is never reached. A hidden or unknown node ends the search at the proxy that wrote it.
[[nodiscard]] client_origin origin_by_forwarded(std::string_view peer, std::string_view forwarded, const address_networks& trusted);
/// The same by X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host; of the latter two the element at the same place from the right,
/// or their first one when they have fewer.
[[nodiscard]] client_origin origin_by_x_forwarded(std::string_view peer, std::string_view x_for, std::string_view x_proto,
                                                  std::string_view x_host, const address_networks& trusted);

}  // namespace parley::semantics
