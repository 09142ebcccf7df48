// Speaks to an HTTP/1 engine in wire text and reads back what it tells, as lines of text.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "h1/connection.hpp"

namespace parley::h1::test {

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

/// The sizes at which every text is fed; 0 is all at once.
inline constexpr std::array<std::size_t, 11> fragment_sizes{1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 0};

inline std::string field_text(const parley::fields& f) {
  std::string text;
  for (const auto& line : f) text.append(" | ").append(line.name).append(": ").append(line.value);
  return text;
}

/// The pieces as one text that lives as long as the program: rows of tables stay plain views.
inline std::string_view join(std::initializer_list<std::string_view> pieces) {
  static std::deque<std::string> texts;
  std::string& text = texts.emplace_back();
  for (const auto piece : pieces) text += piece;
  return text;
}

/// One event as a line, without its fields when `brief`.
inline std::string describe(const engine::event& e) {
  struct text {
    static std::string id(engine::stream_id n) { return std::to_string(n); }
    std::string operator()(const engine::request_event& r) const {
      std::string s = "request " + id(r.id) + " " + std::string(r.head.method.name()) + " " + std::string(r.head.target()) + " " +
                      std::string(parley::name(r.head.version)) + field_text(r.head.fields);
      if (r.ended) s += " | end";
      if (r.expects_continue) s += " | expect";
      return s;
    }
    std::string operator()(const engine::response_event& r) const {
      std::string s = "response " + id(r.id) + " " + std::to_string(r.head.status) + " " + std::string(r.head.reason()) + " " +
                      std::string(parley::name(r.head.version)) + field_text(r.head.fields);
      if (r.ended) s += " | end";
      if (r.informational) s += " | interim";
      return s;
    }
    std::string operator()(const engine::data_event& d) const { return "data " + id(d.id) + " " + std::string(d.bytes); }
    std::string operator()(const engine::trailers_event& t) const { return "trailers " + id(t.id) + field_text(t.trailers); }
    std::string operator()(const engine::complete_event& c) const { return "complete " + id(c.id); }
    std::string operator()(const engine::reset_event& r) const {
      return "reset " + id(r.id) + " " + std::to_string(r.error.status) + " " + std::string(r.error.name);
    }
    std::string operator()(const engine::writable_event& w) const { return "writable " + id(w.id); }
    std::string operator()(const engine::detached_event& d) const { return "detached " + id(d.id); }
    std::string operator()(const engine::push_event& p) const {
      return "push " + id(p.parent) + " " + id(p.id) + " " + std::string(p.head.target()) + field_text(p.head.fields);
    }
    std::string operator()(const engine::goaway_event& g) const { return "goaway " + id(g.last); }
  };
  return std::visit(text{}, e);
}

/// Takes all that is ready to be written.
inline std::string take_output(engine::byte_engine& e, engine::time_point now = epoch) {
  std::string all;
  std::array<engine::segment, 8> segments;
  while (const std::size_t n = e.output(segments)) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      all += segments[i].bytes;
      size += segments[i].size();
    }
    e.written(size, now);
  }
  return all;
}

inline semantics::response_head response(int status, std::initializer_list<parley::fields::line> lines = {}) {
  semantics::response_head head;
  head.status = status;
  head.fields = lines;
  return head;
}

inline semantics::request_head request(parley::method method, std::string_view target, std::string_view authority,
                                       std::initializer_list<parley::fields::line> lines = {},
                                       parley::version version = parley::http1_1) {
  semantics::request_head head;
  head.method = method;
  head.version = version;
  head.fields = lines;
  head.target_ref = parley::detail::fields_access::store(head.fields, target);
  head.authority_ref = parley::detail::fields_access::store(head.fields, authority);
  return head;
}

/// An engine with a connection's habits: it keeps what the engine did not take, returns credit, and tells what it saw.
class tester {
 public:
  explicit tester(engine::role role, const limits& caps = default_limits(), options how = {}) : engine(role, caps, how, epoch) {}

  static const limits& default_limits() {
    static const limits caps;
    return caps;
  }

  /// Gives `bytes` in pieces of `fragment` bytes (0: at once).
  void feed(std::string_view bytes, std::size_t fragment = 0) {
    while (!bytes.empty()) {
      const std::size_t n = fragment == 0 ? bytes.size() : std::min(fragment, bytes.size());
      pending += bytes.substr(0, n);
      bytes.remove_prefix(n);
      pump();
    }
  }

  void eof() {
    engine.receive_eof(now);
    drain();
    pump();
  }

  /// Lets the engine go on as far as it can.
  void pump() {
    while (true) {
      // A copy of the exact size, so that AddressSanitizer sees every byte read too far.
      auto exact = std::make_unique<char[]>(pending.size());
      std::memcpy(exact.get(), pending.data(), pending.size());
      const std::size_t n = engine.receive({exact.get(), pending.size()}, now);
      const bool events = drain();
      pending.erase(0, n);
      if (n == 0 && !events) break;
    }
  }

  bool drain() {
    bool any = false;
    while (auto e = engine.next_event()) {
      any = true;
      note(*e);
      if (on_event) on_event(*e);
    }
    return any;
  }

  std::string sent() { return take_output(engine, now); }

  /// What was told, one event a line; neighbouring pieces of content are joined.
  std::string log;
  std::string pending;
  bool return_credit = true;
  engine::time_point now = epoch;
  std::function<void(const engine::event&)> on_event;
  h1::connection engine;

 private:
  void note(const engine::event& e) {
    if (const auto* data = std::get_if<engine::data_event>(&e)) {
      if (data_id_ == data->id) log.pop_back();
      if (data_id_ != data->id) log.append("data ").append(std::to_string(data->id)).append(" ");
      log.append(data->bytes).append("\n");
      data_id_ = data->id;
      if (return_credit) engine.consume(data->id, data->bytes.size());
      return;
    }
    data_id_ = 0;
    log += describe(e) + "\n";
  }

  engine::stream_id data_id_ = 0;  // of the log's last line, when that is content
};

/// A server that answers every whole request with 200, and every refused one with its status.
inline void answer_all(tester& t, std::string_view body = {}) {
  t.on_event = [&t, body](const engine::event& e) {
    engine::stream_id id = 0;
    int status = 200;
    if (const auto* r = std::get_if<engine::request_event>(&e); r && r->ended) id = r->id;
    if (const auto* c = std::get_if<engine::complete_event>(&e)) id = c->id;
    if (const auto* r = std::get_if<engine::reset_event>(&e)) {
      id = r->id;
      status = r->error.status;
    }
    if (id == 0 || status == 0) return;
    const auto length = body.empty() ? engine::content_length::no_content() : engine::content_length::of(body.size());
    if (!t.engine.send_response(id, response(status), length, t.now)) return;
    if (!body.empty() && t.engine.send_data(id, {engine::chunk::view{body}}, t.now)) (void)t.engine.send_end(id, nullptr, t.now);
  };
}

}  // namespace parley::h1::test
