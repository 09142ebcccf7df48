// Protection against forged requests (CSRF): what another site has a visitor's browser send.
//
//   app.csrf_protection();
//   ...
//   return parley::html("<form method=post>" + parley::csrf_field(req) + "<button>Order</button></form>");
#pragma once

#include <parley/config.hpp>
#include <parley/hidden_state.hpp>
#include <parley/path_prefixes.hpp>
#include <parley/request.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// What is checked. Chained setters.
///
/// Requests of methods that are not safe (RFC 9110 §9.2.1) must come from this site, as far as Origin and Sec-Fetch-Site tell, and bring the
/// token of `csrf_field` or `csrf_token`; else they are answered 403, with a page that names the way out. The token is looked for in the field
/// `X-CSRF-Token`, else in the form: in all of it for a plain handler, in its first 64 KiB for a task, so let it come before files. The
/// content is still there afterwards, however it is read. Who is logged in (`session::log_in`) needs a token of that very session: what was
/// given out before the login is good no longer, nor again after the logout.
class PARLEY_API csrf_options {
 public:
  /// This path and what is below it (see `path_prefixes::match_surely`) is not checked: an API whose clients send `Authorization: Bearer` and no
  /// cookies. May be called several times. Throws `std::invalid_argument` for what is no path.
  csrf_options& exempt(std::string_view path_prefix) {
    exempt_.add(path_prefix);
    return *this;
  }
  /// What else is not checked. It must not block.
  csrf_options& exempt_if(std::function<bool(const request&)> rule) {
    exempt_if_ = std::move(rule);
    return *this;
  }
  /// Another origin that may send forms here: `https://shop.example`. May be called several times.
  csrf_options& trust(std::string origin) {
    trusted_.push_back(std::move(origin));
    return *this;
  }
  /// The name of the hidden field. Default `csrf_token`.
  csrf_options& field_name(std::string name) {
    field_name_ = std::move(name);
    return *this;
  }
  /// What tokens are signed with; keys from a file keep open pages good across a restart. Default: keys of this process.
  csrf_options& keys(secret_keys keys) {
    keys_ = std::move(keys);
    return *this;
  }

  [[nodiscard]] const path_prefixes& exempt() const { return exempt_; }
  [[nodiscard]] const std::function<bool(const request&)>& exempt_if() const { return exempt_if_; }
  [[nodiscard]] const std::vector<std::string>& trusted() const { return trusted_; }
  [[nodiscard]] const std::string& field_name() const { return field_name_; }
  [[nodiscard]] const secret_keys& keys() const { return keys_; }

 private:
  path_prefixes exempt_;
  std::function<bool(const request&)> exempt_if_;
  std::vector<std::string> trusted_;
  std::string field_name_ = "csrf_token";
  secret_keys keys_;
};

/// `<input type="hidden" ...>`, to be put into each form that posts, before its files. Bound to the session where there is one, else to a
/// `__Host-` cookie that the answer sets; another text each time, so that compression tells nothing of it (BREACH). To be called before the
/// answer's head is sent, and after `session::log_in` where one handler does both. Throws `std::logic_error` without `server::csrf_protection`.
[[nodiscard]] PARLEY_API std::string csrf_field(const request& req);
/// The token alone: for scripts, which send it as `X-CSRF-Token`.
[[nodiscard]] PARLEY_API std::string csrf_token(const request& req);

}  // namespace parley
