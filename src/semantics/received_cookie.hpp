// Set-Cookie as user agents read it (RFC 6265bis §5.6): nearly anything is a cookie.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "semantics/cookie.hpp"

namespace parley::semantics {

/// RFC 6265bis §5.5: no cookie is kept longer than that.
inline constexpr std::chrono::seconds cookie_age_limit = std::chrono::days{400};

struct received_cookie {
  std::string name;  // may be empty
  std::string value;
  std::optional<std::string> domain;                // lower case, without leading dot; empty when the last Domain was
  std::optional<std::string> path;                  // nothing when the last Path did not begin with a slash
  std::optional<std::chrono::sys_seconds> expires;  // Max-Age before Expires; nothing: until the session ends
  bool secure = false;
  bool http_only = false;
  bool partitioned = false;
  same_site_rule same_site = same_site_rule::unset;
};

/// What a Set-Cookie value says at the time `now`; a sentence, static, when it is to be ignored: controls, nothing in it, too long.
[[nodiscard]] std::expected<received_cookie, const char*> parse_set_cookie(std::string_view field, std::chrono::sys_seconds now);

}  // namespace parley::semantics
