#include "client/proxy_choice.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "client/agent_settings.hpp"
#include "semantics/ip_literal.hpp"
#include "semantics/target.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace parley::fetching {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view without_brackets(std::string_view host) {
  if (host.size() >= 2 && host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

// The 4 or 16 bytes of an address; empty for a name.
std::string address_bytes(std::string_view host) {
  if (const auto v4 = semantics::parse_ipv4(host)) return {v4->begin(), v4->end()};
  if (const auto v6 = semantics::parse_ipv6(host)) return {v6->begin(), v6->end()};
  return {};
}

bool in_block(std::string_view block, std::string_view host) {
  const std::size_t slash = block.find('/');
  const std::string network = address_bytes(without_brackets(block.substr(0, slash)));
  const std::string address = address_bytes(host);
  if (network.empty() || network.size() != address.size()) return false;
  const auto bits = base::parse_decimal(block.substr(slash + 1));
  if (!bits || *bits > network.size() * 8) return false;
  const auto whole = static_cast<std::size_t>(*bits / 8);
  if (network.compare(0, whole, address, 0, whole) != 0) return false;
  const unsigned rest = *bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff00u >> rest);
  return ((static_cast<unsigned char>(network[whole]) ^ static_cast<unsigned char>(address[whole])) & mask) == 0;
}

bool one_bypasses(std::string_view entry, std::string_view host, std::uint16_t port) {
  if (entry == "*") return true;
  if (entry.find('/') != entry.npos) return in_block(entry, host);
  // `host:port`; a bare IPv6 address has more than one colon.
  const std::size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[');
  if (colon != entry.npos && (bracketed ? entry.find(']') < colon : entry.find(':') == colon)) {
    const auto wanted = base::parse_decimal(entry.substr(colon + 1));
    if (!wanted || *wanted != port) return false;
    entry = entry.substr(0, colon);
  }
  entry = without_brackets(entry);
  if (const std::string address = address_bytes(host); !address.empty()) return address_bytes(entry) == address;
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (entry.empty() || host.size() < entry.size() || !base::iequals(host.substr(host.size() - entry.size()), entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

}  // namespace

std::expected<proxy_way, std::string> parse_proxy(std::string_view url) {
  std::string text(url);
  if (text.find("://") == text.npos) text.insert(0, "http://");
  const auto parsed = uri::parse(text);
  // What is wrong may be a password: it is not shown.
  if (!parsed) return std::unexpected("the proxy's URL is none: " + std::string(parsed.error().sentence));
  const bool secure = base::iequals(parsed->scheme(), "https");
  if (!secure && !base::iequals(parsed->scheme(), "http")) {
    return std::unexpected("a proxy is reached by http:// or https://, not by " + std::string(parsed->scheme()) + "://");
  }
  proxy_way way;
  way.host = base::to_lower(parsed->host_name());
  if (way.host.empty()) return std::unexpected("the proxy's URL names no host");
  if (parsed->port() == 0) return std::unexpected("the proxy's URL names port 0, which nobody listens on");
  if ((!parsed->path().empty() && parsed->path() != "/") || parsed->has_query() || parsed->has_fragment()) {
    return std::unexpected("a proxy is named by scheme, host and port, with nothing behind them");
  }
  way.secure = secure;
  way.port = parsed->effective_port().value_or(secure ? 443 : 80);
  if (parsed->has_userinfo()) {
    const std::string_view who = parsed->userinfo();
    const std::size_t colon = std::min(who.find(':'), who.size());
    auto user = percent_decode(who.substr(0, colon));
    auto password = percent_decode(who.substr(std::min(colon + 1, who.size())));
    if (!user || !password)
      return std::unexpected("the user and password in the proxy's URL are not percent-encoded as they should be");
    way.user = std::move(*user);
    way.password = std::move(*password);
  }
  return way;
}

bool bypasses_proxy(std::string_view list, std::string_view host, std::uint16_t port) {
  host = without_brackets(host);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    const std::string_view entry = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!entry.empty() && one_bypasses(entry, host, port)) return true;
  }
  return false;
}

std::string proxy_for(const uri& url, const detail::agent_settings& asked, const environment_reader& environment) {
  const auto first_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto value = environment(name); value && !value->empty()) return *value;
    }
    return std::string();
  };
  std::string proxy = asked.proxy;
  const bool secure = base::iequals(url.scheme(), "https");
  if (proxy.empty() && asked.environment) {
    // A CGI program's HTTP_PROXY is what its client said in the field Proxy (CVE-2016-5385, "httpoxy").
    proxy = secure ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                   : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  }
  if (proxy.empty()) return proxy;
  std::string without = asked.no_proxy.value_or(std::string());
  if (!asked.no_proxy && asked.environment) without = first_of({"no_proxy", "NO_PROXY"});
  if (bypasses_proxy(without, url.host_name(), url.effective_port().value_or(secure ? 443 : 80))) return {};
  return proxy;
}

}  // namespace parley::fetching
