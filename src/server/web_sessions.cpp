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

// Sessions, from the cookie that names them to what a handler gets. What becomes of that is in session_writes.cpp.

namespace parley {

using detail::request_access;
using detail::session_access;
using detail::web_state;

namespace {

constexpr std::size_t session_id_bytes = 16;
constexpr std::size_t session_id_digits = 22;
constexpr std::chrono::nanoseconds session_store_pause = std::chrono::seconds{1};

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

std::string web_context::make_id() {
  std::array<char, session_id_bytes> id{};
  base::system_random().fill(std::as_writable_bytes(std::span(id)));
  return semantics::encode_base64url({id.data(), id.size()});
}

// Of the text, not of the bytes that it stands for: each has one spelling.
session_key web_context::key_of(std::string_view id) { return {tls::sha256(id)}; }

// With two values of one name nobody knows which of them this site has set: neither counts (attacks.md: cookie tossing).
std::optional<session_key> web_context::key_in(const request& req) {
  const auto found = only_cookie(req, plain(req) ? std::string_view(options.name()) : std::string_view(host_name));
  if (!found || !may_be_session_id(*found)) return std::nullopt;
  return key_of(*found);
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
  return !options.without().match_surely(req) && req.cookie(plain(req) ? options.name() : host_name).has_value();
}

bool web_context::is_down() const {
  const std::int64_t until = down_until_.load(std::memory_order_relaxed);
  return until != 0 && steady_nanoseconds() < until;
}

problem_error web_context::failure() {
  problem_error failure(503, "The storage of sessions cannot be used at the moment; nothing was changed. Try again later.");
  failure.header("Retry-After", "1");
  return failure;
}

void web_context::fail(web_state& state, store_error::kind why) {
  state.failed = true;
  add(counted.sessions_failed);
  if (why == store_error::kind::full) return;  // it answers, and what is kept can be read
  down_until_.store(steady_nanoseconds() + session_store_pause.count(), std::memory_order_relaxed);
}

void web_context::look_now(web_state& state, const std::optional<session_key>& key) {
  session_access::caps(state.session, options);
  state.looked_up = true;
  if (!key) return;
  if (is_down()) {
    state.failed = true;
    return;
  }
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

bool web_context::is_logged_in(const request& req) {
  if (store == nullptr) return false;
  const auto key = key_in(req);
  if (!key) return false;
  web_state& state = state_of(req);
  if (!state.looked_up) {
    if (!store->at_once()) return false;  // `session_options::without`: nothing is done here for who is logged in
    look_now(state, key);
  }
  return state.record != nullptr && !state.record->user.empty();
}

session& web_context::open(const request& req) {
  if (store == nullptr) {
    throw std::logic_error("parley::request::session: this server keeps no sessions; call server::sessions first");
  }
  web_state& state = state_of(req);
  if (!state.looked_up) {
    const auto key = store->at_once() ? key_in(req) : std::nullopt;
    if (!store->at_once() && needs_look_up(req)) {
      throw std::logic_error("parley::request::session: it was not looked up for this request, see session_options::without");
    }
    look_now(state, key);
  }
  if (state.failed) throw failure();
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
  if (!store->at_once() && !looked_up(req)) {
    // Nobody has looked whether there is such a session (`session_options::without`), and it need not be there for this.
    if (const auto key = key_in(req)) return key;
    if (needs_look_up(req)) return std::nullopt;
  }
  try {
    (void)open(req);
  } catch (const problem_error&) {
    return std::nullopt;  // the store does not answer, and the form may do without it
  }
  web_state& state = state_of(req);
  const session& s = state.session;
  if (session_access::begins(s) || session_access::moves(s)) {
    if (state.new_id.empty()) state.new_id = make_id();
    return key_of(state.new_id);
  }
  if (session_access::base(s) != nullptr) return state.key;
  return std::nullopt;
}

}  // namespace detail

session& request::session() const {
  if (web_ == nullptr) throw std::logic_error("parley::request::session: this request came to no server");
  return web_->open(*this);
}

}  // namespace parley
