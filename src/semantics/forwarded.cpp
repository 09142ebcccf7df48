#include "semantics/forwarded.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/ip_literal.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

constexpr std::size_t mapped_bits = 96;

std::optional<ipv6_bytes> any_address(std::string_view text) {
  if (const auto v6 = parse_ipv6(text)) return v6;
  const auto v4 = parse_ipv4(text);
  if (!v4) return std::nullopt;
  ipv6_bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(v4->begin(), v4->end(), mapped.begin() + 12);
  return mapped;
}

bool is_mapped(const ipv6_bytes& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](std::uint8_t b) { return b == 0; }) && address[10] == 0xff &&
         address[11] == 0xff;
}

std::string address_text(const ipv6_bytes& address) {
  if (is_mapped(address)) return to_text(ipv4_bytes{address[12], address[13], address[14], address[15]});
  return to_text(address);
}

bool same_prefix(const ipv6_bytes& a, const ipv6_bytes& b, unsigned bits) {
  for (unsigned i = 0; i < 16 && i * 8 < bits; ++i) {
    const unsigned kept = std::min(8U, bits - i * 8);
    if (((a[i] ^ b[i]) >> (8 - kept)) != 0) return false;
  }
  return true;
}

bool is_proto(std::string_view text) { return base::iequals(text, "http") || base::iequals(text, "https"); }

/// The elements of a list, the last one first: that is the one which a trusted proxy has added, and whatever a client wrote before it, a quote
/// that does not end or a thousand elements, must not swallow it.
class last_first {
 public:
  /// `quoted`: commas within quoted strings do not split.
  last_first(std::string_view value, bool quoted) : rest_(value), quoted_(quoted) {}
  /// The next one that is not empty.
  std::optional<std::string_view> next() {
    while (!done_) {
      std::size_t at = rest_.size();
      bool within = false;
      for (; at > 0; --at) {
        const char c = rest_[at - 1];
        if (c == ',' && !within) break;
        if (quoted_ && c == '"' && !is_escaped(at - 1)) within = !within;
      }
      const std::string_view element = base::trim_ows(rest_.substr(at));
      done_ = at == 0;
      rest_ = rest_.substr(0, done_ ? 0 : at - 1);
      if (!element.empty()) return element;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool is_escaped(std::size_t at) const {
    std::size_t from = at;
    while (from > 0 && rest_[from - 1] == '\\') --from;
    return (at - from) % 2 != 0;
  }

  std::string_view rest_;
  bool quoted_;
  bool done_ = false;
};

/// The one at that place from the right, or the first one of all.
std::string_view at_place(std::string_view value, std::size_t place) {
  last_first list(value, false);
  std::string_view found;
  for (auto element = list.next(); element; element = list.next()) {
    found = *element;
    if (place-- == 0) break;
  }
  return found;
}

bool take_forwarded_pair(forwarded_element& out, const parameter& pair, unsigned& seen) {
  constexpr std::string_view names[] = {"for", "by", "host", "proto"};
  std::string* const places[] = {&out.for_node, &out.by_node, &out.host, &out.proto};
  for (unsigned i = 0; i < 4; ++i) {
    if (!base::iequals(pair.name, names[i])) continue;
    if ((seen & 1U << i) != 0) return false;
    seen |= 1U << i;
    *places[i] = pair.value();
  }
  return true;
}

std::optional<forwarded_element> parse_element(std::string_view text) {
  forwarded_element out;
  // The first pair has no semicolon before it.
  const std::string pairs = std::string(";").append(text);
  parameter_reader reader(pairs);
  unsigned seen = 0;
  while (const auto pair = reader.next()) {
    if (!take_forwarded_pair(out, *pair, seen)) return std::nullopt;
  }
  if (!reader.valid()) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view value) {
  std::vector<forwarded_element> elements;
  list_reader list(value);
  while (const auto text = list.next()) {
    if (elements.size() == max_forwarded) return std::nullopt;
    auto one = parse_element(*text);
    if (!one) return std::nullopt;
    elements.push_back(*std::move(one));
  }
  if (!list.valid()) return std::nullopt;
  return elements;
}

std::string to_text(const forwarded_element& element) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ';';
    text.append(name).append("=").append(quote_unless_token(value));
  };
  add("for", element.for_node);
  add("by", element.by_node);
  add("host", element.host);
  add("proto", element.proto);
  return text;
}

std::optional<std::string> node_address(std::string_view node) {
  const auto is_port = [](std::string_view text) {
    return text.empty() ||
           (text[0] == ':' && text.size() > 1 && text.size() <= 6 && base::all_of_class(text.substr(1), base::class_digit)) ||
           (text.starts_with(":_") && text.size() > 2);
  };
  std::optional<ipv6_bytes> address;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == node.npos || !is_port(node.substr(end + 1))) return std::nullopt;
    address = parse_ipv6(node.substr(1, end - 1));
  } else if (std::count(node.begin(), node.end(), ':') > 1) {
    address = parse_ipv6(node);
  } else {
    const std::size_t colon = std::min(node.find(':'), node.size());
    if (!is_port(node.substr(colon)) || !parse_ipv4(node.substr(0, colon))) return std::nullopt;
    address = any_address(node.substr(0, colon));
  }
  if (!address) return std::nullopt;
  return address_text(*address);
}

std::string node_of(std::string_view address) {
  if (address.find(':') == address.npos) return std::string(address);
  return std::string("[").append(address).append("]");
}

std::string_view address_of_peer(std::string_view peer) {
  if (peer.starts_with("unix:")) return "unix:";
  std::string_view address = peer.substr(0, peer.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return address;
}

bool address_networks::add(std::string_view text) {
  if (text == "unix") return unix_ = true;
  const std::size_t slash = text.find('/');
  const auto address = any_address(text.substr(0, slash));
  if (!address) return false;
  const bool v4 = text.substr(0, slash).find(':') == text.npos;
  unsigned bits = 128;
  if (slash != text.npos) {
    const auto number = base::parse_decimal(text.substr(slash + 1));
    if (!number || *number > (v4 ? 32U : 128U)) return false;
    bits = static_cast<unsigned>(*number) + (v4 ? mapped_bits : 0);
  }
  for (unsigned bit = bits; bit < 128; ++bit) {
    if (((*address)[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  networks_.push_back({*address, bits});
  return true;
}

bool address_networks::contains(std::string_view address) const {
  if (address == "unix:") return unix_;
  const auto bytes = any_address(address);
  return bytes && std::any_of(networks_.begin(), networks_.end(),
                              [&](const network& one) { return same_prefix(one.bytes, *bytes, one.bits); });
}

client_origin origin_by_forwarded(std::string_view peer, std::string_view forwarded, const address_networks& trusted) {
  client_origin origin{.address = std::string(peer)};
  if (!trusted.contains(peer)) return origin;
  last_first list(forwarded, true);
  for (auto text = list.next(); text && trusted.contains(origin.address); text = list.next()) {
    const auto element = parse_element(*text);
    if (!element) break;
    // Whoever wrote this is trusted, so what it saw counts, also where it hides who asked it.
    if (is_proto(element->proto)) origin.proto = base::to_lower(element->proto);
    if (!element->host.empty()) origin.host = element->host;
    auto address = node_address(element->for_node);
    if (!address) break;
    origin.address = *std::move(address);
  }
  return origin;
}

client_origin origin_by_x_forwarded(std::string_view peer, std::string_view x_for, std::string_view x_proto,
                                    std::string_view x_host, const address_networks& trusted) {
  client_origin origin{.address = std::string(peer)};
  if (!trusted.contains(peer)) return origin;
  last_first nodes(x_for, false);
  std::size_t place = 0;
  for (auto node = nodes.next(); node && trusted.contains(origin.address); node = nodes.next(), ++place) {
    auto address = node_address(*node);
    if (!address) break;
    origin.address = *std::move(address);
  }
  const std::size_t writer = place == 0 ? 0 : place - 1;
  const std::string_view proto = at_place(x_proto, writer);
  if (is_proto(proto)) origin.proto = base::to_lower(proto);
  origin.host = at_place(x_host, writer);
  return origin;
}

}  // namespace parley::semantics
