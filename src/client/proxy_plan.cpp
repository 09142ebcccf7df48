#include "base/ascii.hpp"
#include "client/plan.hpp"
#include "connection/message_access.hpp"
#include "semantics/auth.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/target.hpp"

#include <parley/uri.hpp>

#include <utility>

// What a plan becomes by a proxy: a request in absolute-form, or one for a tunnel.

namespace parley::fetching {

namespace {

constexpr std::string_view tunnel_user_agent = "parley/" PARLEY_VERSION_STRING;

[[noreturn]] void refuse_proxy(const std::string& why) { throw fetch_error(fetch_error::kind::not_supported, why); }

// RFC 7617 §2. What no field can carry was refused when the proxy's URL was read.
std::string basic_proxy_field(const proxy_way& by) {
  const auto field = semantics::to_field(semantics::basic_credentials{by.user, by.password});
  if (!field)
    throw fetch_error(fetch_error::kind::bad_url, std::string("the proxy's user and password cannot be sent: ") + field.error());
  return *field;
}

// Where the proxy is to go is what the URL says, also for a request with a Host of its own.
std::string authority_for_proxy(const plan& of) {
  const std::string_view named = of.head.authority();
  const auto host = semantics::parse_host(named);
  const std::uint16_t port = host && host->port ? *host->port : default_port("http").value_or(80);
  std::string_view name = host ? host->host : std::string_view();
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  if (port == of.to.port && base::iequals(name, of.to.host)) return std::string(named);
  const bool v6 = of.to.host.find(':') != std::string::npos;
  const std::string text = v6 ? '[' + of.to.host + ']' : of.to.host;
  return of.to.port == default_port("http") ? text : text + ':' + std::to_string(of.to.port);
}

}  // namespace

void send_by_proxy(plan& of, proxy_way by, const options& how) {
  origin& to = of.to;
  if (!to.unix_socket.empty()) refuse_proxy("a Unix socket is not reached through a proxy; leave one of both out");
  if (to.only_http3()) {
    refuse_proxy(
        "HTTP/3 is not spoken through a proxy, which opens tunnels for TCP; leave the version out, or the proxy for this host");
  }
  if (to.version == http0_9) refuse_proxy("HTTP/0.9 is not spoken through a proxy; use a later version, or leave the proxy out");
  of.early = false;
  if (to.secure || to.choice == speaks::upgrade || to.version >= http2) {
    to.via = std::make_shared<const proxy_way>(std::move(by));
    if (to.open_to_any()) to.choice = speaks::over_tcp;
    return;
  }
  // RFC 9112 §3.2.2: in absolute-form. OPTIONS * is a URL without a path there (§3.2.4).
  parley::fields& f = of.head.fields;
  const std::string target(of.head.target());
  const std::string whole = "http://" + authority_for_proxy(of) + (target == "*" ? std::string() : target);
  of.head.target_ref = parley::detail::fields_access::store(f, whole);
  of.head.form = semantics::target_form::absolute;
  if (!by.user.empty() || !by.password.empty()) f.set("Proxy-Authorization", basic_proxy_field(by));
  origin proxy;
  proxy.host = by.host;
  proxy.port = by.port;
  proxy.version = to.version;
  proxy.secure = by.secure;
  proxy.verify = by.verify;
  proxy.choice = by.secure && !how.version() ? speaks::over_tcp : speaks::exactly;
  proxy.relays = relaying::requests;
  to = std::move(proxy);
}

plan make_tunnel_plan(const origin& to) {
  const proxy_way& by = *to.via;
  plan p;
  p.to.host = by.host;
  p.to.port = by.port;
  p.to.secure = by.secure;
  p.to.verify = by.verify;
  p.to.choice = by.secure ? speaks::over_tcp : speaks::exactly;
  p.to.relays = relaying::tunnels;
  const bool v6 = to.host.find(':') != std::string::npos;
  request req(method::connect, (v6 ? '[' + to.host + ']' : to.host) + ':' + std::to_string(to.port));
  req.header("User-Agent", tunnel_user_agent);
  if (!by.user.empty() || !by.password.empty()) req.header("Proxy-Authorization", basic_proxy_field(by));
  p.head = parley::detail::request_access::to_head(std::move(req));
  p.head.version = http1_1;
  return p;
}

}  // namespace parley::fetching
