#include "client/call.hpp"
#include "client/errors.hpp"
#include "client/login_state.hpp"
#include "client/pool.hpp"
#include "client/tunnel_stream.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

// Through a proxy's tunnel to a server: a CONNECT on a connection of this pool, and TLS with the server within it.

namespace parley::fetching {

namespace {

using call_to_proxy = std::shared_ptr<call>;

// The connect timeout of the fetch covers all of it.
constexpr std::chrono::hours no_own_limit{24};
// The first, one for a connection that had been closed meanwhile, and two for Digest, whose nonce may be old.
constexpr int most_tries = 4;

const options& tunnel_options() {
  static const options how = options().streamed();
  return how;
}

/// Asks, and waits for the head of the answer.
task<> ask(call_to_proxy c, plan& what) {
  c->begin(what);
  call::wait head(*c, call::condition::answered);
  co_await head;
}

/// Decides what an answer means for the next try.
class tunnel_tries {
 public:
  explicit tunnel_tries(const origin& to) : to_(to) {
    const proxy_way& by = *to.via;
    if (by.user.empty() && by.password.empty()) return;
    login_ = std::make_unique<detail::login_state>(detail::login_state::scheme::any, by.user, by.password, std::string());
  }

  [[nodiscard]] plan next() {
    plan what = make_tunnel_plan(to_);
    if (answer_) {
      what.head.fields.set("Proxy-Authorization", answer_->field);
    } else if (const auto basic = what.head.fields.get("Proxy-Authorization")) {
      answer_ = detail::sent_credentials{std::string(*basic)};
    }
    target_ = std::string(what.head.target());
    ++made_;
    return what;
  }
  [[nodiscard]] const wish& wanted() const { return wanted_; }

  /// The connection had gone stale before it was answered.
  [[nodiscard]] bool again_after(const call& c) {
    if (made_ >= most_tries || wanted_.fresh || !(c.stale() || c.refused())) return false;
    wanted_.fresh = true;
    wanted_.after = c.on().on().id();
    return true;
  }
  /// It wants other credentials, and there are some.
  [[nodiscard]] bool again_after(const semantics::response_head& refusal) {
    static const std::string nothing;
    if (refusal.status != 407 || !login_ || made_ >= most_tries) return false;
    const std::string challenges = refusal.fields.joined("Proxy-Authenticate");
    auto made = login_->answer("proxy", challenges, {"CONNECT", target_, &nothing}, answer_);
    if (!made || !made->digest) return false;  // Basic was sent already
    answer_ = std::move(made);
    return true;
  }

 private:
  const origin& to_;
  std::unique_ptr<detail::login_state> login_;
  std::optional<detail::sent_credentials> answer_;
  std::string target_;
  wish wanted_;
  int made_ = 0;
};

}  // namespace

task<opened_stream> pool::open_tunnel(const origin& to, const connect_report& report, progress& at) {
  tunnel_tries tries(to);
  std::unique_ptr<net::byte_stream> stream;
  while (!stream) {
    plan what = tries.next();
    auto acquiring = acquire(what.to, tries.wanted(), no_own_limit, at);
    lease on = co_await acquiring;
    at.at = step::tunnelling;
    const auto c = std::make_shared<call>(shared_from_this(), std::move(on), what, tunnel_options());
    auto asking = ask(c, what);
    parley::detail::end_awaiter<void> end(asking);
    co_await end;
    parley::detail::outcome<void> asked = parley::detail::take_outcome(asking);
    if (!asked || !c->is(call::condition::answered) || c->lost()) {
      if (tries.again_after(*c)) continue;
      if (!asked) std::rethrow_exception(asked.error());
      c->check();
    }
    const semantics::response_head& answer = c->head();
    if (answer.status / 100 != 2) {
      if (tries.again_after(answer)) continue;
      throw tunnel_refused(to, answer);
    }
    const net::endpoint far{to.host, to.port, false};
    report.tunnelled(far, c->on().on().id(), c->id());
    stream = make_tunnel_stream(loop_, c, far);
  }
  auto securing = secure_stream(loop_, to, std::move(stream), *settings_.tls, report, at);
  opened_stream made = co_await securing;
  co_return made;
}

}  // namespace parley::fetching
