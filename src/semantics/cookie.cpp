#include "semantics/cookie.hpp"

#include <parley/date.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/ip_literal.hpp"

namespace parley::semantics {

namespace {

// cookie-octet: visible US-ASCII without `"`, comma, semicolon and backslash.
constexpr bool is_cookie_octet(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'; }

bool is_cookie_value(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return std::all_of(value.begin(), value.end(), is_cookie_octet);
}

// RFC 1034 §3.5 as RFC 1123 §2.1 has it, with the underscore that is met; no final dot.
bool is_domain_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      if (!base::is_alpha(c) && !base::is_digit(c) && c != '-' && c != '_') return false;
    }
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

bool begins_with(std::string_view text, std::string_view prefix) { return base::iequals(text.substr(0, prefix.size()), prefix); }

const char* fault_of(const set_cookie& c) {
  if (!base::is_token(c.name)) return "a cookie's name is one or more letters, digits and !#$%&'*+-.^_`|~";
  if (!is_cookie_value(c.value))
    return "a cookie's value is visible ASCII without quotes, commas, semicolons and backslashes; encode others";
  if (c.name.size() + c.value.size() > max_cookie_pair) return "a cookie's name and value are at most 4096 bytes together";
  if (!c.path.empty()) {
    if (c.path[0] != '/') return "a cookie's path begins with /";
    if (c.path.size() > max_cookie_attribute) return "a cookie's path is at most 1024 bytes";
    if (std::any_of(c.path.begin(), c.path.end(), [](char at) { return at < 0x20 || at >= 0x7f || at == ';'; }))
      return "a cookie's path has no semicolons, controls and bytes beyond ASCII";
    if (c.path.back() == ' ') return "a cookie's path does not end with a blank";
  }
  if (!c.domain.empty()) {
    if (!is_domain_name(c.domain)) return "a cookie's domain is a host's name, without dots around it and without port";
    if (parse_ipv4(c.domain)) return "a cookie's domain is no address: leave it empty for this host alone";
  }
  if (c.max_age && c.max_age->count() < 0) return "a cookie's Max-Age is not negative; 0 has it forgotten";
  if (has_secure_prefix(c.name) && !c.secure) return "a cookie whose name begins with __Secure- is Secure";
  if (has_host_prefix(c.name) && (!c.secure || c.path != "/" || !c.domain.empty()))
    return "a cookie whose name begins with __Host- is Secure, has the path / and no domain";
  if (c.same_site == same_site_rule::none && !c.secure) return "a cookie with SameSite=None is Secure";
  if (c.partitioned && !c.secure) return "a partitioned cookie is Secure";
  return nullptr;
}

}  // namespace

std::optional<cookie_pair> cookie_reader::next() {
  while (!rest_.empty() && read_ < max_cookie_pairs) {
    const std::size_t end = std::min(rest_.find(';'), rest_.size());
    const std::string_view pair = base::trim_ows(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (pair.empty()) continue;
    ++read_;
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos) return cookie_pair{{}, pair};
    return cookie_pair{base::trim_ows(pair.substr(0, equals)), base::trim_ows(pair.substr(equals + 1))};
  }
  return std::nullopt;
}

std::optional<std::string_view> find_cookie(const parley::fields& f, std::string_view name) {
  using access = parley::detail::fields_access;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = access::slot(f, i);
    if (slot.id != static_cast<std::uint16_t>(field_id::cookie)) continue;
    cookie_reader pairs(access::value(f, slot));
    while (const auto pair = pairs.next()) {
      if (pair->name == name) return pair->value;
    }
  }
  return std::nullopt;
}

bool has_secure_prefix(std::string_view name) { return begins_with(name, "__Secure-"); }
bool has_host_prefix(std::string_view name) { return begins_with(name, "__Host-"); }

std::expected<std::string, const char*> to_field(const set_cookie& cookie) {
  if (const char* const fault = fault_of(cookie)) return std::unexpected(fault);
  std::string text = cookie.name;
  text.append("=").append(cookie.value);
  if (!cookie.domain.empty()) text.append("; Domain=").append(cookie.domain);
  if (!cookie.path.empty()) text.append("; Path=").append(cookie.path);
  if (cookie.expires) text.append("; Expires=").append(format_date(*cookie.expires));
  if (cookie.max_age) {
    text.append("; Max-Age=");
    base::append_decimal(text, static_cast<std::uint64_t>(cookie.max_age->count()));
  }
  if (cookie.secure) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  switch (cookie.same_site) {
    case same_site_rule::unset: break;
    case same_site_rule::lax: text += "; SameSite=Lax"; break;
    case same_site_rule::strict: text += "; SameSite=Strict"; break;
    case same_site_rule::none: text += "; SameSite=None"; break;
  }
  if (cookie.partitioned) text += "; Partitioned";
  return text;
}

set_cookie removal_of(set_cookie cookie) {
  cookie.value.clear();
  cookie.max_age = std::chrono::seconds{0};
  cookie.expires = std::chrono::sys_seconds{};
  return cookie;
}

}  // namespace parley::semantics
