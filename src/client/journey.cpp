#include "client/journey.hpp"

#include "base/ascii.hpp"
#include "client/attempt.hpp"
#include "client/errors.hpp"
#include "client/login_state.hpp"
#include "client/proxy_choice.hpp"
#include "client/read_content.hpp"
#include "client/redirect.hpp"
#include "connection/message_access.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::fetching {

namespace {

using journey_reason = fetch_error::kind;

// Digest may take two answers: by the nonce that was at hand, and by the new one where that had grown old (RFC 7616 §3.3).
constexpr int most_logins = 2;
constexpr std::string_view accepted_codings = "br, zstd, gzip";

const detail::agent_settings& settings_of(const options& how) {
  static const detail::agent_settings none;
  return how.agent() != nullptr ? *how.agent() : none;
}

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// A URL for messages: what follows the path may be a secret.
std::string shown(const uri& url) {
  std::string text = url.without_fragment().to_string();
  if (const std::size_t query = text.find('?'); query != text.npos) text = text.substr(0, query) + "?...";
  return text.substr(0, 300);
}

/// The state of one journey, and what each leg of it needs.
class journey {
 public:
  journey(request&& req, const options& how, std::optional<cookie_jar> jar)
      : agent_(settings_of(how)), how_(how), jar_(agent_.jar ? agent_.jar : std::move(jar)), method_(req.method()),
        url_(url_of(req)), whole_server_(req.target() == "*"), content_(take_content(req)), fields_(std::move(req.fields())),
        home_(origin_name(url_)) {
    how_.streamed(true);
  }
  journey(const journey&) = delete;
  journey& operator=(const journey&) = delete;

  [[nodiscard]] const options& how() const { return how_; }
  [[nodiscard]] const detail::agent_settings& agent() const { return agent_; }
  [[nodiscard]] const parley::method& asked() const { return method_; }

  /// The next request.
  [[nodiscard]] plan next();
  /// It has left: what content is there once more?
  void sent(plan& what);
  /// False: it is not the last answer, and another request follows. Throws `fetch_error`.
  [[nodiscard]] bool arrived(const response& got);

 private:
  static uri url_of(const request& req);
  [[nodiscard]] request make_request() const;
  void add_cookies(fields& to);
  void add_login(plan& to);
  void use_proxy(plan& of);
  [[nodiscard]] detail::asked_message message() const;
  void learn(const response& got);
  [[nodiscard]] bool log_in(const response& got);
  [[nodiscard]] bool log_in_at_proxy(const response& got);
  void follow(const response& got);
  void notice_circle();

  const detail::agent_settings& agent_;
  options how_;
  std::optional<cookie_jar> jar_;
  parley::method method_;
  uri url_;
  bool whole_server_;  // OPTIONS *
  message_content content_;
  fields fields_;       // the user's own
  std::string home_;    // the origin that was asked first: the login is for it alone
  std::string target_;  // as sent
  std::string cookies_;
  std::optional<detail::sent_credentials> sent_, next_;
  std::shared_ptr<detail::login_state> proxy_login_;
  std::optional<detail::sent_credentials> proxy_sent_, proxy_next_;
  int logins_ = 0;
  int proxy_logins_ = 0;
  unsigned hops_ = 0;
  std::vector<std::string> seen_;
};

uri journey::url_of(const request& req) {
  const std::string_view authority = parley::detail::request_access::url_authority(req);
  std::string text = std::string(req.scheme()) + "://" + std::string(authority);
  if (req.target() != "*") text += req.target();
  auto parsed = uri::parse(text);
  if (authority.empty() || !parsed) {
    throw fetch_error(journey_reason::bad_url,
                      std::string(req.target()) + " names no host; give a whole URL such as http://localhost:8080/hello");
  }
  return std::move(*parsed);
}

request journey::make_request() const {
  // OPTIONS of a URL without a path is about the server, with one about what it names.
  std::string text = url_.without_fragment().to_string();
  if (!whole_server_ && url_.path().empty() && !url_.has_query()) text += '/';
  request req(method_, text);
  req.fields() = fields_;
  return req;
}

void journey::add_cookies(fields& to) {
  if (!jar_) return;
  cookies_ = jar_->field_for(url_);
  if (cookies_.empty()) return;
  const std::string own = to.joined("Cookie");
  to.set("Cookie", own.empty() ? cookies_ : own + "; " + cookies_);
}

detail::asked_message journey::message() const {
  static const std::string nothing;
  const bool none = content_.length.what == engine::content_length::kind::none;
  return {method_.name(), target_, none ? &nothing : content_.bytes.get()};
}

void journey::add_login(plan& to) {
  sent_.reset();
  target_ = std::string(to.head.target());
  if (!agent_.who || origin_name(url_) != home_ || to.head.fields.contains("Authorization")) return;
  sent_ = next_ ? std::exchange(next_, std::nullopt) : detail::login_state::of(*agent_.who)->unasked(home_, message());
  if (sent_) to.head.fields.set("Authorization", sent_->field);
}

void journey::use_proxy(plan& of) {
  const std::string named = proxy_for(url_, agent_, environment_variable);
  // What only the environment names is not for a socket of this machine.
  if (named.empty() || (agent_.proxy.empty() && !of.to.unix_socket.empty())) return;
  auto way = parse_proxy(named);
  if (!way) throw fetch_error(journey_reason::bad_url, "the environment names a proxy that cannot be used: " + way.error());
  way->verify = !std::as_const(how_).insecure();
  if (!way->user.empty() && !proxy_login_) {
    proxy_login_ = std::make_shared<detail::login_state>(detail::login_state::scheme::any, way->user, way->password, std::string());
  }
  send_by_proxy(of, std::move(*way), how_);
  if (of.to.relays != relaying::requests) return;
  if (proxy_next_) {
    proxy_sent_ = std::exchange(proxy_next_, std::nullopt);
    of.head.fields.set("Proxy-Authorization", proxy_sent_->field);
  } else if (const auto basic = of.head.fields.get("Proxy-Authorization")) {
    proxy_sent_ = detail::sent_credentials{std::string(*basic)};
  }
}

plan journey::next() {
  request req = make_request();
  add_cookies(req.fields());
  // A part of a coded representation cannot be decoded.
  if (agent_.decode && !req.fields().contains("Accept-Encoding") && !req.fields().contains("Range")) {
    req.fields().add("Accept-Encoding", accepted_codings);
  }
  if (agent_.digests && !req.fields().contains("Want-Content-Digest"))
    req.fields().add("Want-Content-Digest", "sha-256=5, sha-512=3");
  // Both may stand behind the content (RFC 9530 §2), where only who asks for trailers gets them (RFC 9110 §6.5.1).
  const bool has_trailers = how_.version().value_or(http1_1) >= http1_1;
  if (agent_.digests && has_trailers && !req.fields().contains("TE")) req.fields().add("TE", "trailers");
  message_content with{content_.length, content_.bytes, std::exchange(content_.producer, nullptr), content_.repeatable};
  plan made = make_plan(std::move(req), std::move(with), how_);
  add_login(made);
  use_proxy(made);
  notice_circle();
  return made;
}

void journey::sent(plan& what) {
  // A producer that was called and cannot be called again is gone.
  content_.producer = std::move(what.producer);
}

void journey::notice_circle() {
  if (agent_.redirects == 0) return;
  std::string asked = std::string(method_.name()) + ' ' + url_.without_fragment().normalized().to_string() + '\n' + cookies_;
  if (sent_) asked += '\n' + sent_->field;
  if (proxy_sent_) asked += '\n' + proxy_sent_->field;
  if (std::ranges::find(seen_, asked) != seen_.end()) {
    throw fetch_error(journey_reason::redirect,
                      "the redirects go round in circles: " + shown(url_) + " was asked before, and led here");
  }
  seen_.push_back(std::move(asked));
}

void journey::learn(const response& got) {
  // RFC 9110 §15.5.8: a 407 is the proxy's, which has no say in the site's cookies.
  if (jar_ && got.status() != 407) {
    for (const std::string_view each : got.fields().get_all("Set-Cookie")) static_cast<void>(jar_->store(each, url_));
  }
  if (sent_ && agent_.who &&
      !detail::login_state::of(*agent_.who)->learn(home_, got.fields().joined("Authentication-Info"), *sent_)) {
    throw fetch_error(
        journey_reason::login,
        "the answer of " + shown(url_) +
            " does not prove that its server knows the password (rspauth, RFC 7616 §3.5): somebody else may have answered");
  }
}

bool journey::log_in(const response& got) {
  if (got.status() != 401 || !agent_.who || origin_name(url_) != home_ || fields_.contains("Authorization")) return false;
  if (logins_ >= most_logins || !content_.at_hand()) return false;
  next_ = detail::login_state::of(*agent_.who)->answer(home_, got.fields().joined("WWW-Authenticate"), message(), sent_);
  if (!next_) return false;
  ++logins_;
  return true;
}

bool journey::log_in_at_proxy(const response& got) {
  if (got.status() != 407 || !proxy_login_ || proxy_logins_ >= most_logins || !content_.at_hand()) return false;
  const std::string whole = url_.without_fragment().to_string();
  detail::asked_message what = message();
  what.target = whole;
  proxy_next_ = proxy_login_->answer("proxy", got.fields().joined("Proxy-Authenticate"), what, proxy_sent_);
  // Basic was sent already.
  if (!proxy_next_ || !proxy_next_->digest) return false;
  ++proxy_logins_;
  return true;
}

bool journey::arrived(const response& got) {
  learn(got);
  if (log_in(got) || log_in_at_proxy(got)) return false;
  // Browsers and curl take an empty one for none; as a reference it would lead back here, for ever.
  if (agent_.redirects == 0 || !is_redirect(got.status()) || got.fields().joined("Location").empty()) return true;
  follow(got);
  return false;
}

void journey::follow(const response& got) {
  const auto refuse = [&](const std::string& why) {
    throw fetch_error(journey_reason::redirect, shown(url_) + " redirects " + why);
  };
  const auto places = got.fields().get_all("Location");
  const bool one = std::ranges::all_of(places, [&](std::string_view each) { return each == places.front(); });
  if (!one) refuse("to several places at once (" + std::to_string(places.size()) + " Location fields)");
  if (hops_ >= agent_.redirects) {
    refuse("once more, after " + std::to_string(hops_) + (hops_ == 1 ? " redirect" : " redirects") +
           " that were followed (options::redirects)");
  }
  auto target = follow_location(url_, places.front());
  if (!target) refuse("to what is refused: " + target.error());
  const bool downgrade = base::iequals(url_.scheme(), "https") && base::iequals(target->scheme(), "http");
  if (downgrade && !agent_.downgrades) {
    refuse("from https to http (" + shown(*target) +
           "), where others can read and change what is sent; options::redirects can allow it");
  }
  const parley::method next_method = redirected_method(method_, got.status());
  const bool drops_content = !(next_method == method_);
  if (!drops_content && !content_.at_hand()) {
    refuse("with " + std::to_string(got.status()) +
           ", so its content is to be sent again, but that was produced once and is gone (request::repeatable)");
  }
  if (drops_content) content_ = {};
  strip_redirected(fields_, drops_content, !same_origin(url_, *target));
  method_ = next_method;
  url_ = std::move(*target);
  whole_server_ = false;
  next_.reset();
  logins_ = 0;
  ++hops_;
}

}  // namespace

task<response> travel(std::shared_ptr<pool> through, request req, const options& how, std::optional<cookie_jar> jar, plan& what,
                      progress& at) {
  journey on_the_way(std::move(req), how, std::move(jar));
  for (;;) {
    what = on_the_way.next();
    at.at = step::queued;
    auto fetching_it = fetch_planned(through, what, on_the_way.how(), at);
    response got = co_await fetching_it;
    on_the_way.sent(what);
    if (!on_the_way.arrived(got)) {
      auto passing = pass_over(got);
      co_await passing;
      continue;
    }
    const detail::agent_settings& agent = on_the_way.agent();
    const bool without_content = on_the_way.asked() == method::head || got.status() == 204 || got.status() == 304;
    const bool partial = got.status() == 206;
    if (agent.digests && !without_content) check_digests(got, partial, what.to);
    if (agent.decode && !without_content && !partial) decode_content(got, agent.decoded_most, agent.decoded_ratio, what.to);
    if (!how.streamed()) {
      at.at = step::receiving;
      auto collecting = collect_content(got, how.content_limit(), what.to);
      co_await collecting;
    }
    co_return got;
  }
}

}  // namespace parley::fetching
