// Challenges and credentials (RFC 9110 §11), with the schemes Basic (RFC 7617) and Bearer (RFC 6750). Digest is in `digest_auth.hpp`.
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::semantics {

struct auth_parameter {
  std::string name;   // lower case
  std::string value;  // unquoted
  bool operator==(const auth_parameter&) const = default;
};

/// One challenge of WWW-Authenticate, or the credentials of Authorization: either a token68 or parameters, or neither.
struct auth_value {
  std::string scheme;  // lower case
  std::string token68 = {};
  std::vector<auth_parameter> parameters = {};

  /// The value of that parameter, lower case; null when there is none.
  [[nodiscard]] const std::string* get(std::string_view name) const;
  bool operator==(const auth_value&) const = default;
};

/// So many challenges in one field, and parameters in one of them, are read; with more the field is not valid.
inline constexpr std::size_t max_challenges = 16;
inline constexpr std::size_t max_auth_parameters = 32;

/// All challenges of a WWW-Authenticate or Proxy-Authenticate value, several lines joined by commas. Nothing at a fault, a parameter
/// that comes twice in one challenge included (RFC 9110 §11.2).
[[nodiscard]] std::optional<std::vector<auth_value>> parse_challenges(std::string_view value);
/// The value of Authorization or Proxy-Authorization.
[[nodiscard]] std::optional<auth_value> parse_credentials(std::string_view value);

/// The value of Authorization where a request has one such line; empty where it has none or several, which mean nothing (RFC 9110 §5.3).
[[nodiscard]] std::string_view one_authorization(const parley::fields& request);
/// Whether credentials begin with this scheme, which is in lower case.
[[nodiscard]] bool is_of_scheme(std::string_view authorization, std::string_view scheme);

struct basic_credentials {
  std::string user;
  std::string password;
  bool operator==(const basic_credentials&) const = default;
};

/// RFC 7617 §2. Nothing for another scheme, base64 that is not exact, no colon, or control characters.
[[nodiscard]] std::optional<basic_credentials> parse_basic(std::string_view authorization);
/// The value of Authorization; a sentence, static, when the user has a colon or one of both control characters.
[[nodiscard]] std::expected<std::string, const char*> to_field(const basic_credentials& who);
/// `Basic realm="...", charset="UTF-8"`. The realm has no control characters.
[[nodiscard]] std::string basic_challenge(std::string_view realm);

/// The token of a Bearer field (RFC 6750 §2.1); nothing for another scheme or what is no b64token. A copy: it outlives the field.
[[nodiscard]] std::optional<std::string> parse_bearer(std::string_view authorization);
/// The value of Authorization; a sentence when `token` is none.
[[nodiscard]] std::expected<std::string, const char*> bearer_field(std::string_view token);
/// `Bearer realm="...", error="invalid_token", error_description="..."` (§3). What is empty is left out; `error` is a token.
[[nodiscard]] std::string bearer_challenge(std::string_view realm, std::string_view error = {}, std::string_view description = {});

/// `text` as a quoted string, what has no place in one left out.
[[nodiscard]] std::string auth_quoted(std::string_view text);

}  // namespace parley::semantics
