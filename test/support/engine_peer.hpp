// A client on the network in memory: a client's engine of any version over a stream, and what was answered to each of its requests.
#pragma once

#include "connection/make_engine.hpp"
#include "connection/message_access.hpp"
#include "engine/byte_engine.hpp"
#include "net/connect.hpp"
#include "net/memory_network.hpp"
#include "net/stream.hpp"

#include <parley/limits.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::testing {

using field_pairs = std::vector<std::pair<std::string_view, std::string_view>>;

/// A request as a test writes it.
struct asked {
  std::string method = "GET";
  std::string path = "/";
  field_pairs fields = {};
  std::optional<std::string> content = {};
  bool chunked = false;  // its length is not said beforehand
  field_pairs trailers = {};
  std::string authority = "a.example";
  std::string scheme = "http";
};

struct answered {
  std::vector<semantics::response_head> interim;
  int status = 0;
  parley::fields fields;
  std::string content;
  parley::fields trailers;
  bool whole = false;
  std::optional<engine::protocol_error> lost;
  bool unprocessed = false;
};

struct promised {
  engine::stream_id parent = 0;
  engine::stream_id id = 0;
  semantics::request_head head;
};

inline std::unique_ptr<net::byte_stream> connect_in_memory(net::memory_loop& on, std::uint16_t port) {
  std::unique_ptr<net::byte_stream> stream;
  const auto pending = net::connect(on, {"127.0.0.1", port, false}, [&](auto result) { stream = std::move(*result); });
  while (!stream && on.run_one_turn()) {
  }
  return stream;
}

class engine_peer final : private net::stream_handler {
 public:
  engine_peer(net::memory_loop& on, std::unique_ptr<net::byte_stream> stream, std::unique_ptr<engine::byte_engine> engine)
      : loop_(on), stream_(std::move(stream)), engine_(std::move(engine)) {
    stream_->handler(this);
    stream_->read();
  }
  /// In cleartext, by prior knowledge.
  static std::unique_ptr<engine::byte_engine> speaking_http2(net::memory_loop& on, const limits& caps, bool push = false) {
    return connection::make_http2_engine(engine::role::client, caps, {.push = push, .secure = false, .seed = 1}, on.now());
  }
  static std::unique_ptr<engine::byte_engine> speaking_http1(net::memory_loop& on, const limits& caps) {
    return connection::make_http1_engine(engine::role::client, caps, {}, on.now());
  }

  /// Sends what is not the engine's; before all else.
  void send_raw(std::string_view bytes) { write(bytes); }
  /// The engine speaks from here on; what has come so far is its.
  void begin_with(std::unique_ptr<engine::byte_engine> engine) {
    engine_ = std::move(engine);
    go_on();
  }
  /// Takes what has come off, up to and with this text; empty when it is not there.
  std::string take_raw(std::string_view up_to) {
    const auto at = in_.find(up_to);
    if (at == std::string::npos) return {};
    std::string taken = in_.substr(0, at + up_to.size());
    in_.erase(0, taken.size());
    return taken;
  }

  static semantics::request_head head_of(const asked& what) {
    request r(method::parse(what.method).value(),
              what.method == "CONNECT" || what.path == "*" ? what.path : what.scheme + "://" + what.authority + what.path);
    for (const auto& [name, value] : what.fields) r.fields().add(name, value);
    if (what.path == "*") r.header("Host", what.authority);
    semantics::request_head head = detail::request_access::to_head(std::move(r));
    return head;
  }
  /// Its id; 0 when it could not be sent.
  engine::stream_id ask(const asked& what) {
    const auto id = begin(what);
    if (id != 0 && what.content) {
      parley::fields lines;
      for (const auto& [name, value] : what.trailers) lines.add(name, value);
      static_cast<void>(engine_->send_data(id, {engine::chunk::owned{*what.content}}, loop_.now()));
      static_cast<void>(engine_->send_end(id, lines.empty() ? nullptr : &lines, loop_.now()));
    }
    flush();
    return id;
  }
  /// The head alone, and content to follow if it has any.
  engine::stream_id begin(const asked& what) {
    auto length = engine::content_length::no_content();
    if (what.content) length = what.chunked ? engine::content_length::stream() : engine::content_length::of(what.content->size());
    const auto id = engine_->send_request(head_of(what), length, loop_.now());
    if (!id) return 0;
    answers[*id];
    flush();
    return *id;
  }
  /// Asks, and waits until the answer is whole, or lost, or nothing moves any more.
  answered& exchange(const asked& what) {
    const auto id = ask(what);
    answered& a = answers[id];
    while (!a.whole && !a.lost && loop_.run_one_turn()) {
    }
    // Who waits for a time to come.
    for (int second = 0; second < 60 && !a.whole && !a.lost; ++second) loop_.run_for(std::chrono::seconds(1));
    return a;
  }
  void send_data(engine::stream_id id, std::string_view bytes) {
    static_cast<void>(engine_->send_data(id, {engine::chunk::view{bytes}}, loop_.now()));
    flush();
  }
  void send_end(engine::stream_id id) {
    static_cast<void>(engine_->send_end(id, nullptr, loop_.now()));
    flush();
  }
  void reset(engine::stream_id id) {
    engine_->reset(id, loop_.now());
    flush();
  }
  void close_gracefully() {
    engine_->close_gracefully(loop_.now());
    flush();
  }
  void end() { stream_->shutdown_write(); }
  void abort() { stream_->abort(); }
  [[nodiscard]] engine::byte_engine& engine() { return *engine_; }

  std::map<engine::stream_id, answered> answers;
  std::vector<promised> promises;
  bool refuse_pushes = false;
  std::optional<engine::stream_id> goaway;
  bool ended = false;   // the server's direction
  bool failed = false;  // or worse

 private:
  std::span<char> read_room() override { return buffer_; }
  void on_read(std::size_t n, std::error_code error) override {
    if (error) {
      failed = ended = true;
      return;
    }
    if (n == 0) {
      ended = true;
      if (engine_) engine_->receive_eof(loop_.now());
      return go_on();
    }
    in_.append(buffer_.data(), n);
    go_on();
    stream_->read();
  }
  void on_writable(std::error_code error) override {
    blocked_ = false;
    if (!error) flush();
  }

  void go_on() {
    if (!engine_) return;
    for (bool more = true; more;) {
      const std::size_t used = engine_->receive(in_, loop_.now());
      more = used > 0;
      while (auto e = engine_->next_event()) {
        more = true;
        std::visit([this](auto& what) { take(what); }, *e);
      }
      in_.erase(0, used);
    }
    flush();
  }
  void take(engine::request_event&) { ADD_FAILURE() << "a client got a request"; }
  void take(engine::response_event& e) {
    answered& a = answers[e.id];
    if (e.informational) {
      a.interim.push_back(std::move(e.head));
      return;
    }
    a.status = e.head.status;
    a.fields = std::move(e.head.fields);
    a.whole = e.ended;
  }
  void take(engine::data_event& e) {
    answers[e.id].content += e.bytes;
    engine_->consume(e.id, e.bytes.size());
  }
  void take(engine::trailers_event& e) { answers[e.id].trailers = std::move(e.trailers); }
  void take(engine::complete_event& e) { answers[e.id].whole = true; }
  void take(engine::reset_event& e) {
    answers[e.id].lost = e.error;
    answers[e.id].unprocessed = e.unprocessed;
  }
  void take(engine::writable_event&) {}
  void take(engine::detached_event&) {}
  void take(engine::push_event& e) {
    if (refuse_pushes) engine_->reset(e.id, loop_.now());
    promises.push_back({e.parent, e.id, std::move(e.head)});
  }
  void take(engine::goaway_event& e) { goaway = e.last; }

  void flush() {
    std::array<engine::segment, 16> segments;
    while (engine_ && !blocked_ && engine_->has_output()) {
      const std::size_t n = engine_->output(segments);
      if (n == 0) break;
      const auto done = stream_->write(std::span(segments).first(n));
      engine_->written(done.written, loop_.now());
      if (done.error) return;
      if (!done.blocked) continue;
      blocked_ = true;
      stream_->wait_writable();
    }
  }
  void write(std::string_view bytes) {
    const base::segment piece{bytes};
    static_cast<void>(stream_->write(std::span(&piece, 1)));
  }

  net::memory_loop& loop_;
  std::unique_ptr<net::byte_stream> stream_;
  std::unique_ptr<engine::byte_engine> engine_;
  std::array<char, 16384> buffer_;
  std::string in_;
  bool blocked_ = false;
};

}  // namespace parley::testing
