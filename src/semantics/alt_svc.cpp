#include "semantics/alt_svc.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/list.hpp"
#include "semantics/target.hpp"

#include <algorithm>
#include <utility>

namespace parley::semantics {

namespace {

// RFC 7838 §3: a token in which all that a token cannot hold, and `%`, is percent-encoded; and nothing else is.
std::optional<std::string> decode_protocol(std::string_view token) {
  constexpr std::size_t longest_alpn = 255;
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (!base::is_class(token[i], base::class_token)) return std::nullopt;
    if (token[i] != '%') {
      name += token[i];
      continue;
    }
    const auto byte = token.size() - i > 2 ? base::parse_hex(token.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    const char decoded = static_cast<char>(*byte);
    if (decoded != '%' && base::is_class(decoded, base::class_token)) return std::nullopt;
    name += decoded;
    i += 2;
  }
  if (name.empty() || name.size() > longest_alpn) return std::nullopt;
  return name;
}

// alt-authority = quoted-string, which holds [ uri-host ] ":" port
bool read_authority(std::string_view quoted, alternative_service& into) {
  const auto text = unquote(quoted);
  if (!text) return false;
  const std::size_t colon = text->rfind(':');
  if (colon == std::string::npos) return false;
  const auto port = base::parse_decimal(std::string_view(*text).substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return false;
  into.port = static_cast<std::uint16_t>(*port);
  if (colon == 0) return true;
  const auto host = parse_host(*text);
  if (!host || host->kind == host_kind::empty || host->kind == host_kind::ip_future) return false;
  std::string_view name = host->host;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  if (name == "-") return false;  // no host has that name, and it is how files say that there is none
  into.host = base::to_lower(name);
  return true;
}

bool read_parameters(std::string_view text, alternative_service& into) {
  parameter_reader parameters(text);
  bool age = false;
  bool persist = false;
  while (const auto one = parameters.next()) {
    if (base::iequals(one->name, "ma")) {
      const std::string value = one->value();
      const bool digits = !value.empty() && std::ranges::all_of(value, [](char c) { return base::is_digit(c); });
      if (std::exchange(age, true) || !digits) return false;
      // RFC 9111 §1.2.2: one that is too large to be held counts as the largest.
      const auto seconds = base::parse_decimal(value).value_or(UINT64_MAX);
      constexpr auto most = std::chrono::duration_cast<std::chrono::seconds>(longest_alternative);
      into.max_age = std::chrono::seconds(std::min<std::uint64_t>(seconds, static_cast<std::uint64_t>(most.count())));
    } else if (base::iequals(one->name, "persist")) {
      if (std::exchange(persist, true)) return false;
      into.persist = one->value() == "1";  // §3.1: any other value is passed over
    }
  }
  return parameters.valid();
}

}  // namespace

std::optional<alt_svc> parse_alt_svc(std::string_view value) {
  if (value.size() > longest_alt_svc) return std::nullopt;
  alt_svc all;
  if (base::trim_ows(value) == "clear") {  // §3: by itself, and case-sensitive
    all.clear = true;
    return all;
  }
  list_reader list(value);
  while (const auto element = list.next()) {
    const auto [service, parameters] = split_parameters(*element);
    const std::size_t equals = service.find('=');
    if (equals == std::string_view::npos || all.services.size() == most_alternatives) return std::nullopt;
    alternative_service& one = all.services.emplace_back();
    auto protocol = decode_protocol(service.substr(0, equals));
    if (!protocol || !read_authority(service.substr(equals + 1), one) || !read_parameters(parameters, one)) return std::nullopt;
    one.protocol = std::move(*protocol);
  }
  if (!list.valid() || all.services.empty()) return std::nullopt;
  return all;
}

}  // namespace parley::semantics
