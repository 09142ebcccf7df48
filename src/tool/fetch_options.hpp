// The options that all client commands share, and what they come to.
#pragma once

#include <parley/uri.hpp>
#include <parley/version.hpp>

#include "tool/agent_options.hpp"
#include "tool/arguments.hpp"
#include "tool/upload.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

/// As written on the command line.
struct fetch_options {
  std::vector<std::string> headers;
  std::vector<given_value> data;  // of -d and --data-urlencode
  std::optional<std::string> json, output, timeout, connect_timeout, unix_socket, cacert, cert, key;
  bool include = false, verbose = false, fail = false, show = false, show_secrets = false, expect = false, insecure = false;
  bool http09 = false, http10 = false, http11 = false, http2 = false, http2_known = false, http3 = false, http3_only = false,
       no_alt_svc = false, early_data = false, push = false, frames = false, path_as_is = false;
  agent_options agent;
};

void declare_fetch_options(arguments& to, fetch_options& options);

/// Checked and complete: what is to be done for each URL.
struct fetch_plan {
  std::string method;
  std::vector<uri> urls;
  std::vector<bool> http_assumed;  // for each: it is http since it was written without a scheme
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<parley::version> version;
  std::shared_ptr<const upload> content;  // null for none
  std::optional<std::chrono::milliseconds> timeout, connect_timeout;
  std::optional<std::string> output, unix_socket, cacert, cert, key;
  bool upgrade = false, http3_first = false, no_alt_svc = false, early_data = false, push = false, frames = false;
  bool include = false, verbose = false, fail = false, show = false, show_secrets = false, expect = false, insecure = false;
  agent_plan agent;
};

/// Throws `refusal` for what cannot be done, or not yet.
[[nodiscard]] fetch_plan make_fetch_plan(std::string method, const std::vector<std::string>& urls, const fetch_options& options);

/// `2`, `0.5`: seconds, above 0. Throws `refusal` that names `option`.
[[nodiscard]] std::chrono::milliseconds parse_seconds(std::string_view option, std::string_view text);

}  // namespace parley::tool
