#include "h2/stream_state.hpp"

#include <array>

namespace parley::h2 {

namespace states {

using s = stream_state;
using a = stream_action;

// clang-format off
constexpr stream_step opn  {s::open, a::go};
constexpr stream_step hcl  {s::half_closed_local, a::go};
constexpr stream_step hcr  {s::half_closed_remote, a::go};
constexpr stream_step end  {s::ended, a::go};
constexpr stream_step rst  {s::reset_local, a::go};
constexpr stream_step gone {s::reset_remote, a::go};
constexpr stream_step resl {s::reserved_local, a::go};
constexpr stream_step resr {s::reserved_remote, a::go};
constexpr stream_step idle {s::idle, a::idle};
constexpr stream_step rsvl {s::reserved_local, a::reserved};
constexpr stream_step rsvr {s::reserved_remote, a::reserved};
constexpr stream_step late {s::half_closed_remote, a::ended};
constexpr stream_step shut {s::ended, a::closed};
constexpr stream_step skip {s::ended, a::ignore};
constexpr stream_step ignL {s::reset_local, a::ignore};
constexpr stream_step ignR {s::reset_remote, a::ignore};
constexpr stream_step afrR {s::reset_remote, a::after_reset};
constexpr stream_step badp {s::ended, a::bad_parent};
constexpr stream_step nevr {s::ended, a::never};

using row = std::array<stream_step, stream_input_count>;
constexpr std::array<row, stream_state_count> table{{
  //                        headers_in data_in end_in reset_in window_in promise_in promised_in headers_out end_out reset_out promised_out
  /* idle               */ {opn,       idle,   nevr,  idle,    idle,     badp,      resr,       opn,        nevr,   nevr,     resl},
  /* reserved (local)   */ {rsvl,      rsvl,   nevr,  gone,    resl,     badp,      nevr,       hcr,        nevr,   rst,      nevr},
  /* reserved (remote)  */ {hcl,       rsvr,   nevr,  gone,    rsvr,     badp,      nevr,       nevr,       nevr,   rst,      nevr},
  /* open               */ {opn,       opn,    hcr,   gone,    opn,      opn,       nevr,       opn,        hcl,    rst,      nevr},
  /* half-closed local  */ {hcl,       hcl,    end,   gone,    hcl,      hcl,       nevr,       nevr,       nevr,   rst,      nevr},
  /* half-closed remote */ {late,      late,   nevr,  gone,    hcr,      badp,      nevr,       hcr,        end,    rst,      nevr},
  /* closed: ended      */ {shut,      shut,   nevr,  skip,    skip,     badp,      nevr,       nevr,       nevr,   skip,     nevr},
  /* closed: reset by us*/ {ignL,      ignL,   ignL,  ignL,    ignL,     ignL,      nevr,       nevr,       nevr,   ignL,     nevr},
  /* closed: by the peer*/ {afrR,      afrR,   nevr,  ignR,    ignR,     badp,      nevr,       nevr,       nevr,   ignR,     nevr},
}};
// clang-format on

constexpr std::array<std::string_view, stream_state_count> names{
    "idle",  "reserved (local)", "reserved (remote)", "open", "half-closed (local)", "half-closed (remote)", "closed", "closed",
    "closed"};

}  // namespace states

stream_step step(stream_state state, stream_input input) {
  return states::table[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
}

std::string_view name(stream_state state) { return states::names[static_cast<std::size_t>(state)]; }

}  // namespace parley::h2
