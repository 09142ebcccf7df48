#include "h3/frame_order.hpp"

#include <array>

namespace parley::h3 {

namespace order {

using v = frame_verdict;
constexpr v ok = v::take;
constexpr v skp = v::skip;
constexpr v bad = v::unexpected;
constexpr v mis = v::missing_settings;

using row = std::array<frame_verdict, frame_kind_count>;
// clang-format off
constexpr std::array<row, frame_place_count> table{{
  //                        DATA HEADERS CANCEL_PUSH SETTINGS PUSH_PROMISE GOAWAY MAX_PUSH_ID PRIORITY_UPDATE of HTTP/2 unknown
  /* control: start     */ {mis, mis,    mis,        ok,      mis,         mis,   mis,        mis,            mis,      mis},
  /* control of client  */ {bad, bad,    ok,         bad,     bad,         ok,    ok,         ok,             bad,      skp},
  /* control of server  */ {bad, bad,    ok,         bad,     bad,         ok,    bad,        bad,            bad,      skp},
  /* request: head due  */ {bad, ok,     bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* request: content   */ {ok,  ok,     bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* request: end       */ {bad, bad,    bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* response: head due */ {bad, ok,     bad,        bad,     ok,          bad,   bad,        bad,            bad,      skp},
  /* response: content  */ {ok,  ok,     bad,        bad,     ok,          bad,   bad,        bad,            bad,      skp},
  /* response: end      */ {bad, bad,    bad,        bad,     ok,          bad,   bad,        bad,            bad,      skp},
  /* pushed: head due   */ {bad, ok,     bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* pushed: content    */ {ok,  ok,     bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* pushed: end        */ {bad, bad,    bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
  /* tunnel             */ {ok,  bad,    bad,        bad,     bad,         bad,   bad,        bad,            bad,      skp},
}};
// clang-format on

constexpr std::array<std::string_view, frame_place_count> names{
    "control (start)",  "control (client)", "control (server)", "request head",   "request content", "request end", "response head",
    "response content", "response end",     "pushed head",      "pushed content", "pushed end",      "tunnel"};

}  // namespace order

frame_kind kind_of(frame_type type) {
  switch (type) {
    case frame_type::data: return frame_kind::data;
    case frame_type::headers: return frame_kind::headers;
    case frame_type::cancel_push: return frame_kind::cancel_push;
    case frame_type::settings: return frame_kind::settings;
    case frame_type::push_promise: return frame_kind::push_promise;
    case frame_type::goaway: return frame_kind::goaway;
    case frame_type::max_push_id: return frame_kind::max_push_id;
    case frame_type::priority_update:
    case frame_type::priority_update_push: return frame_kind::priority_update;
  }
  switch (static_cast<std::uint64_t>(type)) {
    case 0x02:  // PRIORITY
    case 0x06:  // PING
    case 0x08:  // WINDOW_UPDATE
    case 0x09:  // CONTINUATION
      return frame_kind::reserved;
    default: return frame_kind::unknown;
  }
}

frame_verdict judge(frame_place place, frame_kind kind) {
  return order::table[static_cast<std::size_t>(place)][static_cast<std::size_t>(kind)];
}

std::string_view name(frame_place place) { return order::names[static_cast<std::size_t>(place)]; }

}  // namespace parley::h3
