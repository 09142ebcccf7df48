#include "semantics/authority.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/ip_literal.hpp"

namespace parley::semantics {
namespace {

constexpr unsigned name_class = base::class_unreserved | base::class_sub_delim;
using authority_result = std::expected<authority_parts, grammar_fault>;

bool is_escape(std::string_view text, std::size_t at) {
  return text.size() - at >= 3 && text[at] == '%' && base::is_hex(text[at + 1]) && base::is_hex(text[at + 2]);
}

char escaped_byte(std::string_view text, std::size_t at) {
  return static_cast<char>(base::hex_value(text[at + 1]) << 4 | base::hex_value(text[at + 2]));
}

// RFC 3986 §3.2.2: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_ip_future(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos || dot < 2 || base::to_lower(text[0]) != 'v') return false;
  if (!base::all_of_class(text.substr(1, dot - 1), base::class_hex)) return false;
  const std::string_view rest = text.substr(dot + 1);
  for (char c : rest) {
    if (c != ':' && !base::is_class(c, name_class)) return false;
  }
  return !rest.empty();
}

// The host at the beginning of `text`; its length, or what is wrong.
std::expected<std::size_t, grammar_fault> parse_literal(std::string_view text, host_kind& kind) {
  const std::size_t close = text.find(']');
  if (close == text.npos) return std::unexpected(grammar_fault{0, "The `[` of an IP address has no `]`."});
  const std::string_view address = text.substr(1, close - 1);
  if (parse_ipv6(address)) {
    kind = host_kind::ipv6;
  } else if (is_ip_future(address)) {
    kind = host_kind::ip_future;
  } else {
    return std::unexpected(grammar_fault{1, "What stands between `[` and `]` is no IPv6 address."});
  }
  return close + 1;
}

std::expected<std::size_t, grammar_fault> parse_name(std::string_view text, host_kind& kind) {
  const std::size_t length = find_not_component(text, name_class);
  if (length < text.size() && text[length] != ':') {
    return std::unexpected(grammar_fault{length, text[length] == '%'
                                                     ? "A percent sign in the host is not followed by two hexadecimal digits."
                                                     : "The host has a byte that no host may have."});
  }
  const std::string_view host = text.substr(0, length);
  // Only what ends in a digit can be an address.
  const bool address = !host.empty() && base::is_digit(host.back()) && parse_ipv4(host).has_value();
  kind = host.empty() ? host_kind::empty : address ? host_kind::ipv4 : host_kind::name;
  return length;
}

}  // namespace

std::size_t find_not_component(std::string_view text, unsigned mask) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (base::is_class(text[i], mask)) {
      ++i;
    } else if (is_escape(text, i)) {
      i += 3;
    } else {
      break;
    }
  }
  return i;
}

authority_result parse_authority(std::string_view text) {
  authority_parts parts;
  std::size_t at = 0;
  if (const std::size_t sign = text.find('@'); sign != text.npos) {
    parts.has_userinfo = true;
    parts.userinfo = text.substr(0, sign);
    std::size_t good = 0;
    // Like a name, with colons.
    while (good < sign) {
      good += find_not_component(parts.userinfo.substr(good), name_class);
      if (good < sign && text[good] != ':')
        return std::unexpected(grammar_fault{good, "The userinfo has a byte that it may not have."});
      if (good < sign) ++good;
    }
    at = sign + 1;
  }

  const std::string_view rest = text.substr(at);
  const auto length = rest.starts_with('[') ? parse_literal(rest, parts.kind) : parse_name(rest, parts.kind);
  if (!length) return std::unexpected(grammar_fault{at + length.error().position, length.error().sentence});
  parts.host = rest.substr(0, *length);
  at += *length;
  if (at == text.size()) return parts;

  if (text[at] != ':') return std::unexpected(grammar_fault{at, "Only a port may follow the `]` of an IP address."});
  parts.has_port = true;
  const std::string_view digits = text.substr(at + 1);
  if (digits.empty()) return parts;
  const auto port = base::parse_decimal(digits);
  if (!port || *port > UINT16_MAX) return std::unexpected(grammar_fault{at + 1, "The port is no number from 0 to 65535."});
  parts.port = static_cast<std::uint16_t>(*port);
  return parts;
}

void append_normalized_escapes(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_escape(text, i)) {
      out += text[i];
      continue;
    }
    const char byte = escaped_byte(text, i);
    if (base::is_class(byte, base::class_unreserved)) {
      out += byte;
    } else {
      out += {'%', base::to_upper(text[i + 1]), base::to_upper(text[i + 2])};
    }
    i += 2;
  }
}

void append_normalized_host(std::string& out, std::string_view host, host_kind kind) {
  if (kind == host_kind::ipv6) {
    if (const auto address = parse_ipv6(host.substr(1, host.size() - 2))) {
      out += '[';
      out += to_text(*address);
      out += ']';
      return;
    }
  }
  std::size_t at = out.size();
  append_normalized_escapes(out, host);
  for (; at < out.size(); ++at) {
    if (out[at] == '%') {
      at += 2;
    } else {
      out[at] = base::to_lower(out[at]);
    }
  }
}

}  // namespace parley::semantics
