// What a server keeps for its requests' state: where sessions are, how forged requests are known, what happened.
#pragma once

#include <parley/csrf.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/session.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::detail {

/// Makes and opens sessions for their requests.
struct session_access {
  [[nodiscard]] static session make() { return session(); }
  static void open(session& s, session_look&& found);
  static void caps(session& s, const session_options& how);
  static void close(session& s) { s.closed_ = true; }
  [[nodiscard]] static bool closed(const session& s) { return s.closed_; }
  [[nodiscard]] static bool ends(const session& s) { return s.fate_ == session::fate::ended; }
  [[nodiscard]] static bool everywhere(const session& s) { return s.everywhere_; }
  [[nodiscard]] static const std::shared_ptr<const session_record>& base(const session& s) { return s.base_; }
  /// It is not kept yet, and is to be.
  [[nodiscard]] static bool begins(const session& s);
  [[nodiscard]] static bool logs_in(const session& s) { return s.logs_in_; }
  /// It lives on under a new id.
  [[nodiscard]] static bool moves(const session& s);
  /// It is kept, and there is something to write.
  [[nodiscard]] static bool changed(const session& s);
  /// What was put and erased, who has logged in.
  static void tell(session& s, session_change& into);
};

/// Beside a request, from when it is first asked for.
class web_state final : public request_state {
 public:
  parley::session session = session_access::make();
  bool asked = false;  // a handler had it
  bool looked_up = false;
  bool failed = false;    // the store did not answer
  bool finished = false;  // all is written, the answer has its cookies
  bool has_key = false;   // the request has a session's cookie
  bool csrf_given = false;
  session_key key;
  std::shared_ptr<const session_record> record;  // as it was found, also behind `end`
  std::string new_id;                            // of a session that begins or moves
  std::string csrf_cookie;                       // to be set
};

/// Set up before the loops run; what changes later is atomic.
class web_context {
 public:
  // --- settings ----------------------------------------------------------------------------------------------------------------
  std::shared_ptr<session_store> store;
  session_options options;
  std::string host_name;  // the cookie's with `__Host-`
  std::optional<csrf_options> csrf;

  // --- what happened -----------------------------------------------------------------------------------------------------------
  struct counts {
    std::atomic<std::uint64_t> sessions_begun{0}, sessions_ended{0}, sessions_ambiguous{0}, sessions_failed{0}, csrf_refused{0},
        forms_refused{0}, forms_too_large{0}, forms_full{0};
  };
  counts counted;
  static void add(std::atomic<std::uint64_t>& to) { to.fetch_add(1, std::memory_order_relaxed); }

  // --- sessions (web_sessions.cpp) -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::chrono::sys_seconds now() const;
  /// Whether a session must be awaited before a handler may ask for it.
  [[nodiscard]] bool must_await(const request& req) const {
    return store != nullptr && !store->at_once() && !looked_up(req) && needs_look_up(req);
  }
  [[nodiscard]] task<> load(const request& req);
  [[nodiscard]] session& open(const request& req);
  /// Writes what changed and gives `answer` its cookies; false when that must be awaited: `finish`.
  /// Throws `problem_error` when the store failed; then the session is given up.
  [[nodiscard]] bool finish_now(const request& req, response& answer);
  /// The same, awaited. `loop_goes_on`: what the answer need not wait for may be done afterwards.
  [[nodiscard]] task<> finish(const request& req, response& answer, bool loop_goes_on);

  // --- forged requests (csrf.cpp) ------------------------------------------------------------------------------------------------
  enum class verdict : std::uint8_t { good, refused, needs_content };
  /// What the head says.
  [[nodiscard]] verdict check_head(const request& req, std::string& why);
  /// Finds the token in content that may be cut off at its end.
  [[nodiscard]] bool check_content(const request& req, std::string_view content);
  /// Nothing when all is well, else why not; reads as far as it must, and leaves the content to be read.
  [[nodiscard]] task<std::optional<problem>> check(request& req);
  /// The same with content that is there.
  [[nodiscard]] std::optional<problem> check_collected(const request& req);
  [[nodiscard]] std::string make_token(const request& req);

  /// Whether the request's session, as it was kept, is somebody's who is logged in. Where the store must be awaited: to be asked behind `load`.
  [[nodiscard]] bool is_logged_in(const request& req);
  /// The cookie that tokens are bound to where there is no session.
  [[nodiscard]] static std::string_view csrf_cookie_name(bool plain) { return plain ? "csrf" : "__Host-csrf"; }

  /// Whether cookies go without `__Host-` and Secure: in cleartext to this machine.
  [[nodiscard]] bool plain(const request& req) const;
  static web_state& state_of(const request& req);
  static web_state* state_if(const request& req);
  [[nodiscard]] static bool looked_up(const request& req) {
    const web_state* const state = state_if(req);
    return state != nullptr && state->looked_up;
  }
  /// The value of a cookie that must be there once: nothing where two differ.
  [[nodiscard]] std::optional<std::string_view> only_cookie(const request& req, std::string_view name);
  /// The session's key where the request has a cookie that may be one.
  [[nodiscard]] std::optional<session_key> key_in(const request& req);
  /// The key that the session has, or is going to have; nothing when there will be none.
  [[nodiscard]] std::optional<session_key> key_to_be(const request& req);

 private:
  [[nodiscard]] bool needs_look_up(const request& req) const;
  [[nodiscard]] bool is_down() const;
  void look_now(web_state& state, const std::optional<session_key>& key);
  void fail(web_state& state, store_error::kind why);
  /// What a handler throws whose store does not answer.
  [[nodiscard]] static problem_error failure();
  [[nodiscard]] static std::string make_id();
  [[nodiscard]] static session_key key_of(std::string_view id);
  [[nodiscard]] std::vector<session_change> changes_of(web_state& state, int status, std::chrono::sys_seconds at);
  void take_outcome(web_state& state, const session_change& done, session_outcome what);
  void set_cookies(const request& req, web_state& state, response& answer);
  [[nodiscard]] bool wants_touch(const web_state& state, std::chrono::sys_seconds at) const;
  void sweep_now_and_then(std::chrono::sys_seconds at);
  [[nodiscard]] problem refusal(std::string why);
  [[nodiscard]] bool token_is_good(const request& req, std::string_view token);

  std::atomic<std::int64_t> down_until_{0};  // steady, in ns: the store failed, and is not asked again before
  std::atomic<std::int64_t> next_sweep_{0};
};

}  // namespace parley::detail
