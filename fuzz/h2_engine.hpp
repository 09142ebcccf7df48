// Drives an HTTP/2 engine with a fuzzer's bytes: frames in pieces of any size, commands and times in between.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "h2/connection.hpp"

namespace fuzz {

using namespace parley;

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

/// What the input means: raw bytes when its first one is even; otherwise short records that always make whole frames (type, flags, stream,
/// size, payload), so that mutations reach what lies behind the framing.
inline std::string frames_of(std::string_view input) {
  if (input.empty()) return {};
  const bool raw = input[0] % 2 == 0;
  input.remove_prefix(1);
  if (raw) return std::string(input);
  std::string bytes;
  while (input.size() >= 4) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
    const std::size_t size = std::min<std::size_t>(at(3), input.size() - 4);
    std::string header(h2::frame_header_size, '\0');
    h2::write_frame_header(header.data(),
                           {static_cast<std::uint32_t>(size), static_cast<h2::frame_type>(at(0) % 20), at(1), at(2)});
    bytes += header;
    bytes += input.substr(4, size);
    input.remove_prefix(4 + size);
  }
  return bytes;
}

/// `acts`: answers, gives credit, resets; otherwise it only listens, and what it is told must not depend on the pieces.
class driver {
 public:
  driver(engine::role role, const limits& caps, h2::options how, bool acts) : c(role, caps, how, epoch), role_(role), acts_(acts) {
    // The peer's first words.
    std::string first(h2::frame_header_size, '\0');
    h2::write_frame_header(first.data(), {0, h2::frame_type::settings, 0, 0});
    std::string ack = first;
    ack[4] = 1;
    feed((role == engine::role::server ? std::string(h2::client_preface) : std::string()) + first + ack, 1'000);
    if (role == engine::role::client) {
      for (int i = 0; i < 3; ++i) request(i);
    }
  }

  void feed(std::string_view bytes, std::size_t step) {
    while (!bytes.empty()) {
      const std::size_t n = std::min(step, bytes.size());
      pending_ += bytes.substr(0, n);
      bytes.remove_prefix(n);
      pump();
    }
  }

  void finish() {
    if (acts_) {
      drain_output();
      c.close_gracefully(now_);
    }
    c.receive_eof(now_);
    pump();
    drain_output();
    check_times();
    c.rest();
    if (c.memory() > 256 * 1024) std::abort();
  }

  h2::connection c;
  std::string log;

 private:
  void pump() {
    while (true) {
      auto exact = std::make_unique<char[]>(pending_.size());
      pending_.copy(exact.get(), pending_.size());
      const std::size_t n = c.receive({exact.get(), pending_.size()}, now_);
      if (n > pending_.size()) std::abort();
      bool any = false;
      while (auto e = c.next_event()) {
        any = true;
        note(*e);
      }
      pending_.erase(0, n);
      if (n == 0 && !any) break;
    }
    if (pending_.size() > 9 + 16'384) std::abort();  // no frame is larger
  }

  void drain_output() {
    std::array<engine::segment, 4> out;
    while (c.has_output()) {
      const std::size_t n = c.output(out);
      std::size_t size = 0;
      for (std::size_t i = 0; i < n; ++i) size += out[i].bytes.size();
      if (size == 0) std::abort();
      c.written(size, now_);
      while (auto e = c.next_event()) note(*e);
    }
  }

  // A deadline that has passed must lead to something: another deadline, or none.
  void check_times() {
    for (int i = 0; i < 40; ++i) {
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
    if (id % 7 == 0 && c.can_push(id)) {
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
    if (id % 4 == 1) drain_output();
  }

  void act(const engine::event& e) {
    if (const auto* r = std::get_if<engine::request_event>(&e); r != nullptr && (r->ended || r->id % 9 == 0)) answer(r->id, 200);
    if (const auto* d = std::get_if<engine::data_event>(&e)) {
      if (d->id % 3 == 1) c.set_aside(d->id, d->bytes.size());
      c.consume(d->id, d->bytes.size());
    }
    if (const auto* w = std::get_if<engine::complete_event>(&e); w != nullptr && role_ == engine::role::server) answer(w->id, 200);
    if (const auto* p = std::get_if<engine::push_event>(&e); p != nullptr && p->id % 4 == 0) c.reset(p->id, now_);
    if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      if (role_ == engine::role::server && x->error.status != 0) {
        answer(x->id, x->error.status);
      } else {
        c.reset(x->id, now_);
      }
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
      log += d->bytes;
      return;
    } else if (const auto* t = std::get_if<engine::trailers_event>(&e)) {
      line = "trailers " + std::to_string(t->trailers.size());
    } else if (const auto* w = std::get_if<engine::complete_event>(&e)) {
      line = "complete " + std::to_string(w->id);
    } else if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      line = "reset " + std::to_string(x->id) + " " + std::string(x->error.name);
    } else if (const auto* p = std::get_if<engine::push_event>(&e)) {
      line = "push " + std::to_string(p->id);
    } else if (const auto* g = std::get_if<engine::goaway_event>(&e)) {
      line = "goaway " + std::to_string(g->last);
    }
    log += "\n" + line + "\n";
  }

  engine::time_point now_ = epoch;
  engine::role role_;
  bool acts_;
  std::string pending_;
};

inline limits small_limits() {
  limits caps;
  caps.head = 2000;
  caps.field_count = 20;
  caps.receive_window = 500;
  caps.connection_receive_window = 2000;
  caps.streams = 10;
  caps.pushes = 3;
  caps.send_window = 10'000;
  caps.connection_send_window = 50'000;
  caps.continuations = 3;
  return caps;
}

inline void run(engine::role role, h2::options how, const std::uint8_t* data, std::size_t size) {
  static const limits caps = small_limits();
  const std::string bytes = frames_of({reinterpret_cast<const char*>(data), size});
  driver whole(role, caps, how, false);
  whole.feed(bytes, bytes.size() + 1);
  whole.finish();
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}}) {
    driver pieces(role, caps, how, false);
    pieces.feed(bytes, step);
    pieces.finish();
    if (pieces.log != whole.log) std::abort();
  }
  for (const std::size_t step : {std::size_t{7}, bytes.size() + 1}) {
    driver active(role, caps, how, true);
    active.feed(bytes, step);
    active.finish();
  }
}

}  // namespace fuzz
