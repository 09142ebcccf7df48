#include "client/login_state.hpp"

#include "base/number.hpp"
#include "base/random.hpp"
#include "semantics/constant_time.hpp"
#include "tls/hash.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

using login_scheme = detail::login_state::scheme;

std::string basic_value(const std::string& user, const std::string& password) {
  auto field = semantics::to_field(semantics::basic_credentials{user, password});
  if (!field) throw std::invalid_argument(std::string("these credentials cannot be sent: ") + field.error());
  return std::move(*field);
}

void refuse_controls(std::string_view text) {
  const bool control = std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (control) throw std::invalid_argument("these credentials cannot be sent: there is a control character in them");
}

std::string fresh_cnonce() {
  std::string text;
  for (int i = 0; i < 2; ++i) base::append_hex(text, base::system_random().next());
  return text;
}

// So many servers are remembered by one login; the protection spaces of more are asked anew.
constexpr std::size_t most_spaces = 64;

}  // namespace

login login::basic(std::string user, std::string password) {
  std::string field = basic_value(user, password);
  return login(std::make_shared<detail::login_state>(login_scheme::basic, std::move(user), std::move(password), std::move(field)));
}

login login::digest(std::string user, std::string password) {
  refuse_controls(user);
  refuse_controls(password);
  return login(std::make_shared<detail::login_state>(login_scheme::digest, std::move(user), std::move(password), std::string()));
}

login login::any(std::string user, std::string password) {
  std::string field = basic_value(user, password);
  return login(std::make_shared<detail::login_state>(login_scheme::any, std::move(user), std::move(password), std::move(field)));
}

login login::bearer(std::string_view token) {
  auto field = semantics::bearer_field(token);
  if (!field) throw std::invalid_argument(std::string("this token cannot be sent: ") + field.error());
  return login(std::make_shared<detail::login_state>(login_scheme::bearer, std::string(), std::string(), std::move(*field)));
}

}  // namespace parley

namespace parley::detail {

semantics::digest_hash hash_for(semantics::digest_algorithm which) {
  using semantics::digest_algorithm;
  tls::hash_kind kind = tls::hash_kind::md5;
  if (which == digest_algorithm::sha_256 || which == digest_algorithm::sha_256_sess) kind = tls::hash_kind::sha_256;
  if (which == digest_algorithm::sha_512_256 || which == digest_algorithm::sha_512_256_sess) kind = tls::hash_kind::sha_512_256;
  return [kind](std::string_view bytes) { return tls::hash_of(kind, bytes); };
}

namespace {

// auth-int covers the content, which must be there.
bool answerable(const semantics::digest_challenge& challenge, const asked_message& what) {
  return challenge.auth || !challenge.auth_int || what.content != nullptr;
}

}  // namespace

sent_credentials login_state::respond(space& in, const asked_message& what) const {
  const std::string_view content = what.content != nullptr ? std::string_view(*what.content) : std::string_view();
  semantics::digest_credentials said = semantics::answer_digest(in.challenge, user_, password_, what.method, what.target, content,
                                                                in.cnonce, ++in.count, hash_for(in.challenge.algorithm));
  std::string field = said.to_text();
  return {std::move(field), std::move(said)};
}

std::optional<sent_credentials> login_state::unasked(const std::string& where, const asked_message& what) {
  if (scheme_ == scheme::basic || scheme_ == scheme::bearer) return sent_credentials{field_};
  const std::lock_guard lock(mutex_);
  const auto known = spaces_.find(where);
  if (known == spaces_.end()) return std::nullopt;
  if (!answerable(known->second.challenge, what)) return std::nullopt;
  return respond(known->second, what);
}

std::optional<semantics::digest_challenge> login_state::choose(const std::vector<semantics::auth_value>& all,
                                                               const asked_message& what) const {
  std::vector<semantics::digest_challenge> offered;
  for (const semantics::auth_value& each : all) {
    if (each.scheme != "digest") continue;
    auto one = semantics::digest_challenge::from(each);
    if (one && answerable(*one, what)) offered.push_back(std::move(*one));
  }
  const auto* best = semantics::strongest(offered, [](semantics::digest_algorithm) { return true; });
  return best != nullptr ? std::optional(*best) : std::nullopt;
}

std::optional<sent_credentials> login_state::answer(const std::string& where, std::string_view challenges,
                                                    const asked_message& what, const std::optional<sent_credentials>& before) {
  if (scheme_ == scheme::basic || scheme_ == scheme::bearer) return std::nullopt;  // it was sent, and refused
  const auto all = semantics::parse_challenges(challenges);
  if (!all) return std::nullopt;
  if (auto chosen = choose(*all, what)) {
    // What answered a challenge and was refused is wrong, unless its nonce was merely old (RFC 7616 §3.3); what went unasked may have
    // been for a nonce that the server has forgotten.
    if (before && before->asked && !chosen->stale) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (spaces_.size() >= most_spaces && !spaces_.contains(where)) spaces_.erase(spaces_.begin());
    space& here = spaces_.insert_or_assign(where, space{std::move(*chosen), fresh_cnonce()}).first->second;
    sent_credentials made = respond(here, what);
    made.asked = true;
    return made;
  }
  const bool basic = std::ranges::any_of(*all, [](const semantics::auth_value& each) { return each.scheme == "basic"; });
  if (scheme_ != scheme::any || !basic || before) return std::nullopt;
  return sent_credentials{field_, std::nullopt, true};
}

bool login_state::learn(const std::string& where, std::string_view info, const sent_credentials& sent) {
  if (!sent.digest || info.empty()) return true;
  // Parameters as credentials have them, without a scheme.
  const auto said = semantics::parse_credentials("Digest " + std::string(info));
  if (!said) return true;
  const std::string* const proof = said->get("rspauth");
  // With auth-int it covers the content of the answer too, which is not here yet.
  if (proof != nullptr && sent.digest->qop == semantics::digest_qop::auth) {
    const semantics::digest_hash hash = hash_for(sent.digest->algorithm);
    const std::string secret = semantics::digest_secret(user_, sent.digest->realm, password_, hash);
    const std::string expected = semantics::digest_response(*sent.digest, secret, {}, {}, hash);
    if (!semantics::constant_time_equal(*proof, expected)) return false;
  }
  if (const std::string* const next = said->get("nextnonce"); next != nullptr && !next->empty()) {
    const std::lock_guard lock(mutex_);
    const auto known = spaces_.find(where);
    if (known != spaces_.end() && known->second.challenge.nonce == sent.digest->nonce) {
      known->second.challenge.nonce = *next;
      known->second.cnonce = fresh_cnonce();
      known->second.count = 0;
    }
  }
  return true;
}

}  // namespace parley::detail
