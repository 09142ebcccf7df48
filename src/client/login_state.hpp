// What is behind a login: the credentials, and what was learnt of servers that want them.
#pragma once

#include "semantics/auth.hpp"
#include "semantics/digest_auth.hpp"

#include <parley/login.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::detail {

/// A request as its credentials see it.
struct asked_message {
  std::string_view method;
  std::string_view target;
  const std::string* content = nullptr;  // null where it is not at hand; then `auth-int` cannot be
};

/// What went with a request.
struct sent_credentials {
  std::string field;  // the value of Authorization
  std::optional<semantics::digest_credentials> digest = {};
  bool asked = false;  // the server had asked for it just before
};

/// Any thread. `where` names the protection space: an origin.
class login_state {
 public:
  enum class scheme : std::uint8_t { basic, digest, any, bearer };
  login_state(scheme which, std::string user, std::string password, std::string field)
      : scheme_(which), user_(std::move(user)), password_(std::move(password)), field_(std::move(field)) {}
  [[nodiscard]] static const std::shared_ptr<login_state>& of(const login& who) { return who.state_; }

  /// What is sent unasked, if anything is.
  [[nodiscard]] std::optional<sent_credentials> unasked(const std::string& where, const asked_message& what);
  /// The answer to a 401's (or 407's) challenges, if there is one that has not just been refused: `before` was sent, if anything was.
  [[nodiscard]] std::optional<sent_credentials> answer(const std::string& where, std::string_view challenges,
                                                       const asked_message& what, const std::optional<sent_credentials>& before);
  /// What Authentication-Info says to what was sent (RFC 7616 §3.5); false: the server proves that it does not know the password.
  [[nodiscard]] bool learn(const std::string& where, std::string_view info, const sent_credentials& sent);

 private:
  struct space {
    semantics::digest_challenge challenge;
    std::string cnonce;       // one for each nonce, as -sess wants it
    std::uint32_t count = 0;  // how often the nonce was used
  };
  sent_credentials respond(space& in, const asked_message& what) const;
  [[nodiscard]] std::optional<semantics::digest_challenge> choose(const std::vector<semantics::auth_value>& all,
                                                                  const asked_message& what) const;

  const scheme scheme_;
  const std::string user_, password_;
  const std::string field_;  // Basic and Bearer: all that is ever said
  std::mutex mutex_;
  std::map<std::string, space, std::less<>> spaces_;
};

/// The hash of a Digest algorithm.
[[nodiscard]] semantics::digest_hash hash_for(semantics::digest_algorithm which);

}  // namespace parley::detail
