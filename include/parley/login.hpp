// Who a client is: what it answers when a server or a proxy asks for credentials (RFC 9110 §11).
//
//   auto how = parley::options().login(parley::login::digest("ada", "secret"));
#pragma once

#include <parley/config.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

namespace detail {
class login_state;  // src/client/login_state.hpp
}

/// A handle: copies share what they have learnt of servers, such as Digest's nonces and how often each was used. Safe for any number of
/// threads. It goes to the origin (scheme, host, port) that a fetch asks first and to no other, redirected or not.
class PARLEY_API login {
 public:
  /// Basic (RFC 7617), sent with the first request, unasked. Whoever can read the connection can read the password: over https.
  /// Throws `std::invalid_argument` for a user with a colon and for control characters.
  [[nodiscard]] static login basic(std::string user, std::string password);
  /// Digest (RFC 7616), once the server has asked: MD5, SHA-256, SHA-512-256 and their -sess, the strongest that is offered; `auth`, or
  /// `auth-int` where content is at hand and the server wants it; the name hashed where it takes that. The password does not leave. Later
  /// requests answer unasked, by the nonce that they have. Where the server proves that it knows the password too (rspauth), that is checked.
  [[nodiscard]] static login digest(std::string user, std::string password);
  /// Once the server has asked, the strongest that it offers: Digest, else Basic.
  [[nodiscard]] static login any(std::string user, std::string password);
  /// A bearer token (RFC 6750), sent with the first request. Throws `std::invalid_argument` for what is none.
  [[nodiscard]] static login bearer(std::string_view token);
  /// By Basic, as the file (~/.netrc) says for this host, or by default; nothing when it says nothing. Throws `std::runtime_error` where it cannot
  /// be read.
  [[nodiscard]] static std::optional<login> from_netrc(const std::string& file, std::string_view host);

 private:
  friend class detail::login_state;
  explicit login(std::shared_ptr<detail::login_state> of) : state_(std::move(of)) {}
  std::shared_ptr<detail::login_state> state_;
};

}  // namespace parley
