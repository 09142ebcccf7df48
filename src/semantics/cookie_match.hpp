// Which cookies belong to which URL (RFC 6265 §5.1.2 to §5.1.4, 6265bis the same).
#pragma once

#include <parley/uri.hpp>

#include <string>
#include <string_view>

namespace parley::semantics {

/// What cookies need to know of a request's URL.
struct cookie_url {
  std::string host;     // lower case, without brackets
  std::string path;     // as sent, without query; `/` at least
  bool secure = false;  // https or wss

  [[nodiscard]] static cookie_url of(const parley::uri& url);
};

/// §5.1.3: the same, or `host` ends with `.domain` and is no address. Both in lower case, `domain` without leading dot.
[[nodiscard]] bool domain_matches(std::string_view host, std::string_view domain);
/// §5.1.4: the same, or `path` goes on behind a slash where `cookie_path` ends.
[[nodiscard]] bool path_matches(std::string_view path, std::string_view cookie_path);
/// §5.1.4: the path of a request up to its last slash, without it; `/` where there is nothing else.
[[nodiscard]] std::string_view default_path(std::string_view path);

/// Whether a host is an IPv4 or IPv6 address, without brackets.
[[nodiscard]] bool is_address(std::string_view host);

}  // namespace parley::semantics
