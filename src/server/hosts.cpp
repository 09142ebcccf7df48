#include <parley/hosts.hpp>

#include "base/ascii.hpp"
#include "semantics/target.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

/// Lower case, without the dot of the root; with its port where it has one.
struct named_host {
  std::string host;
  std::optional<std::uint16_t> port;
};

std::optional<named_host> named(std::string_view authority) {
  const auto parsed = semantics::parse_host(authority);
  if (!parsed || parsed->kind == semantics::host_kind::empty) return std::nullopt;
  std::string host;
  semantics::append_normalized_host(host, parsed->host, parsed->kind);
  if (host.ends_with('.')) host.pop_back();
  return named_host{std::move(host), parsed->port};
}

/// To the same path and query somewhere else.
response moved(const request& req, std::string_view scheme, std::string_view authority) {
  std::string to(scheme);
  to.append("://").append(authority).append(req.path().starts_with('/') ? req.path() : "/");
  if (!req.query().empty()) to.append("?").append(req.query());
  return redirect(to, 308);
}

}  // namespace

allowed_hosts::allowed_hosts(const std::vector<std::string>& hosts) {
  for (const std::string& each : hosts) {
    const bool below = each.starts_with("*.");
    const auto host = named(below ? std::string_view(each).substr(2) : std::string_view(each));
    if (!host || each.ends_with(':')) {
      throw std::invalid_argument("parley::allowed_hosts: \"" + each +
                                  "\" is no host; write example.org, *.example.org or example.org:8443");
    }
    hosts_.push_back((below ? "." : "") + host->host + (host->port ? ":" + std::to_string(*host->port) : ""));
  }
}

std::optional<response> allowed_hosts::before(request& req) {
  if (req.method() == method::connect) return std::nullopt;  // its authority is where to, not whom it was sent to
  const auto host = named(std::as_const(req).authority());
  const auto fits = [&host](const std::string& rule) {
    const std::string with_port = host->host + (host->port ? ":" + std::to_string(*host->port) : "");
    if (!rule.starts_with('.')) return rule == host->host || rule == with_port;
    const auto below = [&rule](const std::string& name) { return name.size() > rule.size() && name.ends_with(rule); };
    return below(host->host) || below(with_port);
  };
  if (host && std::ranges::any_of(hosts_, fits)) return std::nullopt;
  throw problem_error(421, "This server is not the one for that host.");
}

canonical_host::canonical_host(std::string host) {
  const auto parsed = named(host);
  if (!parsed || parsed->port) throw std::invalid_argument("parley::canonical_host: \"" + host + "\" is no host without a port");
  host_ = parsed->host;
}

canonical_host& canonical_host::except(std::string_view prefix) {
  except_.add(prefix);
  return *this;
}

std::optional<response> canonical_host::before(request& req) {
  const request& asked = req;
  if (asked.method() == method::connect) return std::nullopt;
  const auto host = named(asked.authority());
  if (!host || host->host == host_ || except_.match_surely(asked)) return std::nullopt;
  return moved(asked, asked.scheme(), host_ + (host->port ? ":" + std::to_string(*host->port) : ""));
}

https_redirect& https_redirect::except(std::string_view prefix) {
  except_.add(prefix);
  return *this;
}

std::optional<response> https_redirect::before(request& req) {
  const request& asked = req;
  if (asked.secure() || asked.method() == method::connect || except_.match_surely(asked)) return std::nullopt;
  const auto host = named(asked.authority());
  if (!host) throw problem_error(400, "This site is served by https alone, and the request names no host to go on with.");
  return moved(asked, "https", host->host + (port_ == 443 ? "" : ":" + std::to_string(port_)));
}

hsts& hsts::include_subdomains(bool on) {
  subdomains_ = on;
  return *this;
}

hsts& hsts::preload() {
  if (!subdomains_ || max_age_ < std::chrono::days(365)) {
    throw std::logic_error(
        "parley::hsts: browsers build in only what holds for a year and for all subdomains; see hstspreload.org");
  }
  preload_ = true;
  return *this;
}

// RFC 6797 §7.2: not over cleartext, where somebody else could have written it.
void hsts::after(const request& req, response& answer) {
  if (!req.secure() || req.scheme() != "https") return;  // nor for another's http URL that a proxy has sent on
  answer.header("Strict-Transport-Security", "max-age=" + std::to_string(max_age_.count()) +
                                                 (subdomains_ ? "; includeSubDomains" : "") + (preload_ ? "; preload" : ""));
}

}  // namespace parley
