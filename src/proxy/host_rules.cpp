#include "proxy/host_rules.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/target.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley::proxying {

namespace {

[[noreturn]] void refuse_rule(std::string_view text) {
  throw std::invalid_argument(
      "\"" + std::string(text) +
      "\" is no host to allow; write example.org, *.example.org, 192.0.2.1 or [2001:db8::1], perhaps with a "
      "port (example.org:8443), or * for any");
}

std::string plain(std::string_view host, semantics::host_kind kind) {
  std::string text;
  semantics::append_normalized_host(text, host, kind);
  if (kind == semantics::host_kind::ipv6 && text.starts_with('[')) text = text.substr(1, text.size() - 2);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::optional<destination> destination_of(std::string_view authority, std::uint16_t usual) {
  const auto parsed = semantics::parse_host(authority);
  if (!parsed || parsed->kind == semantics::host_kind::empty || parsed->kind == semantics::host_kind::ip_future)
    return std::nullopt;
  destination to{plain(parsed->host, parsed->kind), parsed->port.value_or(usual)};
  if (to.host.empty() || to.host.ends_with('.') || to.port == 0) return std::nullopt;
  return to;
}

void host_rules::add(std::string_view text) {
  std::string_view rest = text;
  rule made;
  bool below = false;
  if (rest == "*" || rest.starts_with("*:")) {
    rest.remove_prefix(1);
    if (!rest.empty()) {
      const auto port = base::parse_decimal(rest.substr(1));
      if (!port || *port == 0 || *port > 65535) refuse_rule(text);
      made.port = static_cast<std::uint16_t>(*port);
    }
    rules_.push_back(std::move(made));
    return;
  }
  if (rest.starts_with("*.")) {
    below = true;
    rest.remove_prefix(2);
  }
  const auto parsed = semantics::parse_host(rest);
  if (!parsed || rest.find('*') != rest.npos || rest.ends_with(':') || (parsed->port && *parsed->port == 0)) refuse_rule(text);
  if (parsed->kind == semantics::host_kind::empty || parsed->kind == semantics::host_kind::ip_future) refuse_rule(text);
  if (below && parsed->kind != semantics::host_kind::name) refuse_rule(text);
  made.host = (below ? "." : "") + plain(parsed->host, parsed->kind);
  made.port = parsed->port;
  rules_.push_back(std::move(made));
}

bool host_rules::allow(const destination& to, const std::vector<std::uint16_t>& ports) const {
  return std::ranges::any_of(rules_, [&](const rule& each) {
    const bool port_fits = each.port ? *each.port == to.port : std::ranges::find(ports, to.port) != ports.end();
    if (!port_fits) return false;
    if (each.host.empty()) return true;
    // Behind the dot, so that evil-example.org is not below example.org; and something must stand before it.
    if (each.host.starts_with('.')) return to.host.size() > each.host.size() && to.host.ends_with(each.host);
    return to.host == each.host;
  });
}

}  // namespace parley::proxying
