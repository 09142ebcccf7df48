// A forward proxy: tunnels by CONNECT, and requests for http URLs, in every version of HTTP that its server speaks.
//
//   parley::server app;
//   parley::forward_proxy().allow("*.example.org").serve(app);
//   app.listen("http://127.0.0.1:3128");
//   return app.run();
//
// It serves nobody anything until it is told where to: hosts are denied by default, ports are 443 for tunnels and 80 for requests,
// addresses that are not public are refused once a name has been looked up, whatever the name was.
#pragma once

#include <parley/config.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

class server;

/// Whether an address (`192.0.2.1`, `2001:db8::1`, without brackets) is one that anybody on the internet could be asked for. Not: private,
/// loopback, link-local, shared (CGNAT), multicast, documentation and benchmark networks, unspecified and reserved ones, nor IPv6 addresses
/// that stand for IPv4 ones (mapped, NAT64, 6to4, Teredo), nor what is no address (IANA's registries of special-purpose addresses,
/// RFC 6890). For programs that connect to where somebody else wants them to (SSRF), see `client::addresses`.
[[nodiscard]] PARLEY_API bool public_address(std::string_view address);

/// Set it up, then `serve`. Chained setters; copies share what they were set to.
class PARLEY_API forward_proxy {
 public:
  forward_proxy();

  /// Where clients may go to: a host (`example.org`), all below a domain (`*.example.org`, which is not `example.org` itself), or any (`*`); with a
  /// port (`example.org:8443`) that one alone, whatever `tunnel_ports` and `http_ports` say. IP addresses are hosts too (`[2001:db8::1]:443`).
  /// Throws `std::invalid_argument` for anything else. Without any, everything is denied (403).
  forward_proxy& allow(std::string_view host);
  /// The ports of tunnels. Default: 443.
  forward_proxy& tunnel_ports(std::vector<std::uint16_t> ports);
  /// The ports of requests for http URLs; none: there are only tunnels. Default: 80.
  forward_proxy& http_ports(std::vector<std::uint16_t> ports);
  /// Also to addresses that are not public (`public_address`). Default: 403 for a host that has no other.
  forward_proxy& allow_private(bool allowed = true);

  /// Only for who gives one of these by Basic (Proxy-Authorization, RFC 7617); 407 to others. Compared in constant time.
  forward_proxy& user(std::string name, std::string password);
  /// The same by a function, such as a `password_file` (parley/auth.hpp).
  forward_proxy& users(std::function<task<bool>(std::string name, std::string password)> check);

  /// For look-up and connecting: then 504. Default 10 s.
  forward_proxy& connect_time(std::chrono::milliseconds t);
  /// Without a byte in either direction: of a tunnel, or of a request and its response (504 before its head). Default 2 min.
  forward_proxy& idle_time(std::chrono::milliseconds t);
  /// The whole life of a tunnel, or of a request and its response. Default 1 h.
  forward_proxy& total_time(std::chrono::milliseconds t);
  /// Tunnels and requests at once: above it 503. Default 1,000.
  forward_proxy& tunnels(std::size_t most);
  /// The same of one client's address (of IPv6 its /64): above it 429. Default 100; 0: any number.
  forward_proxy& tunnels_per_client(std::size_t most);
  /// What one tunnel may carry, both directions together. Default 0: anything.
  forward_proxy& bytes(std::uint64_t most);
  /// What it calls itself in Via and Proxy-Status: a token. Two proxies on one way must not share it, or the second takes it for a loop. Default:
  /// `parley-` and random digits.
  forward_proxy& name(std::string pseudonym);

  /// Has `app` serve it: CONNECT, and requests in absolute form (HTTP/2 and 3 over TLS: those with `:scheme` http). All others go on to routes. Counters
  /// with `proxy_` come with it. Before `app` runs. What was set is taken over then.
  void serve(server& app) const;

  struct settings;

 private:
  std::shared_ptr<settings> settings_;
};

}  // namespace parley
