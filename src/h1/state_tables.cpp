#include "h1/state_tables.hpp"

#include <array>

namespace parley::h1 {

// --- receiving ---------------------------------------------------------------------------------------------------------------

namespace receiving {

constexpr receive_step to(receive_state next, receive_action action = receive_action::none) { return {next, action}; }

constexpr receive_step start = to(receive_state::start);
constexpr receive_step head = to(receive_state::head);
constexpr receive_step content = to(receive_state::content);
constexpr receive_step until_close = to(receive_state::until_close);
constexpr receive_step waiting = to(receive_state::waiting);
constexpr receive_step tunnel = to(receive_state::tunnel);
constexpr receive_step closed = to(receive_state::closed);
constexpr receive_step whole = to(receive_state::waiting, receive_action::complete);
constexpr receive_step last = to(receive_state::closed, receive_action::complete);
constexpr receive_step cut_off = to(receive_state::closed, receive_action::incomplete);
constexpr receive_step done = to(receive_state::closed, receive_action::finish);
constexpr receive_step never = to(receive_state::closed, receive_action::never);

using row = std::array<receive_step, receive_input_count>;
// clang-format off
constexpr std::array<row, receive_state_count> table{{
  //               first_byte interim head_alone head+content head_until_close content_end exchange_over detach   eof      violation
  /* start       */ {head,    never,  never,     never,       until_close,     never,      never,        never,   done,    closed},
  /* head        */ {never,   start,  waiting,   content,     until_close,     never,      never,        tunnel,  cut_off, closed},
  /* content     */ {never,   never,  never,     never,       never,           whole,      never,        never,   cut_off, closed},
  /* until_close */ {never,   never,  never,     never,       never,           never,      never,        never,   last,    closed},
  /* waiting     */ {never,   never,  never,     never,       never,           never,      start,        tunnel,  closed,  closed},
  /* tunnel      */ {never,   never,  never,     never,       never,           never,      never,        never,   last,    closed},
  /* closed      */ {closed,  closed, closed,    closed,      closed,          closed,     closed,       closed,  closed,  closed},
}};
// clang-format on

constexpr std::array<std::string_view, receive_state_count> names{"start",   "head",   "content", "until-close",
                                                                  "waiting", "tunnel", "closed"};

}  // namespace receiving

// --- sending -----------------------------------------------------------------------------------------------------------------

namespace sending {

using engine::misuse;

constexpr send_step ok(send_state next) { return {next, true, misuse{}}; }
constexpr send_step no(misuse why) { return {send_state::closed, false, why}; }

constexpr send_step due = ok(send_state::head);
constexpr send_step body = ok(send_state::content);
constexpr send_step ended = ok(send_state::ended);
constexpr send_step idle = ok(send_state::idle);
constexpr send_step raw = ok(send_state::tunnel);
constexpr send_step shut = ok(send_state::closed);
constexpr send_step unknown = no(misuse::unknown_stream);
constexpr send_step early = no(misuse::head_not_sent);
constexpr send_step twice = no(misuse::head_already_sent);
constexpr send_step late = no(misuse::after_end);
constexpr send_step busy = no(misuse::too_many_streams);
constexpr send_step gone = no(misuse::closing);

using row = std::array<send_step, send_input_count>;
// clang-format off
constexpr std::array<row, send_state_count> table{{
  //            open   interim  head_alone head+content data     end      detach   exchange_over cut
  /* idle    */ {due,  unknown, unknown,   unknown,     unknown, unknown, raw,     idle,         shut},
  /* head    */ {busy, due,     ended,     body,        early,   early,   raw,     shut,         shut},
  /* content */ {busy, twice,   twice,     twice,       body,    ended,   twice,   shut,         shut},
  /* ended   */ {busy, twice,   twice,     twice,       late,    ended,   raw,     idle,         shut},
  /* tunnel  */ {gone, twice,   twice,     twice,       raw,     shut,    twice,   shut,         shut},
  /* closed  */ {gone, gone,    gone,      gone,        gone,    gone,    gone,    shut,         shut},
}};
// clang-format on

constexpr std::array<std::string_view, send_state_count> names{"idle", "head", "content", "ended", "tunnel", "closed"};

}  // namespace sending

constinit const std::array<receiving::row, receive_state_count> receive_table = receiving::table;

std::string_view name(receive_state state) { return receiving::names[static_cast<std::size_t>(state)]; }

constinit const std::array<sending::row, send_state_count> send_table = sending::table;

std::string_view name(send_state state) { return sending::names[static_cast<std::size_t>(state)]; }

}  // namespace parley::h1
