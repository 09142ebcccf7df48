// Drives an HTTP/3 engine with a fuzzer's bytes: streams in pieces of any size, commands, acknowledgements and times in between.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "h3/connection.hpp"

namespace fuzz {

using namespace parley;

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

/// One thing that the peer does.
struct step {
  enum class what : std::uint8_t { bytes, end, reset, stop, datagram, time };
  what kind = what::bytes;
  std::uint64_t stream = 0;
  std::string_view bytes;
};

/// The input in records: what (1), which stream (1), how many bytes (1), and those. Streams are of all four kinds.
inline std::vector<step> steps_of(std::string_view input, engine::role role) {
  std::vector<step> steps;
  while (input.size() >= 3) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
    const std::size_t size = std::min<std::size_t>(at(2), input.size() - 3);
    const unsigned kind = at(0) % 16;
    step s;
    s.kind = kind < 9    ? step::what::bytes
             : kind < 11 ? step::what::end
             : kind < 12 ? step::what::reset
             : kind < 13 ? step::what::stop
             : kind < 14 ? step::what::datagram
                         : step::what::time;
    // Mostly requests, and the peer's unidirectional streams.
    const std::uint64_t uni = role == engine::role::server ? 2 : 3;
    s.stream = at(1) < 128 ? 4 * (at(1) % 12) : at(1) < 240 ? 4 * (at(1) % 8) + uni : at(1);
    s.bytes = input.substr(3, size);
    steps.push_back(s);
    input.remove_prefix(3 + size);
  }
  return steps;
}

/// `acts`: answers, gives credit, resets; otherwise it only listens, and what it is told must not depend on the pieces.
class h3_driver {
 public:
  h3_driver(engine::role role, const limits& caps, const h3::options& how, bool acts)
      : c(role, caps, how, epoch), role_(role), acts_(acts) {
    c.stream_limits(20, 10);
    c.start(false, now_);
    give(role == engine::role::server ? 2 : 3, std::string_view("\0\x04\0", 3), false, 3);
    if (role == engine::role::client) {
      for (int i = 0; i < 3; ++i) request(i);
      drain_output();
    }
  }

  void take(const step& s, std::size_t piece) {
    using what = step::what;
    if (closed_.contains(s.stream) && s.kind != what::datagram && s.kind != what::time) return;
    switch (s.kind) {
      case what::bytes: return give(s.stream, s.bytes, false, piece);
      case what::end: return give(s.stream, s.bytes, true, piece);
      case what::reset:
        if (!can_come(s.stream)) return;
        in_ended_.insert(s.stream);
        c.receive_reset(s.stream, s.bytes.size(), now_);
        break;
      case what::stop:
        if ((s.stream & 2) == 0 && can_come(s.stream)) c.receive_stop(s.stream, s.bytes.size(), now_);
        break;
      case what::datagram: c.receive_datagram(s.bytes, now_); break;
      case what::time:
        now_ += std::chrono::milliseconds(s.bytes.size() * 20);
        if (const auto until = c.deadline(); until && *until <= now_) c.expired(now_);
        break;
    }
    after();
  }

  void finish() {
    if (acts_) {
      drain_output();
      c.close_gracefully(now_);
      after();
    }
    drain_output();
    check_times();
    const engine::protocol_error gone{};
    c.transport_closed(gone, now_);
    while (auto e = c.next_event()) note(*e);
    c.rest();
    if (c.memory() > 256 * 1024) std::abort();
    if (!c.wants_close()) std::abort();
  }

  h3::connection c;
  std::string log;

 private:
  // A transport lets no stream come back, nor one of ours that we have not opened.
  [[nodiscard]] bool can_come(std::uint64_t id) const {
    if (in_ended_.contains(id) || closed_.contains(id)) return false;
    const bool ours = ((id & 1) == 1) == (role_ == engine::role::server);
    if ((id & 2) != 0) return !ours;
    return !ours || (role_ == engine::role::client && id < 12);
  }

  void give(std::uint64_t id, std::string_view bytes, bool fin, std::size_t piece) {
    do {
      if (!can_come(id)) return;
      const std::size_t n = std::min(piece, bytes.size());
      auto exact = std::make_unique<char[]>(n);
      bytes.copy(exact.get(), n);
      bytes.remove_prefix(n);
      const bool last = fin && bytes.empty();
      if (last) in_ended_.insert(id);
      c.receive(id, {exact.get(), n}, last, now_);
      after();
    } while (!bytes.empty());
  }

  void after() {
    while (auto e = c.next_event()) note(*e);
    if (acts_ && ++turns_ % 3 == 0) drain_output();
    if (!acts_) drain_output();
  }

  void drain_output() {
    std::array<std::string_view, 3> pieces;
    for (int i = 0; i < 100'000; ++i) {
      const auto id = c.next_stream();
      if (!id) break;
      const auto out = c.output(*id, pieces);
      std::size_t size = 0;
      for (std::size_t k = 0; k < out.pieces; ++k) size += pieces[k].size();
      if (size == 0 && !out.fin) std::abort();  // it asked for its turn and has nothing to say
      if (acts_ && size > 100 && turns_ % 5 == 0) {
        c.accepted(*id, 100, false, now_);
        c.acknowledged(*id, 50);
        c.blocked(*id);
        if (c.next_stream() == id) std::abort();
        c.unblocked(*id);
        c.acknowledged(*id, 50);
      } else {
        c.accepted(*id, size, out.fin, now_);
        if (out.fin) out_ended_.insert(*id);
        if (size > 0) c.acknowledged(*id, size);
      }
      while (auto e = c.next_event()) note(*e);
    }
    while (auto a = c.next_action()) {
      if (const auto* r = std::get_if<engine::transport_action::reset>(&*a)) out_ended_.insert(r->stream);
      if (const auto* s = std::get_if<engine::transport_action::stop>(&*a)) in_ended_.insert(s->stream);
    }
    close_streams();
  }

  void close_streams() {
    const auto through = [this](std::uint64_t id) {
      const bool ours = ((id & 1) == 1) == (role_ == engine::role::server);
      if ((id & 2) != 0) return ours ? out_ended_.contains(id) : in_ended_.contains(id);
      return in_ended_.contains(id) && out_ended_.contains(id);
    };
    std::vector<std::uint64_t> done;
    for (const std::uint64_t id : in_ended_) {
      if (through(id) && !closed_.contains(id)) done.push_back(id);
    }
    for (const std::uint64_t id : out_ended_) {
      if (through(id) && !closed_.contains(id) && !in_ended_.contains(id)) done.push_back(id);
    }
    for (const std::uint64_t id : done) {
      closed_.insert(id);
      c.stream_closed(id, now_);
      while (auto e = c.next_event()) note(*e);
    }
  }

  // A deadline that has passed must lead to something: another deadline, or none.
  void check_times() {
    for (int i = 0; i < 60; ++i) {
      const auto until = c.deadline();
      if (!until) return;
      now_ = std::max(now_, *until);
      c.expired(now_);
      while (auto e = c.next_event()) note(*e);
      drain_output();
      if (c.deadline() == until) std::abort();
    }
  }

  void request(int i) {
    semantics::request_head head;
    head.method = i == 1 ? parley::method::post : i == 2 ? parley::method::head : parley::method::get;
    head.target_ref = parley::detail::fields_access::store(head.fields, "/");
    head.authority_ref = parley::detail::fields_access::store(head.fields, "a");
    const auto length = i == 1 ? engine::content_length::stream() : engine::content_length::no_content();
    if (!c.send_request(head, length, now_)) std::abort();
  }

  void answer(engine::stream_id id, int status) {
    semantics::response_head head;
    head.status = status;
    if (id % 8 == 1 && c.can_push(id)) {
      semantics::request_head promised;
      promised.target_ref = parley::detail::fields_access::store(promised.fields, "/pushed");
      promised.authority_ref = parley::detail::fields_access::store(promised.fields, "a");
      if (const auto pushed = c.push(id, promised, now_)) answer(*pushed, 200);
    }
    if (id % 5 == 0) return c.reset(id, now_);
    const auto length = id % 3 == 0 ? engine::content_length::stream() : engine::content_length::of(2);
    if (!c.send_response(id, head, length, now_)) return;
    if (id % 3 == 0) {
      static_cast<void>(c.send_data(id, {engine::chunk::owned{std::string(70'000, 'x')}}, now_));
      parley::fields trailers{{"a", "b"}};
      static_cast<void>(c.send_end(id, &trailers, now_));
    } else if (c.send_data(id, {engine::chunk::view{"ok"}}, now_)) {
      static_cast<void>(c.send_end(id, nullptr, now_));
    }
  }

  void act(const engine::event& e) {
    if (const auto* r = std::get_if<engine::request_event>(&e); r != nullptr && (r->ended || r->id % 9 == 0)) answer(r->id, 200);
    if (const auto* d = std::get_if<engine::data_event>(&e)) c.consume(d->id, d->bytes.size());
    if (const auto* w = std::get_if<engine::complete_event>(&e); w != nullptr && role_ == engine::role::server) answer(w->id, 200);
    if (const auto* p = std::get_if<engine::push_event>(&e); p != nullptr && p->id % 4 == 0) c.reset(p->id, now_);
    if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      if (role_ == engine::role::server && x->error.status != 0) {
        answer(x->id, x->error.status);
      } else {
        c.reset(x->id, now_);
      }
    }
    while (c.next_datagram()) {
    }
  }

  void note(const engine::event& e) {
    if (acts_) return act(e);
    std::string line;
    if (const auto* r = std::get_if<engine::request_event>(&e)) {
      line = "request " + std::to_string(r->id) + " " + std::string(r->head.target()) + std::to_string(r->head.fields.size());
    } else if (const auto* s = std::get_if<engine::response_event>(&e)) {
      line = "response " + std::to_string(s->id) + " " + std::to_string(s->head.status);
    } else if (const auto* d = std::get_if<engine::data_event>(&e)) {
      if (d->bytes.empty()) std::abort();
      content_[d->id] += d->bytes;
      return;
    } else if (const auto* t = std::get_if<engine::trailers_event>(&e)) {
      line = "trailers " + std::to_string(t->trailers.size());
    } else if (const auto* w = std::get_if<engine::complete_event>(&e)) {
      line = "complete " + std::to_string(w->id) + " " + content_[w->id];
    } else if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      line = "reset " + std::to_string(x->id);
    } else if (const auto* p = std::get_if<engine::push_event>(&e)) {
      line = "push " + std::to_string(p->id);
    } else if (const auto* g = std::get_if<engine::goaway_event>(&e)) {
      line = "goaway " + std::to_string(g->last);
    }
    log += line + "\n";
  }

  engine::time_point now_ = epoch;
  engine::role role_;
  bool acts_;
  unsigned turns_ = 0;
  std::map<engine::stream_id, std::string> content_;
  std::set<std::uint64_t> in_ended_;
  std::set<std::uint64_t> out_ended_;
  std::set<std::uint64_t> closed_;
};

inline limits small_h3_limits() {
  limits caps;
  caps.head = 2000;
  caps.field_count = 20;
  caps.receive_window = 500;
  caps.connection_receive_window = 2000;
  caps.streams = 10;
  caps.pushes = 3;
  caps.send_window = 10'000;
  caps.connection_send_window = 50'000;
  caps.unacknowledged = 20'000;
  caps.blocked_streams = 3;
  caps.datagrams = 2;
  return caps;
}

inline void run_h3(engine::role role, const h3::options& how, const std::uint8_t* data, std::size_t size) {
  static const limits caps = small_h3_limits();
  const auto steps = steps_of({reinterpret_cast<const char*>(data), size}, role);
  const auto one = [&](bool acts, std::size_t piece) {
    h3_driver d(role, caps, how, acts);
    for (const step& s : steps) d.take(s, piece);
    d.finish();
    return std::move(d.log);
  };
  const std::string whole = one(false, 1'000);
  if (one(false, 1) != whole) std::abort();
  static_cast<void>(one(true, 1'000));
  static_cast<void>(one(true, 7));
}

}  // namespace fuzz
