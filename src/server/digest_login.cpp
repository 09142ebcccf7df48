// Digest at the server (RFC 7616).
#include <parley/auth.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "semantics/auth.hpp"
#include "semantics/constant_time.hpp"
#include "semantics/digest_auth.hpp"
#include "tls/hash.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <deque>
#include <mutex>
#include <span>
#include <unordered_map>

namespace parley {

namespace {

constexpr std::chrono::minutes nonce_life{5};
constexpr std::size_t most_nonces = 8192;  // whose counts are remembered
constexpr std::size_t nonce_size = 64;

std::string sixteen_hex(std::uint64_t n) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, n);
  return text.data();
}

std::uint64_t seconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

semantics::digest_hash hash_for(semantics::digest_algorithm algorithm) {
  const auto kind = algorithm == semantics::digest_algorithm::sha_256 ? tls::hash_kind::sha_256 : tls::hash_kind::md5;
  return [kind](std::string_view text) { return tls::hash_of(kind, text); };
}

task<std::optional<std::string>> find_password(std::shared_ptr<const std::vector<std::pair<std::string, std::string>>> users,
                                               std::string name) {
  std::optional<std::string> found;
  for (const auto& [known, password] : *users) {
    if (semantics::constant_time_equal(known, name)) found = password;
  }
  co_return found;
}

}  // namespace

/// Nonces say by themselves when they were made, and that they are ours; what is remembered of one is which of its counts were used.
struct digest_auth::state {
  std::string realm;
  passwords of;
  bool md5 = false;
  std::array<std::uint64_t, 4> keys{};
  std::string nobodys_password;

  struct used {
    std::uint32_t highest = 0;
    std::uint64_t below = 0;  // a bit for each of the 64 counts before it
  };
  std::mutex mutex;
  std::unordered_map<std::string, used, base::text_hash, std::equal_to<>> counts;
  std::deque<std::string> order;
  std::uint64_t forgotten_until = 0;  // nonces made then or before that are not known were forgotten

  [[nodiscard]] std::string mark_of(std::string_view text) const {
    return sixteen_hex(base::siphash13({keys[0], keys[1]}, text)) + sixteen_hex(base::siphash13({keys[2], keys[3]}, text));
  }
  [[nodiscard]] std::string new_nonce() const {
    std::string nonce = sixteen_hex(seconds_now()) + sixteen_hex(base::system_random().next());
    return nonce + mark_of(nonce);
  }
  /// When it was made; nothing for one that is not ours.
  [[nodiscard]] std::optional<std::uint64_t> made_at(std::string_view nonce) const {
    if (nonce.size() != nonce_size) return std::nullopt;
    if (!semantics::constant_time_equal(mark_of(nonce.substr(0, 32)), nonce.substr(32))) return std::nullopt;
    return std::strtoull(std::string(nonce.substr(0, 16)).c_str(), nullptr, 16);
  }
  /// Whether this count of a nonce comes for the first time. Requests overtake each other, so a little disorder is no repetition.
  [[nodiscard]] bool first_use(const std::string& nonce, std::uint64_t made, std::uint32_t count) {
    const std::lock_guard lock(mutex);
    auto at = counts.find(nonce);
    if (at == counts.end()) {
      if (made <= forgotten_until) return false;
      if (counts.size() >= most_nonces) {
        forgotten_until = std::max(forgotten_until, made_at(order.front()).value_or(0));
        counts.erase(order.front());
        order.pop_front();
      }
      at = counts.emplace(nonce, used{}).first;
      order.push_back(nonce);
    }
    used& seen = at->second;
    if (count > seen.highest) {
      const std::uint32_t up = count - seen.highest;
      seen.below = up < 64 ? seen.below << up | (seen.highest > 0 ? std::uint64_t{1} << (up - 1) : 0)
                           : (up == 64 && seen.highest > 0 ? std::uint64_t{1} << 63 : 0);
      seen.highest = count;
      return true;
    }
    const std::uint32_t back = seen.highest - count;
    if (back == 0 || back > 64 || count == 0) return false;
    const std::uint64_t bit = std::uint64_t{1} << (back - 1);
    if ((seen.below & bit) != 0) return false;
    seen.below |= bit;
    return true;
  }

  [[noreturn]] void ask(bool stale) const {
    semantics::digest_challenge challenge{.realm = realm, .nonce = new_nonce()};
    challenge.algorithm = semantics::digest_algorithm::sha_256;
    challenge.stale = stale;
    challenge.utf8 = true;
    std::string value = challenge.to_text();
    if (md5) {
      challenge.algorithm = semantics::digest_algorithm::md5;
      value += ", " + challenge.to_text();
    }
    problem_error refusal(problem(401).detail("Give a name and a proof of its password (Digest)."));
    refusal.header("WWW-Authenticate", value);
    throw refusal;
  }

  [[nodiscard]] std::optional<semantics::digest_credentials> read(const request& req) const {
    const auto value = semantics::parse_credentials(semantics::one_authorization(req.fields()));
    auto said = value ? semantics::digest_credentials::from(*value) : std::nullopt;
    if (!said || said->realm != realm || said->qop != semantics::digest_qop::auth || said->userhash) return std::nullopt;
    const bool known =
        said->algorithm == semantics::digest_algorithm::sha_256 || (md5 && said->algorithm == semantics::digest_algorithm::md5);
    if (!known) return std::nullopt;
    return said;
  }
};

digest_auth::digest_auth(std::string realm, passwords of) : state_(std::make_shared<state>()) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(realm, control)) throw std::invalid_argument("parley: a realm has no control characters");
  state_->realm = std::move(realm);
  state_->of = std::move(of);
  base::system_random().fill(std::as_writable_bytes(std::span(state_->keys)));
  state_->nobodys_password = sixteen_hex(base::system_random().next()) + sixteen_hex(base::system_random().next());
}

digest_auth::digest_auth(std::string realm, std::vector<std::pair<std::string, std::string>> users)
    : digest_auth(std::move(realm), nullptr) {
  state_->of = [known = std::make_shared<const std::vector<std::pair<std::string, std::string>>>(std::move(users))](
                   std::string name) { return find_password(known, std::move(name)); };
}

digest_auth& digest_auth::md5(bool allowed) {
  state_->md5 = allowed;
  return *this;
}

digest_auth& digest_auth::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}

task<response> digest_auth::operator()(request& req, next go_on) const {
  if (paths_.match(req)) {
    state& s = *state_;
    const auto said = s.read(req);
    if (!said) s.ask(false);
    // RFC 7616 §3.4.6: for this very resource, or who sees it could have others by it.
    if (said->uri != req.target()) throw problem_error(400, "The uri of the Digest credentials is not the request's target.");
    auto asking = s.of(said->username);
    const std::optional<std::string> password = co_await asking;
    const auto hash = hash_for(said->algorithm);
    const std::string secret = semantics::digest_secret(said->username, s.realm, password ? *password : s.nobodys_password, hash);
    const std::string expected = semantics::digest_response(*said, secret, req.method().name(), {}, hash);
    const bool right = semantics::constant_time_equal(expected, said->response) && password.has_value();
    const auto made = s.made_at(said->nonce);
    if (!right || !made) s.ask(right);
    const bool old = *made + static_cast<std::uint64_t>(std::chrono::seconds(nonce_life).count()) < seconds_now();
    if (old || !s.first_use(said->nonce, *made, said->count)) s.ask(true);
    detail::request_access::notes(req).user = said->username;
  }
  auto following = go_on(req);
  response answer = co_await following;
  co_return answer;
}

}  // namespace parley
