#include "semantics/auth.hpp"

#include <parley/auth.hpp>

#include "base/hash.hpp"
#include "connection/message_access.hpp"
#include "semantics/constant_time.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

std::string checked_realm(std::string realm) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(realm, control)) throw std::invalid_argument("parley: a realm has no control characters");
  return realm;
}

[[noreturn]] void challenge(int status, std::string sentence, std::string field) {
  problem_error refusal(problem(status).detail(std::move(sentence)));
  refusal.header("WWW-Authenticate", field);
  throw refusal;
}

task<bearer_verdict> look_among(std::shared_ptr<const std::vector<std::string>> tokens, std::string said) {
  bool known = false;
  // All of them: how long this takes tells nothing.
  for (const std::string& each : *tokens) {
    const bool same = semantics::constant_time_equal(each, said);
    known = known || same;
  }
  co_return known ? bearer_verdict::good({}) : bearer_verdict::invalid();
}

}  // namespace

basic_auth::basic_auth(std::string realm, password_check check)
    : challenge_(semantics::basic_challenge(checked_realm(std::move(realm)))), check_(std::move(check)) {}

basic_auth& basic_auth::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}

task<response> basic_auth::operator()(request& req, next go_on) const {
  if (paths_.match(req)) {
    const auto said = semantics::parse_basic(semantics::one_authorization(req.fields()));
    bool known = false;
    if (said) {
      auto asking = check_(said->user, said->password);
      known = co_await asking;
    }
    if (!known) challenge(401, "Give a name and a password that are known here (Basic).", challenge_);
    detail::request_access::notes(req).user = said->user;
  }
  auto following = go_on(req);
  response answer = co_await following;
  co_return answer;
}

bearer_verdict bearer_verdict::good(std::string user) { return {kind::good, std::move(user)}; }
bearer_verdict bearer_verdict::invalid(std::string description) { return {kind::invalid, std::move(description)}; }
bearer_verdict bearer_verdict::insufficient(std::string scope) { return {kind::insufficient, std::move(scope)}; }

bearer_auth::bearer_auth(std::string realm, check how) : realm_(checked_realm(std::move(realm))), check_(std::move(how)) {}

bearer_auth::bearer_auth(std::string realm, std::vector<std::string> tokens) : realm_(checked_realm(std::move(realm))) {
  for (const std::string& each : tokens) {
    if (!semantics::bearer_field(each))
      throw std::invalid_argument("parley::bearer_auth: a token has letters, digits and -._~+/ alone, and = at its end");
  }
  check_ = [known = std::make_shared<const std::vector<std::string>>(std::move(tokens))](std::string token, const request&) {
    return look_among(known, std::move(token));
  };
}

bearer_auth& bearer_auth::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}

task<response> bearer_auth::operator()(request& req, next go_on) const {
  if (paths_.match(req)) {
    const std::string_view field = semantics::one_authorization(req.fields());
    const auto token = semantics::parse_bearer(field);
    // RFC 6750 §3.1: who gives no credentials, or those of another scheme, made no mistake that there is an error for.
    if (!token && !semantics::is_of_scheme(req.header("Authorization"), "bearer"))
      challenge(401, "Give a token (Bearer).", semantics::bearer_challenge(realm_));
    if (!token) {
      challenge(400, "There is one Authorization field, with a Bearer token.",
                semantics::bearer_challenge(realm_, "invalid_request"));
    }
    auto asking = check_(*token, req);
    const bearer_verdict verdict = co_await asking;
    if (verdict.kind_ == bearer_verdict::kind::invalid) {
      challenge(401, "The token is not valid.", semantics::bearer_challenge(realm_, "invalid_token", verdict.text_));
    }
    if (verdict.kind_ == bearer_verdict::kind::insufficient) {
      std::string value = semantics::bearer_challenge(realm_, "insufficient_scope");
      if (!verdict.text_.empty()) value += ", scope=" + semantics::auth_quoted(verdict.text_);
      challenge(403, "The token is not good for this.", std::move(value));
    }
    if (!verdict.text_.empty()) detail::request_access::notes(req).user = verdict.text_;
  }
  auto following = go_on(req);
  response answer = co_await following;
  co_return answer;
}

}  // namespace parley
