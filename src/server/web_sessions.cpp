#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "semantics/base64url.hpp"
#include "semantics/cookie.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "server/web_context.hpp"
#include "tls/hmac.hpp"

#include <parley/cookie.hpp>
#include <parley/uri.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

// Sessions, from the cookie that names them to the cookie that is set.

namespace parley {

using detail::request_access;
using detail::session_access;
using detail::web_state;

namespace {

constexpr std::size_t session_id_bytes = 16;
constexpr std::size_t session_id_digits = 22;
constexpr std::chrono::nanoseconds session_store_pause = std::chrono::seconds{1};
constexpr std::chrono::seconds sweep_interval{300};

problem_error session_failure() {
  problem_error failure(503, "The storage of sessions cannot be used at the moment; nothing was changed. Try again later.");
  failure.header("Retry-After", "1");
  return failure;
}

std::string make_session_id() {
  std::array<char, session_id_bytes> id{};
  base::system_random().fill(std::as_writable_bytes(std::span(id)));
  return semantics::encode_base64url({id.data(), id.size()});
}

// Of the text, not of the bytes that it stands for: each has one spelling.
session_key key_of_session(std::string_view id) { return {tls::sha256(id)}; }

bool may_be_session_id(std::string_view text) {
  return text.size() == session_id_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

// localhost, *.localhost (RFC 6761 §6.3), 127.0.0.0/8, ::1.
bool is_this_machine(std::string_view authority) {
  if (authority.starts_with("[::1]")) return true;
  const std::string_view host = authority.substr(0, authority.find(':'));
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

// What fails here is tried again: by the next sweep, by the session's next request.
task<> sweep_sessions(std::shared_ptr<session_store> in, std::chrono::sys_seconds at) {
  try {
    auto sweeping = in->sweep(at);
    co_await sweeping;
  } catch (const store_error&) {
  } catch (const overloaded&) {
  }
}

task<> touch_session(std::shared_ptr<session_store> in, session_change used) {
  try {
    auto writing = in->change(std::move(used));
    co_await writing;
  } catch (const store_error&) {
  } catch (const overloaded&) {
  }
}

std::int64_t steady_nanoseconds() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

namespace detail {

bool web_context::plain(const request& req) const {
  return !req.secure() && (options.insecure_cleartext() || is_this_machine(req.authority()));
}

web_state& web_context::state_of(const request& req) {
  auto& slot = request_access::state(req);
  if (slot == nullptr) slot = std::make_unique<web_state>();
  return static_cast<web_state&>(*slot);
}

web_state* web_context::state_if(const request& req) { return static_cast<web_state*>(request_access::state(req).get()); }

std::chrono::sys_seconds web_context::now() const {
  if (options.clock()) return options.clock()();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// With two values of one name nobody knows which of them this site has set: neither counts (attacks.md: cookie tossing).
std::optional<session_key> web_context::key_in(const request& req) {
  const auto found = only_cookie(req, plain(req) ? std::string_view(options.name()) : std::string_view(host_name));
  if (!found || !may_be_session_id(*found)) return std::nullopt;
  return key_of_session(*found);
}

std::optional<std::string_view> web_context::only_cookie(const request& req, std::string_view name) {
  std::optional<std::string_view> found;
  const parley::fields& lines = req.fields();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& slot = fields_access::slot(lines, i);
    if (slot.id != static_cast<std::uint16_t>(semantics::field_id::cookie)) continue;
    semantics::cookie_reader pairs(fields_access::value(lines, slot));
    while (const auto pair = pairs.next()) {
      if (pair->name != name) continue;
      if (found && *found != pair->value) {
        add(counted.sessions_ambiguous);
        return std::nullopt;
      }
      found = pair->value;
    }
  }
  return found;
}

bool web_context::needs_look_up(const request& req) const {
  const auto& out = options.without();
  const bool without = std::any_of(out.begin(), out.end(), [&](const std::string& p) { return req.path().starts_with(p); });
  return !without && req.cookie(plain(req) ? options.name() : host_name).has_value();
}

bool web_context::is_down() const {
  const std::int64_t until = down_until_.load(std::memory_order_relaxed);
  return until != 0 && steady_nanoseconds() < until;
}

void web_context::fail(web_state& state, store_error::kind why) {
  state.failed = true;
  add(counted.sessions_failed);
  if (why == store_error::kind::full) return;  // it answers, and what is kept can be read
  down_until_.store(steady_nanoseconds() + session_store_pause.count(), std::memory_order_relaxed);
}

void web_context::sweep_now_and_then(std::chrono::sys_seconds at) {
  std::int64_t next = next_sweep_.load(std::memory_order_relaxed);
  const std::int64_t seconds = at.time_since_epoch().count();
  if (seconds < next || !on_loop_thread()) return;
  if (!next_sweep_.compare_exchange_strong(next, seconds + sweep_interval.count())) return;
  if (next == 0) return;  // the first request only starts the clock
  spawn(sweep_sessions(store, at));
}

session& web_context::open(const request& req) {
  if (store == nullptr) {
    throw std::logic_error("parley::request::session: this server keeps no sessions; call server::sessions first");
  }
  web_state& state = state_of(req);
  if (!state.looked_up) {
    session_access::caps(state.session, options);
    const auto key = store->at_once() ? key_in(req) : std::nullopt;
    if (!store->at_once() && needs_look_up(req)) {
      throw std::logic_error("parley::request::session: it was not looked up for this request, see session_options::without");
    }
    state.looked_up = true;
    if (key && is_down()) {
      state.failed = true;
    } else if (key) {
      state.key = *key;
      state.has_key = true;
      try {
        auto found = store->look_now(*key, now(), options.lifetime());
        state.record = found.record;
        session_access::open(state.session, std::move(found));
      } catch (const store_error& e) {
        fail(state, e.why());
      }
    }
  }
  if (state.failed) throw session_failure();
  state.asked = true;
  return state.session;
}

task<> web_context::load(const request& req) {
  web_state& state = state_of(req);
  session_access::caps(state.session, options);
  state.looked_up = true;
  const auto key = key_in(req);
  if (!key) co_return;
  if (is_down()) {
    state.failed = true;
    co_return;
  }
  state.key = *key;
  state.has_key = true;
  try {
    auto looking = store->look(*key, now(), options.lifetime());
    session_look found = co_await looking;
    state.record = found.record;
    session_access::open(state.session, std::move(found));
  } catch (const store_error& e) {
    fail(state, e.why());
  } catch (const overloaded&) {
    fail(state, store_error::kind::busy);
  }
}

std::optional<session_key> web_context::key_to_be(const request& req) {
  if (store == nullptr) return std::nullopt;
  if (!store->at_once() && !state_of(req).looked_up && needs_look_up(req)) return std::nullopt;
  try {
    (void)open(req);
  } catch (const problem_error&) {
    return std::nullopt;  // the store does not answer, and the form may do without it
  }
  web_state& state = state_of(req);
  const session& s = state.session;
  if (session_access::begins(s) || session_access::moves(s)) {
    if (state.new_id.empty()) state.new_id = make_session_id();
    return key_of_session(state.new_id);
  }
  if (session_access::base(s) != nullptr) return state.key;
  return std::nullopt;
}

// --- what is written -----------------------------------------------------------------------------------------------------------

bool web_context::wants_touch(const web_state& state, std::chrono::sys_seconds at) const {
  const auto idle = options.lifetime().idle();
  const auto every = std::clamp(idle / 20, std::chrono::seconds{1}, std::chrono::seconds{60});
  return at - state.record->used >= every;
}

std::vector<session_change> web_context::changes_of(web_state& state, int status, std::chrono::sys_seconds at) {
  std::vector<session_change> all;
  session& s = state.session;
  const bool keeps = status < 500;
  const auto begin = [&](const session_key& key) -> session_change& {
    session_change& c = all.emplace_back();
    c.key = key;
    c.now = at;
    c.lifetime = options.lifetime();
    return c;
  };
  if (session_access::ends(s) && state.record != nullptr) {
    session_change& c = begin(state.key);
    c.ends = true;
    if (session_access::everywhere(s) && !state.record->user.empty()) c.ends_user = state.record->user;
  }
  if (!keeps || !(session_access::begins(s) || session_access::moves(s))) state.new_id.clear();
  if (!keeps) return all;
  if (session_access::begins(s)) {
    if (state.new_id.empty()) state.new_id = make_session_id();
    session_change& c = begin(key_of_session(state.new_id));
    c.begins = true;
    session_access::tell(s, c);
  } else if (session_access::changed(s)) {
    session_change& c = begin(state.key);
    session_access::tell(s, c);
    if (session_access::moves(s)) {
      if (state.new_id.empty()) state.new_id = make_session_id();
      c.moves_to = key_of_session(state.new_id);
    }
  } else if (session_access::base(s) != nullptr && wants_touch(state, at)) {
    begin(state.key);
  }
  return all;
}

void web_context::take_outcome(web_state& state, const session_change& done, session_outcome what) {
  if (done.ends) add(counted.sessions_ended);
  if (done.begins) add(counted.sessions_begun);
  // It was ended meanwhile: it stays so, and no cookie of this answer may bring it back.
  if (what == session_outcome::gone && !done.ends) state.new_id.clear();
}

void web_context::set_cookies(const request& req, web_state& state, response& answer) {
  // What was made for one visitor is nobody else's.
  if (state.asked || state.csrf_given) {
    constexpr auto id = semantics::field_id::cache_control;
    parley::fields& lines = answer.fields();
    if (fields_access::find(lines, id) == nullptr) fields_access::add(lines, id, "Cache-Control", "private, no-cache");
  }
  if (state.asked) {
    const bool ended = session_access::ends(state.session) && state.has_key;
    if (ended || !state.new_id.empty()) {
      const bool bare = plain(req);
      cookie set = state.new_id.empty() ? cookie::forgotten(bare ? options.name() : host_name)
                                        : cookie(bare ? options.name() : host_name, state.new_id);
      if (options.persistent() && !state.new_id.empty()) set.max_age(options.lifetime().absolute());
      answer.cookie(set.secure(!bare));
    }
  }
  if (!state.csrf_cookie.empty()) {
    const bool bare = plain(req);
    answer.cookie(cookie(bare ? "csrf" : "__Host-csrf", state.csrf_cookie).secure(!bare));
  }
}

bool web_context::finish_now(const request& req, response& answer) {
  web_state* const state = state_if(req);
  if (state == nullptr || state->finished) return true;
  if (state->asked && !store->at_once()) return false;
  state->finished = true;
  if (state->asked) {
    const auto at = now();
    const auto changes = changes_of(*state, answer.status(), at);
    session_access::close(state->session);
    try {
      for (const session_change& c : changes) take_outcome(*state, c, store->change_now(c));
    } catch (const store_error& e) {
      fail(*state, e.why());
      throw session_failure();
    }
    sweep_now_and_then(at);
  }
  set_cookies(req, *state, answer);
  return true;
}

task<> web_context::finish(const request& req, response& answer, bool loop_goes_on) {
  web_state& state = state_of(req);
  state.finished = true;
  const auto at = now();
  const auto changes = changes_of(state, answer.status(), at);
  session_access::close(state.session);
  const bool only_touch = changes.size() == 1 && !changes[0].begins && !changes[0].ends && !session_access::changed(state.session);
  if (only_touch) {
    auto touching = touch_session(store, changes[0]);
    if (loop_goes_on) {
      spawn(std::move(touching));  // nobody waits for it
    } else {
      co_await touching;
    }
  } else {
    std::optional<store_error::kind> failed;
    for (const session_change& c : changes) {
      try {
        auto writing = store->change(c);
        const session_outcome what = co_await writing;
        take_outcome(state, c, what);
      } catch (const store_error& e) {
        failed = e.why();
      } catch (const overloaded&) {
        failed = store_error::kind::busy;
      }
    }
    if (failed) {
      fail(state, *failed);
      throw session_failure();
    }
  }
  sweep_now_and_then(at);
  set_cookies(req, state, answer);
}

}  // namespace detail

session& request::session() const {
  if (web_ == nullptr) throw std::logic_error("parley::request::session: this request came to no server");
  return web_->open(*this);
}

}  // namespace parley
