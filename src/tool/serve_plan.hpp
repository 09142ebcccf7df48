// What the options of `serve_options` come to together with the configuration file.
#pragma once

#include <parley/limits.hpp>
#include <parley/server.hpp>

#include "tool/config_place.hpp"
#include "tool/listen_address.hpp"
#include "tool/serve_options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// Checked and complete.
struct serve_plan {
  struct place {
    listen_address at;
    bool asked = false;  // somebody asked for that address: it is listened on beside the sockets of a service manager
    friend bool operator==(const place&, const place&) = default;
  };
  struct certificate {
    std::string certificate_file, key_file;
    friend bool operator==(const certificate&, const certificate&) = default;
  };
  std::optional<place> http, https;       // nothing: off
  std::vector<certificate> certificates;  // none: the local authority's
  std::string client_ca;                  // a file; empty: clients need no certificate
  std::size_t threads = 0;                // 0: one a core
  std::string data;                       // a folder; it need not be there
  std::string access_log;                 // a file, `-` for standard output, empty for none
  log_format access_log_format = log_format::combined;
  limits caps;
  bool http2 = true, http3 = true, http3_bbr = false, early_data = true;
  struct edge_options {   // what stands before all handlers
    std::string monitor;  // an address to listen on, as a URL; empty: none
    std::vector<std::string> trusted_proxies;
    forwarded_by proxies_say = forwarded_by::x_forwarded;
    bool healthz = false, metrics = false, request_ids = false, tracing = false, allow_trace = false;
    std::vector<std::string> hosts, cors;
    std::uint16_t redirect_to = 0;      // the port of https; 0: nothing is sent there
    std::optional<std::uint64_t> hsts;  // seconds
    bool hsts_subdomains = false, hsts_preload = false;
    std::size_t rate = 0;  // requests of one address in `rate_seconds`; 0: any number
    std::uint64_t rate_seconds = 0;
    std::string users;  // a file; empty: everybody
    friend bool operator==(const edge_options&, const edge_options&) = default;
  };
  edge_options edge;
  bool list = false;
  bool compress = false;
  bool show = false, frames = false;
  serve_options asked;  // by the command line, for a reload
  std::vector<config_value> from_file;
};

/// Reads the configuration file if there is one; what the command line says wins. Throws `refusal`.
[[nodiscard]] serve_plan make_serve_plan(serve_options options);

/// Throws `refusal` when what only https uses is given, and there is no https.
void check_https_options(const serve_plan& plan, bool https);

/// What a reload would have to change and cannot, as the options' names: empty when all is applied by it.
[[nodiscard]] std::vector<std::string> need_restart(const serve_plan& before, const serve_plan& after);

}  // namespace parley::tool
