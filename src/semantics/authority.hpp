// The authority of a URI and the rules of its pieces (RFC 3986 §2.1, §3.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

enum class host_kind : std::uint8_t {
  empty,  // allowed by the grammar, for URIs without authority
  name,   // a registered name
  ipv4,
  ipv6,       // in brackets
  ip_future,  // RFC 3986 §3.2.2: `[v1.x]`
};

/// What breaks the grammar, and where.
struct grammar_fault {
  std::size_t position = 0;
  const char* sentence = "";
};

/// `[ userinfo "@" ] host [ ":" port ]`, as views into the text.
struct authority_parts {
  bool has_userinfo = false;
  std::string_view userinfo;
  std::string_view host;
  host_kind kind = host_kind::empty;
  bool has_port = false;              // a colon
  std::optional<std::uint16_t> port;  // nothing when no digit follows the colon
};
[[nodiscard]] std::expected<authority_parts, grammar_fault> parse_authority(std::string_view text);

/// The index of the first byte that is neither in a class of `mask` (base/ascii.hpp) nor part of a valid percent-escape, or
/// `text.size()`.
[[nodiscard]] std::size_t find_not_component(std::string_view text, unsigned mask);

/// RFC 3986 §6.2.2: appends `text` with escapes of unreserved bytes decoded, and those of others in upper case.
void append_normalized_escapes(std::string& out, std::string_view text);
/// The same, in lower case but for the escapes; IPv6 as in RFC 5952.
void append_normalized_host(std::string& out, std::string_view host, host_kind kind);

}  // namespace parley::semantics
