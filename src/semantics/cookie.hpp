// Cookies at the server: Cookie is read tolerantly, Set-Cookie written strictly (RFC 6265bis §4; RFC 6265 §4).
#pragma once

#include <parley/fields.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

/// So many pairs of one Cookie line are read; what follows is as if it were not there. User agents keep fewer for one site.
inline constexpr std::size_t max_cookie_pairs = 512;

/// RFC 6265bis §5.6: more than that in name and value together is no cookie, and an attribute's value that is longer does not count.
inline constexpr std::size_t max_cookie_pair = 4096;
inline constexpr std::size_t max_cookie_attribute = 1024;

struct cookie_pair {
  std::string_view name;   // empty for a pair without `=`
  std::string_view value;  // as sent, with its quotes if it has any: they belong to it (RFC 6265bis §5.6)
};

/// Reads the pairs of one Cookie value, whatever user agents send: empty ones are passed over, blanks around names and values do not
/// count.
class cookie_reader {
 public:
  explicit cookie_reader(std::string_view value) : rest_(value) {}
  std::optional<cookie_pair> next();

 private:
  std::string_view rest_;
  std::size_t read_ = 0;
};

/// The value of the first cookie of that name in all Cookie lines: among several the one with the longest path (RFC 6265 §5.4).
/// Names have case. A view into `f`.
[[nodiscard]] std::optional<std::string_view> find_cookie(const parley::fields& f, std::string_view name);

enum class same_site_rule : std::uint8_t { unset, lax, strict, none };

/// What a Set-Cookie field says.
struct set_cookie {
  std::string name;
  std::string value;
  std::string path = "/";   // empty: the user agent makes one of the request's path
  std::string domain = {};  // empty: this host alone
  std::optional<std::chrono::seconds> max_age = {};
  std::optional<std::chrono::sys_seconds> expires = {};
  bool secure = true;
  bool http_only = true;
  bool partitioned = false;
  same_site_rule same_site = same_site_rule::lax;
};

/// The value of the Set-Cookie field, or a sentence, static, that says what has no place in it: RFC 6265bis §4.1.1's grammar, the
/// sizes above, and the rules that user agents hold: `__Secure-` needs Secure; `__Host-` needs Secure, the path `/` and no domain;
/// SameSite=None and Partitioned need Secure.
[[nodiscard]] std::expected<std::string, const char*> to_field(const set_cookie& cookie);

/// The Set-Cookie that has a user agent forget that cookie: same name, path and domain, no value, in the past.
[[nodiscard]] set_cookie removal_of(set_cookie cookie);

/// Whether a name has the prefix, of any case (RFC 6265bis §4.1.3).
[[nodiscard]] bool has_secure_prefix(std::string_view name);
[[nodiscard]] bool has_host_prefix(std::string_view name);

}  // namespace parley::semantics
