#include "semantics/cookie_match.hpp"

#include "base/ascii.hpp"
#include "semantics/ip_literal.hpp"

namespace parley::semantics {

cookie_url cookie_url::of(const parley::uri& url) {
  cookie_url result{base::to_lower(url.host_name()), std::string(url.path()),
                    base::iequals(url.scheme(), "https") || base::iequals(url.scheme(), "wss")};
  // One address has many spellings.
  if (const auto address = parse_ipv6(result.host)) result.host = to_text(*address);
  if (!result.path.starts_with('/')) result.path.insert(0, 1, '/');
  return result;
}

bool is_address(std::string_view host) { return parse_ipv4(host).has_value() || parse_ipv6(host).has_value(); }

bool domain_matches(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  if (domain.empty() || !host.ends_with(domain)) return false;
  return host[host.size() - domain.size() - 1] == '.' && !is_address(host);
}

bool path_matches(std::string_view path, std::string_view cookie_path) {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') || path[cookie_path.size()] == '/';
}

std::string_view default_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) return "/";
  return path.substr(0, slash);
}

}  // namespace parley::semantics
