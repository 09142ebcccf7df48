// Cache-Control of requests and responses (RFC 9111 §5.2, RFC 5861, RFC 8246), both ways.
#pragma once

#include <parley/fields.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

struct cache_control {
  std::optional<std::chrono::seconds> max_age = {};
  std::optional<std::chrono::seconds> s_maxage = {};
  std::optional<std::chrono::seconds> stale_while_revalidate = {};
  std::optional<std::chrono::seconds> stale_if_error = {};
  std::optional<std::chrono::seconds> max_stale = {};  // `max` for one without a time: however stale
  std::optional<std::chrono::seconds> min_fresh = {};
  bool no_store = false;
  bool no_cache = false;
  std::vector<std::string> no_cache_fields = {};  // `no-cache` concerns these fields alone; empty: all
  bool no_transform = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool private_ = false;
  std::vector<std::string> private_fields = {};  // the same for `private`
  bool public_ = false;
  bool immutable = false;
  bool only_if_cached = false;

  bool operator==(const cache_control&) const = default;
};

/// What is longer counts as that (RFC 9111 §1.2.2).
inline constexpr std::chrono::seconds longest_cache_time{std::chrono::seconds::rep{1} << 31};

/// Reads one value, or several lines joined. Directives that are unknown do not count; of one that is repeated the first counts; a
/// time that is none is 0, so that what it describes is stale (§4.2.1). After a fault of the list nothing more is read.
[[nodiscard]] cache_control parse_cache_control(std::string_view value);

/// `max-age=60, public`; empty when nothing is said. Negative times are written as 0. Names of fields are tokens.
[[nodiscard]] std::string to_text(const cache_control& said);

}  // namespace parley::semantics
