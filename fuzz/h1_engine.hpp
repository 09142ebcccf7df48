// Drives an HTTP/1 engine with a fuzzer's bytes: pieces of any size, commands and times in between; what was told as text.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "h1/connection.hpp"

namespace fuzz {

using namespace parley;

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

class driver {
 public:
  driver(engine::role role, const limits& caps, h1::options how) : c(role, caps, how, epoch), role_(role) {}

  void feed(std::string_view bytes, std::size_t step) {
    while (!bytes.empty()) {
      const std::size_t n = std::min(step, bytes.size());
      pending_ += bytes.substr(0, n);
      bytes.remove_prefix(n);
      pump();
    }
  }

  void finish() {
    c.receive_eof(epoch);
    pump();
    drain_output();
    check_times();
  }

  void pump() {
    while (true) {
      auto exact = std::make_unique<char[]>(pending_.size());
      pending_.copy(exact.get(), pending_.size());
      const std::size_t n = c.receive({exact.get(), pending_.size()}, epoch);
      if (n > pending_.size()) std::abort();
      bool any = false;
      while (auto e = c.next_event()) {
        any = true;
        note(*e);
      }
      pending_.erase(0, n);
      if (n == 0 && !any) break;
    }
  }

  void drain_output() {
    std::array<engine::segment, 4> out;
    while (const std::size_t n = c.output(out)) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        sent.append(out[i].bytes);
        size += out[i].bytes.size();
      }
      if (size == 0) std::abort();
      c.written(size, epoch);
    }
    if (c.has_output()) std::abort();
  }

  h1::connection c;
  std::string log;
  std::string sent;

 private:
  // A deadline that has passed must lead to something: another deadline, or none.
  void check_times() {
    for (int i = 0; i < 4; ++i) {
      const auto until = c.deadline();
      if (!until) return;
      c.expired(*until);
      while (auto e = c.next_event()) note(*e);
      drain_output();
      if (c.deadline() == until) std::abort();
    }
  }

  void answer(engine::stream_id id, int status) {
    semantics::response_head head;
    head.status = status;
    const bool stream = id % 2 == 0;
    const auto length = stream ? engine::content_length::stream() : engine::content_length::of(2);
    if (!c.send_response(id, head, length, epoch)) return;
    if (c.send_data(id, {engine::chunk::view{"ok"}}, epoch)) (void)c.send_end(id, nullptr, epoch);
    if (id % 3 == 0) drain_output();
  }

  void note(const engine::event& e) {
    std::string line;
    if (const auto* r = std::get_if<engine::request_event>(&e)) {
      line = "request " + std::to_string(r->id) + " " + std::string(r->head.target()) + std::to_string(r->head.fields.size());
      if (r->ended) answer(r->id, 200);
    } else if (const auto* s = std::get_if<engine::response_event>(&e)) {
      line = "response " + std::to_string(s->id) + " " + std::to_string(s->head.status);
    } else if (const auto* d = std::get_if<engine::data_event>(&e)) {
      if (d->bytes.empty()) std::abort();
      c.consume(d->id, d->bytes.size());
      log += d->bytes;
      return;
    } else if (const auto* t = std::get_if<engine::trailers_event>(&e)) {
      line = "trailers " + std::to_string(t->trailers.size());
    } else if (const auto* w = std::get_if<engine::complete_event>(&e)) {
      line = "complete " + std::to_string(w->id);
      if (role_ == engine::role::server) answer(w->id, 200);
    } else if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      line = "reset " + std::to_string(x->id) + " " + std::string(x->error.name);
      if (role_ == engine::role::server && x->error.status != 0) answer(x->id, x->error.status);
    } else if (std::get_if<engine::detached_event>(&e) != nullptr) {
      line = "detached";
    }
    log += "\n" + line + "\n";
  }

  engine::role role_;
  std::string pending_;
};

inline limits small_limits() {
  limits caps;
  caps.head = 2000;
  caps.field_count = 20;
  caps.receive_window = 50;
  caps.drain = 40;
  return caps;
}

}  // namespace fuzz
