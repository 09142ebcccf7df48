// Under which hosts and schemes a site is served: a list of hosts, one canonical name, https alone, and that browsers keep to that (HSTS).
//
//   app.use(parley::allowed_hosts({"example.org", "*.example.org"}));
//   app.use(parley::https_redirect().except("/.well-known/acme-challenge"));
//   app.use(parley::hsts(std::chrono::days(365)).include_subdomains());
#pragma once

#include <parley/filter.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Answers 421 to requests for other hosts: so no page of another site reaches this server by a name of its own (DNS rebinding), and nothing is
/// made of a Host that somebody invented.
class PARLEY_API allowed_hosts final : public filter {
 public:
  /// `example.org` (with any port), `example.org:8443`, `*.example.org` (all below, not itself), `127.0.0.1`, `[::1]`. Throws `std::invalid_argument`.
  explicit allowed_hosts(const std::vector<std::string>& hosts);
  std::optional<response> before(request& req) override;

 private:
  std::vector<std::string> hosts_;
};

/// Sends requests for other hosts to this one, by 308, with scheme, port, path and query as they are.
class PARLEY_API canonical_host final : public filter {
 public:
  /// A host without a port. Throws `std::invalid_argument`.
  explicit canonical_host(std::string host);
  /// Not below this path.
  canonical_host& except(std::string_view prefix);
  std::optional<response> before(request& req) override;

 private:
  std::string host_;
  path_prefixes except_;
};

/// Sends requests that came without TLS to https, by 308 (the method stays), with host, path and query as they are.
class PARLEY_API https_redirect final : public filter {
 public:
  /// The port of https; 443, the default, is not written.
  explicit https_redirect(std::uint16_t port = 443) : port_(port) {}
  /// Not below this path, such as `/.well-known/acme-challenge`, which certificate authorities ask for by http (RFC 8555 §8.3). Repeatable.
  https_redirect& except(std::string_view prefix);
  std::optional<response> before(request& req) override;

 private:
  std::uint16_t port_;
  path_prefixes except_;
};

/// Strict-Transport-Security (RFC 6797) in answers over TLS: browsers use https alone for this host, for that long.
class PARLEY_API hsts final : public filter {
 public:
  explicit hsts(std::chrono::seconds max_age = std::chrono::days(365)) : max_age_(max_age) {}
  /// And for all hosts below it, also those that somebody else runs.
  hsts& include_subdomains(bool on = true);
  /// Asks to be built into browsers, which is hard to take back. Throws `std::logic_error` without `include_subdomains` or with less than a year.
  hsts& preload();
  void after(const request& req, response& answer) override;

 private:
  std::chrono::seconds max_age_;
  bool subdomains_ = false;
  bool preload_ = false;
};

}  // namespace parley
