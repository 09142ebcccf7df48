// Cache-Control (RFC 9111 §5.2), written without misprints:
//
//   res.header("Cache-Control", parley::cache_control().public_().max_age(1h).immutable());
#pragma once

#include <parley/config.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace parley {

/// The directives of an answer. What was not said is left out. Times below 0 count as 0.
class PARLEY_API cache_control {
 public:
  /// Any cache may keep it, also where Authorization was sent (§5.2.2.9).
  cache_control& public_();
  /// Only the user's own cache may keep it (§5.2.2.7).
  cache_control& private_();
  /// Nobody may keep it (§5.2.2.5).
  cache_control& no_store();
  /// It may be kept, and must be asked about before each use (§5.2.2.4): with an ETag that costs a 304.
  cache_control& no_cache();
  /// How long it may be used without asking (§5.2.2.1); for shared caches `s_maxage` counts before that (§5.2.2.10).
  cache_control& max_age(std::chrono::seconds time);
  cache_control& s_maxage(std::chrono::seconds time);
  /// Not to be used once it is stale, whatever happens (§5.2.2.2); the second is for shared caches (§5.2.2.8).
  cache_control& must_revalidate();
  cache_control& proxy_revalidate();
  /// Intermediaries may not change the content (§5.2.2.6); nor does our own compression.
  cache_control& no_transform();
  /// It never changes while it is fresh (RFC 8246): for URLs that have a version in them.
  cache_control& immutable();
  /// How long it may be used stale while it is asked for anew (RFC 5861 §3), and where asking fails (§4).
  cache_control& stale_while_revalidate(std::chrono::seconds time);
  cache_control& stale_if_error(std::chrono::seconds time);

  /// As the field has it: `public, max-age=3600, immutable`.
  [[nodiscard]] const std::string& text() const { return text_; }
  operator std::string_view() const { return text_; }  // NOLINT(google-explicit-constructor): so that `header` takes it

 private:
  cache_control& say(std::string_view directive);
  cache_control& say(std::string_view directive, std::chrono::seconds time);
  std::string text_;
};

}  // namespace parley
