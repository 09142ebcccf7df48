// Digest access authentication (RFC 7616): challenge and credentials both ways, and the response. Hashing is the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "semantics/auth.hpp"

namespace parley::semantics {

enum class digest_algorithm : std::uint8_t { md5, md5_sess, sha_256, sha_256_sess, sha_512_256, sha_512_256_sess };

/// `MD5-sess`
[[nodiscard]] std::string_view name_of(digest_algorithm algorithm);
[[nodiscard]] bool is_session(digest_algorithm algorithm);

/// `none` is RFC 2069's: no cnonce, no count. Only a client answers so, and only who offers nothing else.
enum class digest_qop : std::uint8_t { auth, auth_int, none };

/// The hash of the algorithm, as bytes.
using digest_hash = std::function<std::string(std::string_view)>;

/// RFC 7616 §3.3.
struct digest_challenge {
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque = {};  // an empty one is one: it is returned as any other (§3.4)
  digest_algorithm algorithm = digest_algorithm::md5;
  bool auth = true;  // which qop may be chosen; neither: the challenge has none (RFC 2069)
  bool auth_int = false;
  bool stale = false;
  bool utf8 = false;      // charset=UTF-8
  bool userhash = false;  // the user's name may come hashed

  /// Nothing when it is none, lacks realm or nonce, or names an algorithm or qop, none of which is known. Without a qop it is RFC
  /// 2069's, which has no `-sess`.
  [[nodiscard]] static std::optional<digest_challenge> from(const auth_value& value);
  [[nodiscard]] std::string to_text() const;
  bool operator==(const digest_challenge&) const = default;
};

/// The challenge to answer: the strongest among those whose algorithm `supported` takes (RFC 7616 §3.7), the first among equals; null
/// when there is none.
[[nodiscard]] const digest_challenge* strongest(const std::vector<digest_challenge>& challenges,
                                                const std::function<bool(digest_algorithm)>& supported);

/// RFC 7616 §3.4.
struct digest_credentials {
  std::string username;  // hashed where `userhash` says so
  std::string realm;
  std::string uri;  // the request-target
  std::string nonce;
  std::string cnonce;
  std::string response;  // lower-case hexadecimal
  std::optional<std::string> opaque = {};
  digest_algorithm algorithm = digest_algorithm::md5;
  digest_qop qop = digest_qop::auth;
  std::uint32_t count = 1;  // nc: how often the client has used this nonce, this time included
  bool userhash = false;

  /// Nothing when it is none or breaks the rules of §3.4: what is missing, said twice over, or no number.
  [[nodiscard]] static std::optional<digest_credentials> from(const auth_value& value);
  [[nodiscard]] std::string to_text() const;
  bool operator==(const digest_credentials&) const = default;
};

/// H(user:realm:password) in hexadecimal: what a server may keep instead of the password.
[[nodiscard]] std::string digest_secret(std::string_view user, std::string_view realm, std::string_view password,
                                        const digest_hash& hash);
/// The response that credentials must have (§3.4.1), by the secret; `content` counts for `auth-int` alone. To be compared in constant time.
[[nodiscard]] std::string digest_response(const digest_credentials& said, std::string_view secret, std::string_view method,
                                          std::string_view content, const digest_hash& hash);

/// What a client answers: with the user's name hashed where the server takes that, `auth` where that is offered.
[[nodiscard]] digest_credentials answer_digest(const digest_challenge& challenge, std::string_view user, std::string_view password,
                                               std::string_view method, std::string_view uri, std::string_view content,
                                               std::string cnonce, std::uint32_t count, const digest_hash& hash);

}  // namespace parley::semantics
