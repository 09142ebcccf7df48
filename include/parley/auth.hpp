// Who somebody is: names and passwords (Basic, RFC 7617; Digest, RFC 7616), tokens (Bearer, RFC 6750), at the server.
//
//   app.use(parley::basic_auth("Staff", parley::password_file("/etc/parley/users")).at("/admin"));
//
// Give such paths to https alone (`https_redirect`, parley/hosts.hpp): what Basic and Bearer send is the secret itself.
#pragma once

#include <parley/filter.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/server.hpp>
#include <parley/task.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

/// Whether that password is that name's.
using password_check = std::function<task<bool>(std::string name, std::string password)>;

/// A file of names and hashes of passwords, a line each (`ada:$2y$12$...`; `#` begins a comment): what `htpasswd -B` writes, and all that crypt(5) has
/// with a `$` before it (bcrypt, yescrypt, SHA-512...). Not plain text, `{SHA}`, `$apr1$` and DES, which are no protection or not crypt's.
///
/// A check runs on the pool of `blocking`, 16 at once at most (more: `overloaded`, 503), and takes as long for a name that is not there. What was
/// right is remembered for 10 seconds, as a keyed hash. The file is looked at again for each other check, so a change counts
/// within 10 seconds; one that cannot be read then counts as without users. Copies share all this. Any thread.
class PARLEY_API password_file {
 public:
  /// Throws `std::runtime_error`, saying which file and what is wrong in which line.
  explicit password_file(const std::string& path);
  task<bool> operator()(std::string name, std::string password) const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

/// A middleware that lets nobody pass without a name and a password that `check` takes: 401 with the challenge. The handler finds the name in
/// `request::user`.
class PARLEY_API basic_auth {
 public:
  /// Throws `std::invalid_argument` for a realm with control characters.
  basic_auth(std::string realm, password_check check);
  /// Only for this path and what is below it (see `path_prefixes`); repeatable. Default: everything.
  basic_auth& at(std::string_view prefix);
  task<response> operator()(request& req, next go_on) const;

 private:
  std::string challenge_;
  password_check check_;
  path_prefixes paths_;
};

/// A middleware that lets nobody pass without a name and a proof that its password is known (Digest, RFC 7616): 401 with the challenge. The password itself is
/// not sent; but it must lie here as it is, and SHA-256 is fast to guess by, so over TLS Basic with a `password_file` is the better choice. What is checked:
/// realm, target, `qop=auth`, a nonce of ours that is no older than 5 minutes (else `stale=true`), and that its count was not used before.
class PARLEY_API digest_auth {
 public:
  /// The password of that name; nothing when there is no such name.
  using passwords = std::function<task<std::optional<std::string>>(std::string name)>;
  digest_auth(std::string realm, passwords of);
  digest_auth(std::string realm, std::vector<std::pair<std::string, std::string>> users);
  /// Also MD5, for clients that have nothing else. Default: SHA-256 alone. Before it is used.
  digest_auth& md5(bool allowed = true);
  digest_auth& at(std::string_view prefix);
  task<response> operator()(request& req, next go_on) const;

  struct state;

 private:
  std::shared_ptr<state> state_;
  path_prefixes paths_;
};

/// What a token is worth.
class PARLEY_API bearer_verdict {
 public:
  /// It is good, and this user's (`request::user`).
  static bearer_verdict good(std::string user);
  /// It is not, or not any more: 401 with `error="invalid_token"`.
  static bearer_verdict invalid(std::string description = {});
  /// It is, but not for this: 403 with `error="insufficient_scope"`; `scope` is what would do.
  static bearer_verdict insufficient(std::string scope = {});

 private:
  friend class bearer_auth;
  enum class kind : unsigned char { good, invalid, insufficient };
  bearer_verdict(kind which, std::string text) : kind_(which), text_(std::move(text)) {}
  kind kind_;
  std::string text_;
};

/// A middleware that lets nobody pass without a token that counts (Authorization: Bearer). Tokens in forms or in the query are not read
/// (RFC 6750 §2.2, §2.3 have them, and advise against it).
class PARLEY_API bearer_auth {
 public:
  using check = std::function<task<bearer_verdict>(std::string token, const request& req)>;
  bearer_auth(std::string realm, check how);
  /// These tokens, compared in a time that does not depend on which or how much of one is right.
  bearer_auth(std::string realm, std::vector<std::string> tokens);
  bearer_auth& at(std::string_view prefix);
  task<response> operator()(request& req, next go_on) const;

 private:
  std::string realm_;
  check check_;
  path_prefixes paths_;
};

}  // namespace parley
