#include <algorithm>
#include <cstring>
#include <utility>

#include "h3/connection.hpp"
#include "h3/message_faults.hpp"
#include "h3/violations.hpp"

// The peer's unidirectional streams: control, QPACK's two, pushes, and those that nobody knows (RFC 9114 §6.2).

namespace parley::h3 {

connection::peer_stream* connection::find_unidirectional(transport_stream id) {
  for (peer_stream& u : uni_) {
    if (u.id == id) return &u;
  }
  return nullptr;
}

void connection::receive_unidirectional(transport_stream id, std::string_view bytes, bool fin) {
  if (!is_peers_unidirectional(id)) return;
  peer_stream* u = find_unidirectional(id);
  if (u == nullptr) {
    u = &uni_.emplace_back();
    u->id = id;
  }
  const auto at = static_cast<std::size_t>(u - uni_.data());
  take_unidirectional(at, bytes, fin);
}

// The integers at a stream's beginning, however they come. False: more is needed.
bool connection::read_stream_head(peer_stream& u, std::string_view& bytes, std::uint64_t& value) {
  while (!bytes.empty()) {
    u.head[u.have++] = bytes[0];
    bytes.remove_prefix(1);
    std::string_view whole(u.head.data(), u.have);
    if (!read_varint(whole, value)) continue;
    u.have = 0;
    return true;
  }
  return false;
}

void connection::take_unidirectional(std::size_t at, std::string_view bytes, bool fin) {
  const transport_stream id = uni_[at].id;
  std::uint64_t value = 0;
  if (uni_[at].kind == uni_kind::starting) {
    const std::size_t before = bytes.size();
    const bool whole = read_stream_head(uni_[at], bytes, value);
    credit(id, before - bytes.size());
    // RFC 9114 §6.2: it may end before its type is known.
    if (!whole || !begin_unidirectional(uni_[at], value)) return credit(id, bytes.size());
  }
  if (uni_[at].kind == uni_kind::starting_push) {
    const std::size_t before = bytes.size();
    const bool whole = read_stream_head(uni_[at], bytes, value);
    credit(id, before - bytes.size());
    if (!whole) {
      // RFC 9114 §4.6, §7.1: it ends within what it begins with.
      if (fin) fail(violation::frame_truncated);
      return;
    }
    begin_push_stream(at, value);
    if (finished_) return;
  }
  peer_stream& u = uni_[at];
  switch (u.kind) {
    case uni_kind::control:
      credit(id, bytes.size());
      take_control(bytes);
      break;
    case uni_kind::encoder:
    case uni_kind::decoder:
      credit(id, bytes.size());
      take_instructions(u.kind, bytes);
      break;
    case uni_kind::push:
      if (u.waits) {
        if (!bytes.empty()) u.bytes.append(bytes);
        u.fin = u.fin || fin;
      } else if (stream* const s = streams_.find(u.exchange)) {
        take_bytes(*s, bytes, fin);
      } else {
        credit(id, bytes.size());
      }
      return;
    default: return credit(id, bytes.size());
  }
  if (fin && !finished_) fail(violation::critical_stream_closed);
}

void connection::ignore_stream(peer_stream& u, error_code code) {
  u.kind = uni_kind::ignored;
  actions_.emplace_back(engine::transport_action::stop{u.id, static_cast<std::uint64_t>(code)});
}

// Its type is known. False: what comes is of no use.
bool connection::begin_unidirectional(peer_stream& u, std::uint64_t type) {
  const auto taken = [this](uni_kind kind) {
    return std::ranges::any_of(uni_, [kind](const peer_stream& other) { return other.kind == kind; });
  };
  const auto critical = [&](uni_kind kind, const engine::protocol_error& second) {
    if (taken(kind)) {
      fail(second);
      return false;
    }
    u.kind = kind;
    return true;
  };
  switch (static_cast<stream_type>(type)) {
    case stream_type::control: return critical(uni_kind::control, violation::second_control_stream);
    case stream_type::qpack_encoder: return critical(uni_kind::encoder, violation::second_qpack_stream);
    case stream_type::qpack_decoder: return critical(uni_kind::decoder, violation::second_qpack_stream);
    case stream_type::push:
      if (is_server()) {
        fail(violation::push_stream_from_client);
        return false;
      }
      u.kind = uni_kind::starting_push;
      return true;
  }
  // RFC 9114 §6.2.3, §9: no error, and nothing that anybody reads.
  ignore_stream(u, error_code::stream_creation_error);
  static_cast<void>(glitch());
  return false;
}

// --- control -------------------------------------------------------------------------------------------------------------------

void connection::take_control(std::string_view bytes) {
  while (!finished_) {
    const auto r = control_reader_.read(bytes);
    bytes.remove_prefix(r.consumed);
    if (r.what == frame_reader::step::more) return;
    if (r.what == frame_reader::step::header) {
      if (!begin_control_frame()) return;
      continue;
    }
    const frame_type type = control_reader_.type();
    if (judge(control_place_, kind_of(type)) != frame_verdict::take) continue;
    if (control_reader_.left() > 0 || !control_partial_.empty()) control_partial_.append(r.payload);
    if (control_reader_.left() > 0) continue;
    const base::buffer whole = std::move(control_partial_);
    const std::string_view payload = whole.empty() ? r.payload : whole.readable();
    if (watch_) [[unlikely]] {
      see_frame(engine::direction::in, 0, type, control_reader_.size(), payload);
    }
    on_control_frame(type, payload);
  }
}

bool connection::begin_control_frame() {
  const frame_kind kind = kind_of(control_reader_.type());
  const frame_verdict verdict = judge(control_place_, kind);
  if (verdict == frame_verdict::skip) {
    if (watch_) [[unlikely]] {
      see_frame(engine::direction::in, 0, control_reader_.type(), control_reader_.size(), {});
    }
    return glitch();
  }
  if (verdict != frame_verdict::take) return refuse_frame(verdict, kind);
  if (control_reader_.size() <= limits_.control_frame) return true;
  fail(violation::control_frame_too_large);
  return false;
}

// --- QPACK -----------------------------------------------------------------------------------------------------------------------

void connection::take_instructions(uni_kind kind, std::string_view bytes) {
  if (kind == uni_kind::decoder) {
    if (const auto done = encoder_.receive(bytes); !done) fail(connection_error(done.error()));
    return;
  }
  instructions_in_ += bytes.size();
  while (!bytes.empty()) {
    if (const auto done = decoder_.receive_some(bytes); !done) return fail(connection_error(done.error()));
    while (const auto next = decoder_.next_unblocked()) {
      unblock(*next);
      if (finished_) return;
    }
  }
}

}  // namespace parley::h3
