// What a redirect makes of a request (RFC 9110 §15.4).
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>
#include <parley/response.hpp>
#include <parley/uri.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace parley::fetching {

/// Statuses that say where else to ask, by Location: 301, 302, 303, 307, 308.
[[nodiscard]] bool is_redirect(int status);

/// Where a Location leads from `base` (§10.2.2): bytes that no URI has are taken as browsers take them, escaped; the fragment is `base`'s where
/// it has none. The error is a sentence's end: what is wrong with it.
[[nodiscard]] std::expected<uri, std::string> follow_location(const uri& base, std::string_view location);

/// The method of the next request: after 303 GET unless it was HEAD, after 301 and 302 GET where it was POST; else the same.
[[nodiscard]] method redirected_method(const method& before, int status);

/// Scheme, host and effective port are the same (RFC 6454 §5).
[[nodiscard]] bool same_origin(const uri& a, const uri& b);
/// `https://host:port`, normal and with its port: the name of an origin.
[[nodiscard]] std::string origin_name(const uri& of);

/// Takes away what the next request does not say: of content that is not sent again, and, to another origin, what was meant for this one
/// alone. A Referer goes with any change of the origin, so that no URL of one site is told another.
void strip_redirected(fields& of, bool content_dropped, bool other_origin);

}  // namespace parley::fetching
