// Cookies at a server (RFC 6265bis): what a request brought, and what a response sets.
//
//   app.route("GET /", [](const parley::request& req) {
//     const int visits = std::atoi(std::string(req.cookie("visits").value_or("0")).c_str()) + 1;
//     return parley::text("Visit " + std::to_string(visits))
//         .cookie(parley::cookie("visits", std::to_string(visits)).max_age(24h * 365).secure(req.secure()));
//   });
#pragma once

#include <parley/config.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// Whether a user agent sends a cookie with requests that another site caused (RFC 6265bis §5.8.3).
enum class same_site : std::uint8_t {
  lax,     // only when a link to here is followed: the default
  strict,  // never
  none,    // always; needs Secure
};

/// A cookie of a request: views, which live as long as the request. A pair without `=` has no name.
struct received_cookie {
  std::string_view name;
  std::string_view value;  // as sent, with its quotes if it has any
};

/// A cookie to be set: `Secure; HttpOnly; SameSite=Lax; Path=/` unless something else is said, until the user agent ends.
///
/// The name is a token, the value visible ASCII without quotes, commas, semicolons and backslashes; both together are at most 4096 bytes.
/// What is wrong is said by `response::cookie`. Names that begin with `__Host-` (Secure, path `/`, no domain) and `__Secure-` (Secure) are
/// held to what they promise (RFC 6265bis §4.1.3). Setters chain.
class PARLEY_API cookie {
 public:
  cookie(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}
  /// Has the user agent forget that cookie. Path and domain must be those that it was set with.
  [[nodiscard]] static cookie forgotten(std::string name);

  /// Kept so long, also when the user agent ends; 0 has it forgotten.
  cookie& max_age(std::chrono::seconds age) {
    max_age_ = age;
    return *this;
  }
  /// Kept until then; `max_age`, where it is given too, wins.
  cookie& expires(std::chrono::sys_seconds time) {
    expires_ = time;
    return *this;
  }
  /// Sent for this path and what lies beneath it. Empty: for the folder of the request's path.
  cookie& path(std::string path) {
    path_ = std::move(path);
    return *this;
  }
  /// Sent to this host and those beneath it. Empty, the default: to this very host alone.
  cookie& domain(std::string domain) {
    domain_ = std::move(domain);
    return *this;
  }
  /// Sent by https alone, and kept only when it came so. Default true; for a site that is tried in cleartext: `secure(req.secure())`.
  cookie& secure(bool on) {
    secure_ = on;
    return *this;
  }
  /// Scripts do not see it. Default true.
  cookie& http_only(bool on) {
    http_only_ = on;
    return *this;
  }
  cookie& same_site(parley::same_site rule) {
    same_site_ = rule;
    return *this;
  }
  /// Kept apart for each site that this one is embedded in (CHIPS); needs Secure.
  cookie& partitioned(bool on) {
    partitioned_ = on;
    return *this;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }
  /// The value of its Set-Cookie field. Throws `std::invalid_argument`, saying what has no place in a cookie.
  [[nodiscard]] std::string to_field() const;

 private:
  std::string name_;
  std::string value_;
  std::string path_ = "/";
  std::string domain_;
  std::optional<std::chrono::seconds> max_age_;
  std::optional<std::chrono::sys_seconds> expires_;
  bool secure_ = true;
  bool http_only_ = true;
  bool partitioned_ = false;
  parley::same_site same_site_ = parley::same_site::lax;
};

}  // namespace parley
