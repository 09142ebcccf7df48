// The options that `serve`, `demo` and `proxy` share, as they are written.
#pragma once

#include <parley/limits.hpp>

#include "tool/arguments.hpp"
#include "tool/config_place.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// As written, on the command line or in the file; nothing where neither says anything.
struct serve_options {
  std::optional<std::string> http, https, client_ca, threads, data, access_log, access_log_format, config;
  std::vector<std::string> certs, keys;  // the first key is the first certificate's, and so on
  std::vector<std::string> limit;        // NAME=VALUE
  std::vector<config_value> from_file;
  limits caps;  // what the file says; then `limit`
  bool no_http2 = false, no_http3 = false, http3_bbr = false, no_early_data = false;
  std::optional<std::string> monitor, trusted_proxy_field, hsts, rate_limit, users;
  std::vector<std::string> trusted_proxies, hosts, cors;
  bool healthz = false, metrics = false, request_ids = false, tracing = false, allow_trace = false;
  bool redirect_https = false;
  bool list = false;  // of `serve` alone
  bool compress = false;
  bool show = false, frames = false;
};

void declare_serve_options(arguments& to, serve_options& options);

}  // namespace parley::tool
