#include "client/plan.hpp"

#include "base/ascii.hpp"
#include "connection/http3.hpp"
#include "connection/message_access.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/target.hpp"

#include <parley/uri.hpp>

#include <functional>
#include <stdexcept>
#include <utility>

namespace parley::fetching {

namespace {

using plan_access = parley::detail::fields_access;
using semantics::field_id;

constexpr std::string_view default_user_agent = "parley/" PARLEY_VERSION_STRING;

// How long a request that says `Expect: 100-continue` by itself is held back when nothing else was asked for (RFC 9110 §10.1.1: a
// client should not wait for an indefinite period).
constexpr std::chrono::milliseconds default_continue_wait{1000};

[[noreturn]] void cannot_send(std::string_view why) { throw std::invalid_argument(std::string(why)); }

[[noreturn]] void not_supported(const std::string& why) { throw fetch_error(fetch_error::kind::not_supported, why); }

void check_scheme(const request& req, const std::string& authority) {
  if (req.scheme() == "http" || req.scheme() == "https") return;
  const std::string url = std::string(req.scheme()) + "://" + authority;
  not_supported(url + " cannot be fetched: this client speaks http and https, not " + std::string(req.scheme()));
}

version chosen_version(const options& how) {
  const version v = how.version().value_or(http1_1);
  if (v == http3 && !connection::has_http3()) {
    not_supported("this build of parley has no HTTP/3 (that needs ngtcp2 1.11 or newer); ask for HTTP/2, or leave the version out");
  }
  return v;
}

// RFC 9114 §3.1: HTTP/3 is for https, and QUIC for hosts.
void check_http3(const request& req, const std::string& authority, const options& how) {
  if (how.version() != http3) return;
  if (req.scheme() != "https") {
    not_supported("HTTP/3 is spoken over https only: write https://" + authority + ", or leave the version out");
  }
  if (!how.unix_socket().empty()) not_supported("HTTP/3 is spoken over UDP, not over a Unix socket: leave one of them out");
}

speaks choice_of(const request& req, const options& how) {
  if (how.version()) return speaks::exactly;
  if (req.scheme() == "https" && how.upgrade()) return speaks::over_tcp;
  if (req.scheme() == "https")
    return how.http3_first() && connection::has_http3() && how.unix_socket().empty() ? speaks::http3_first : speaks::best;
  return how.upgrade() ? speaks::upgrade : speaks::exactly;
}

origin origin_of(const request& req, version v, const options& how) {
  const std::string authority(parley::detail::request_access::url_authority(req));
  if (authority.empty()) {
    throw fetch_error(fetch_error::kind::bad_url,
                      std::string(req.target()) + " names no host; give a whole URL such as http://localhost:8080/hello");
  }
  if (req.method() == method::connect)
    not_supported("CONNECT to " + authority + " cannot be sent: a client asks by options::proxy for a tunnel, not by itself");
  check_scheme(req, authority);
  check_http3(req, authority, how);
  const auto host = semantics::parse_host(authority);
  if (!host || host->kind == semantics::host_kind::empty) {
    throw fetch_error(fetch_error::kind::bad_url, authority + " is no host that could be asked");
  }
  // Neither is a name: nobody would look them up as what they say.
  if (host->kind == semantics::host_kind::ip_future)
    throw fetch_error(fetch_error::kind::bad_url, authority + " is an address of a kind that does not exist yet (RFC 3986 §3.2.2)");
  if (host->host.find('%') != std::string_view::npos) {
    throw fetch_error(fetch_error::kind::bad_url,
                      authority + " has percent-escapes in its host; write the name itself, beyond ASCII as xn--...");
  }
  std::string_view address = host->host;
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  const std::uint16_t port = host->port.value_or(default_port(req.scheme()).value_or(80));
  if (port == 0) throw fetch_error(fetch_error::kind::bad_url, authority + " names port 0, which nobody listens on");
  const bool secure = req.scheme() == "https";
  if (secure && v == http0_9) not_supported("HTTP/0.9 is spoken in cleartext only; use a later version for https");
  origin to;
  to.host = base::to_lower(address);
  to.port = port;
  to.version = v;
  to.unix_socket = how.unix_socket();
  to.secure = secure;
  to.verify = !secure || !how.insecure();
  to.choice = choice_of(req, how);
  return to;
}

// A default that a request can replace by its own value, and take away with an empty one.
void add_default_field(fields& f, field_id id, std::string_view value) {
  const auto* given = plan_access::find(f, id);
  if (given == nullptr) {
    plan_access::append(f, id, semantics::canonical_name_of(id), value);
  } else if (given->value_length == 0) {
    f.remove(semantics::canonical_name_of(id));
  }
}

void set_content(plan& p, message_content with) {
  p.length = with.length;
  p.content = std::move(with.bytes);
  p.producer = std::move(with.producer);
  p.repeatable = with.repeatable;
}

bool has_bytes(const plan& p) {
  using kind = engine::content_length::kind;
  return p.length.what == kind::unknown || (p.length.what == kind::known && p.length.bytes > 0);
}

void check_version(const plan& p) {
  const bool content = has_bytes(p);
  if (p.head.version == http0_9 && (p.head.method != method::get || content)) {
    cannot_send("HTTP/0.9 knows GET and nothing else; use a later version for " + std::string(p.head.method.name()) +
                (content ? " with content" : ""));
  }
  if (p.head.version == http1_0 && p.length.what == engine::content_length::kind::unknown) {
    cannot_send("HTTP/1.0 needs the length of the content beforehand; give it to stream(), or use HTTP/1.1");
  }
  // RFC 9110 §9.3.8.
  if (p.head.method == method::trace && content) cannot_send("a TRACE request must not have content");
}

// RFC 9110 §10.1.1: only with content, and only where interim responses are known.
void set_expectation(plan& p, const options& how) {
  const bool given = base::iequals(plan_access::get(p.head.fields, field_id::expect), "100-continue");
  p.expect_continue = how.expect_continue();
  p.expectation_given = given;
  if (!p.expect_continue && given) p.expect_continue = default_continue_wait;
  if (!has_bytes(p) || p.head.version < http1_1) p.expect_continue.reset();
  if (p.expect_continue && !given) {
    p.head.fields.set("Expect", "100-continue");
  } else if (given && !p.expect_continue) {
    p.head.fields.remove("Expect");
  }
}

}  // namespace

std::string origin::to_string() const {
  if (relays != relaying::nothing) return "the proxy " + host + " port " + std::to_string(port);
  if (via) return host + " port " + std::to_string(port) + " through " + via->to_string();
  return unix_socket.empty() ? host + " port " + std::to_string(port) : host + " on unix:" + unix_socket;
}

bool origin::takes(parley::version spoken) const {
  switch (choice) {
    case speaks::exactly: return spoken == version;
    case speaks::over_tcp: return spoken != parley::version::http3;
    case speaks::http3_first: return spoken == parley::version::http3;
    case speaks::best:
    case speaks::upgrade: return true;
  }
  return false;
}

std::size_t origin_hash::operator()(const origin& of) const {
  const std::size_t way = (static_cast<std::size_t>(of.relays) << 6) + (of.via ? 32U : 0U) +
                          (static_cast<std::size_t>(of.choice) << 2) + (of.secure ? 2U : 0U) + (of.verify ? 1U : 0U);
  const std::size_t salt = (std::size_t{of.port} << 16) + (static_cast<std::size_t>(of.version) << 9) + way;
  return std::hash<std::string>()(of.unix_socket.empty() ? of.host : of.unix_socket) ^ (salt * 0x9e3779b97f4a7c15ULL);
}

message_content take_content(request& req) {
  using access = parley::detail::request_access;
  message_content taken;
  if (auto& producer = access::producer(req)) {
    const auto length = access::producer_length(req);
    taken.producer = std::move(producer);
    taken.repeatable = access::repeatable(req);
    taken.length = length ? engine::content_length::of(*length) : engine::content_length::stream();
  } else if (access::has_content(req)) {
    taken.bytes = std::make_shared<const std::string>(access::take_content(req));
    taken.length = engine::content_length::of(taken.bytes->size());
  }
  return taken;
}

plan make_plan(request&& req, const options& how) {
  message_content with = take_content(req);
  return make_plan(std::move(req), std::move(with), how);
}

plan make_plan(request&& req, message_content with, const options& how) {
  plan p;
  const version v = chosen_version(how);
  p.to = origin_of(req, v, how);
  set_content(p, std::move(with));
  p.head = parley::detail::request_access::to_head(std::move(req));
  p.head.version = v;
  if (!semantics::parse_host(p.head.authority())) {
    cannot_send("the Host field \"" + std::string(p.head.authority()) + "\" is no host and port");
  }
  add_default_field(p.head.fields, field_id::user_agent, default_user_agent);
  add_default_field(p.head.fields, field_id::accept, "*/*");
  check_version(p);
  set_expectation(p, how);
  p.early = how.early_data() && p.head.method.safe() && p.length.what == engine::content_length::kind::none;
  return p;
}

void prepare_for(plan& of, parley::version spoken) {
  of.head.version = spoken >= http2 ? spoken : of.to.version;
  if (spoken >= http2) offer_upgrade(of, false, false);
}

void offer_upgrade(plan& of, bool offered, bool push) {
  if (std::exchange(of.offers_upgrade, offered) == offered) return;
  fields& f = of.head.fields;
  if (!offered) {
    for (const char* name : {"Connection", "Upgrade", "HTTP2-Settings"}) f.remove(name);
    return;
  }
  // Base64url of a SETTINGS payload: ENABLE_PUSH (2) with 0 or 1. All else is said in the SETTINGS that follow the 101.
  f.set("Upgrade", "h2c");
  f.set("HTTP2-Settings", push ? "AAIAAAAB" : "AAIAAAAA");
  f.set("Connection", "HTTP2-Settings");  // the engine lists Upgrade beside it
}

void name_alternative(plan& of, const std::string& used) {
  if (of.alternative == used) return;
  of.alternative = used;
  of.head.fields.remove("Alt-Used");
  if (!used.empty()) of.head.fields.set("Alt-Used", used);
}

void drop_expectation(plan& of) {
  of.head.fields.remove("Expect");
  of.expect_continue.reset();
}

}  // namespace parley::fetching
