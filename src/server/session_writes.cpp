#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "server/web_context.hpp"

#include <parley/cookie.hpp>

#include <algorithm>
#include <utility>

// Sessions, from what a handler has done to them to what the store is told and the cookie that is set.

namespace parley {

using detail::session_access;

namespace {

constexpr std::chrono::seconds sweep_interval{300};

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

}  // namespace

namespace detail {

void web_context::sweep_now_and_then(std::chrono::sys_seconds at) {
  std::int64_t next = next_sweep_.load(std::memory_order_relaxed);
  const std::int64_t seconds = at.time_since_epoch().count();
  if (seconds < next || !on_loop_thread()) return;
  if (!next_sweep_.compare_exchange_strong(next, seconds + sweep_interval.count())) return;
  if (next == 0) return;  // the first request only starts the clock
  spawn(sweep_sessions(store, at));
}

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
    if (state.new_id.empty()) state.new_id = make_id();
    session_change& c = begin(key_of(state.new_id));
    c.begins = true;
    session_access::tell(s, c);
  } else if (session_access::changed(s)) {
    session_change& c = begin(state.key);
    session_access::tell(s, c);
    if (session_access::moves(s)) {
      if (state.new_id.empty()) state.new_id = make_id();
      c.moves_to = key_of(state.new_id);
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
  const bool bare = plain(req);
  // What was made for one visitor is nobody else's.
  if (state.asked || state.csrf_given) {
    constexpr auto id = semantics::field_id::cache_control;
    parley::fields& lines = answer.fields();
    if (fields_access::find(lines, id) == nullptr) fields_access::add(lines, id, "Cache-Control", "private, no-cache");
  }
  if (state.asked) {
    const bool ended = session_access::ends(state.session) && state.has_key;
    if (ended || !state.new_id.empty()) {
      cookie set = state.new_id.empty() ? cookie::forgotten(bare ? options.name() : host_name)
                                        : cookie(bare ? options.name() : host_name, state.new_id);
      if (options.persistent() && !state.new_id.empty()) set.max_age(options.lifetime().absolute());
      answer.cookie(set.secure(!bare));
    }
  }
  const std::string name(csrf_cookie_name(bare));
  if (state.asked && session_access::logs_in(state.session) && !state.new_id.empty()) {
    // Whoever knew it before the login is to have nothing of it, now or after the logout.
    if (req.cookie(name)) answer.cookie(cookie::forgotten(name).secure(!bare));
  } else if (!state.csrf_cookie.empty()) {
    answer.cookie(cookie(name, state.csrf_cookie).secure(!bare));
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
      throw failure();
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
      throw failure();
    }
  }
  sweep_now_and_then(at);
  set_cookies(req, state, answer);
}

}  // namespace detail
}  // namespace parley
