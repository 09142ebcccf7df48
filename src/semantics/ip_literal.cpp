#include "semantics/ip_literal.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"

namespace parley::semantics {
namespace {

// One group of IPv6: one to four hexadecimal digits at the beginning of `text`; how many, 0 for none.
std::size_t read_group(std::string_view text, unsigned& value) {
  std::size_t length = 0;
  value = 0;
  while (length < text.size() && length < 5 && base::is_hex(text[length])) {
    value = value << 4 | static_cast<unsigned>(base::hex_value(text[length++]));
  }
  return length <= 4 ? length : 0;
}

constexpr std::size_t no_gap = 99;

}  // namespace

std::optional<ipv4_bytes> parse_ipv4(std::string_view text) {
  ipv4_bytes address{};
  for (std::size_t part = 0; part < 4; ++part) {
    const std::size_t end = part < 3 ? text.find('.') : text.size();
    if (end == text.npos) return std::nullopt;
    const std::string_view digits = text.substr(0, end);
    // RFC 3986 §3.2.2 dec-octet: others read 010 as octal.
    if (digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    const auto value = base::parse_decimal(digits);
    if (!value || *value > 255) return std::nullopt;
    address[part] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(part < 3 ? end + 1 : end);
  }
  return address;
}

std::optional<ipv6_bytes> parse_ipv6(std::string_view text) {
  ipv6_bytes address{};
  std::size_t used = 0;      // bytes of `address`
  std::size_t gap = no_gap;  // where `::` stands in them
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (used == 16) return std::nullopt;
    unsigned value = 0;
    const std::size_t length = read_group(text, value);
    if (length == 0) return std::nullopt;
    if (length < text.size() && text[length] == '.') {
      // The last 32 bits may be written as IPv4.
      const auto last = parse_ipv4(text);
      if (!last || used > 12) return std::nullopt;
      for (std::uint8_t byte : *last) address[used++] = byte;
      break;
    }
    address[used++] = static_cast<std::uint8_t>(value >> 8);
    address[used++] = static_cast<std::uint8_t>(value);
    text.remove_prefix(length);
    if (text.empty()) break;
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    if (text[0] == ':') {
      if (gap != no_gap) return std::nullopt;
      gap = used;
      text.remove_prefix(1);
    }
  }
  if (gap == no_gap) return used == 16 ? std::optional(address) : std::nullopt;
  // `::` stands for at least one group.
  if (used > 14) return std::nullopt;
  for (std::size_t i = used; i > gap; --i) {
    address[i - 1 + 16 - used] = address[i - 1];
    address[i - 1] = 0;
  }
  return address;
}

std::string to_text(const ipv4_bytes& address) {
  std::string text;
  for (std::uint8_t byte : address) {
    if (!text.empty()) text += '.';
    base::append_decimal(text, byte);
  }
  return text;
}

std::string to_text(const ipv6_bytes& address) {
  const auto group = [&](std::size_t i) { return static_cast<unsigned>(address[2 * i] << 8 | address[2 * i + 1]); };

  // RFC 5952 §4.2: the longest run of zeros, the first among equals, never a single group.
  std::size_t gap = no_gap;
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t run = 0;
    while (i + run < 8 && group(i + run) == 0) ++run;
    if (run > gap_length) {
      gap = i;
      gap_length = run;
    }
    i += run;
  }
  const bool mapped = gap == 0 && gap_length == 5 && group(5) == 0xffff;  // RFC 5952 §5

  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    if (mapped && i == 6) return text + to_text(ipv4_bytes{address[12], address[13], address[14], address[15]});
    base::append_hex(text, group(i));
  }
  return text;
}

}  // namespace parley::semantics
