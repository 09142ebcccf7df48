// A stream engine without a protocol: what streams carry is bytes. A server's echoes them; a client's sends what it is told to.
#pragma once

#include "engine/stream_engine.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace parley::quic {

class stream_peer final : public engine::stream_engine {
 public:
  explicit stream_peer(engine::role role) : role_(role) {}

  /// One direction of a stream is a queue of pieces that stay where they are until they are acknowledged.
  struct stream {
    std::deque<std::string> out;
    std::uint64_t out_bytes = 0;  // all that was put in
    std::uint64_t acked = 0;
    std::uint64_t let_go = 0;  // whole pieces, acknowledged
    std::uint64_t sent = 0;
    bool out_fin = false;
    bool fin_sent = false;
    bool is_blocked = false;
    bool dead = false;  // our direction is reset, or the peer reads it no more
    std::string in;
    bool in_fin = false;
    bool closed = false;
    std::optional<std::uint64_t> reset_code;
    std::optional<std::uint64_t> stop_code;
    [[nodiscard]] bool wants() const { return !dead && !is_blocked && (sent < out_bytes || (out_fin && !fin_sent)); }
  };

  // --- what tests say --------------------------------------------------------------------------------------------------------
  engine::transport_stream open(std::string bytes, bool fin = true, bool one_way = false) {
    std::uint64_t& count = one_way ? opened_uni_ : opened_bidi_;
    const engine::transport_stream id = count++ * 4 + (one_way ? 2U : 0U) + (role_ == engine::role::server ? 1U : 0U);
    add(id, std::move(bytes), fin);
    return id;
  }
  void add(engine::transport_stream id, std::string bytes, bool fin) {
    stream& s = streams[id];
    s.out_bytes += bytes.size();
    if (!bytes.empty()) s.out.push_back(std::move(bytes));
    s.out_fin = fin;
  }
  void act(engine::any_transport_action what) { actions.push_back(std::move(what)); }
  [[nodiscard]] bool all_done() const {
    return std::ranges::all_of(streams, [](const auto& s) { return s.second.in_fin || s.second.closed; });
  }
  [[nodiscard]] std::size_t kept_bytes() const {
    std::size_t n = 0;
    for (const auto& [id, s] : streams) n += s.out_bytes - s.let_go;
    return n;
  }

  std::map<engine::transport_stream, stream> streams;
  std::deque<engine::any_transport_action> actions;
  std::vector<std::string> datagrams;
  std::uint64_t bidi_limit = 0;
  std::uint64_t uni_limit = 0;
  std::optional<engine::protocol_error> ended_by;
  int starts = 0;
  int early_starts = 0;
  int rejections = 0;
  bool echoes = true;        // server
  bool gives_credit = true;  // both
  bool forget_closed = false;
  std::function<void()> on_receive;

  // --- from the transport ------------------------------------------------------------------------------------------------------
  void start(bool early, engine::time_point) override { ++(early ? early_starts : starts); }
  void early_data_rejected(engine::time_point) override {
    ++rejections;
    for (auto& [id, s] : streams) {
      s.sent = 0;
      s.fin_sent = s.is_blocked = false;
    }
  }
  void stream_limits(std::uint64_t bidirectional, std::uint64_t unidirectional) override {
    bidi_limit = bidirectional;
    uni_limit = unidirectional;
  }
  void receive(engine::transport_stream id, std::string_view bytes, bool fin, engine::time_point) override {
    if (on_receive) on_receive();
    stream& s = streams[id];
    s.in += bytes;
    s.in_fin = s.in_fin || fin;
    if (gives_credit && !bytes.empty()) actions.push_back(engine::transport_action::credit{id, bytes.size()});
    const bool echo = role_ == engine::role::server && echoes && (id & 2) == 0;
    if (echo) add(id, std::string(bytes), fin);
  }
  void receive_reset(engine::transport_stream id, std::uint64_t code, engine::time_point) override {
    streams[id].reset_code = code;
  }
  void receive_stop(engine::transport_stream id, std::uint64_t code, engine::time_point) override {
    streams[id].stop_code = code;
    streams[id].dead = true;
  }
  void receive_datagram(std::string_view bytes, engine::time_point) override { datagrams.emplace_back(bytes); }
  void transport_closed(const engine::protocol_error& why, engine::time_point) override { ended_by = why; }

  // --- to the transport --------------------------------------------------------------------------------------------------------
  std::optional<engine::any_transport_action> next_action() override {
    if (actions.empty()) return std::nullopt;
    auto next = std::move(actions.front());
    actions.pop_front();
    if (const auto* reset = std::get_if<engine::transport_action::reset>(&next)) streams[reset->stream].dead = true;
    return next;
  }
  std::optional<engine::transport_stream> next_stream() override {
    for (const auto& [id, s] : streams) {
      if (s.wants() && allowed(id)) return id;
    }
    return std::nullopt;
  }
  engine::stream_output output(engine::transport_stream id, std::span<std::string_view> pieces) override {
    stream& s = streams[id];
    std::uint64_t skip = s.sent - s.let_go;
    std::size_t n = 0;
    bool all = true;
    for (const std::string& one : s.out) {
      if (skip >= one.size()) {
        skip -= one.size();
        continue;
      }
      if (n == pieces.size()) {
        all = false;
        break;
      }
      pieces[n++] = std::string_view(one).substr(skip);
      skip = 0;
    }
    return {n, s.out_fin && all};
  }
  void accepted(engine::transport_stream id, std::size_t n, bool fin, engine::time_point) override {
    streams[id].sent += n;
    streams[id].fin_sent = streams[id].fin_sent || fin;
  }
  void blocked(engine::transport_stream id) override { streams[id].is_blocked = true; }
  void unblocked(engine::transport_stream id) override { streams[id].is_blocked = false; }
  void acknowledged(engine::transport_stream id, std::size_t n) override {
    stream& s = streams[id];
    s.acked += n;
    while (!s.out.empty() && s.let_go + s.out.front().size() <= s.acked) {
      s.let_go += s.out.front().size();
      s.out.pop_front();
    }
  }
  void stream_closed(engine::transport_stream id, engine::time_point) override {
    if (forget_closed) {
      streams.erase(id);
    } else {
      streams[id].closed = true;
    }
  }

  // --- a message engine, which this is not -----------------------------------------------------------------------------------------
  std::optional<engine::event> next_event() override { return std::nullopt; }
  void consume(engine::stream_id, std::size_t) override {}
  std::expected<engine::stream_id, engine::misuse> send_request(const semantics::request_head&, engine::content_length,
                                                                engine::time_point) override {
    return std::unexpected(engine::misuse::bad_request);
  }
  std::expected<void, engine::misuse> send_response(engine::stream_id, const semantics::response_head&, engine::content_length,
                                                    engine::time_point) override {
    return {};
  }
  std::expected<bool, engine::misuse> send_data(engine::stream_id, engine::chunk&&, engine::time_point) override { return true; }
  std::expected<void, engine::misuse> send_end(engine::stream_id, const parley::fields*, engine::time_point) override { return {}; }
  void reset(engine::stream_id, engine::time_point) override {}
  void close_gracefully(engine::time_point) override {}
  [[nodiscard]] bool wants_close() const override { return false; }
  [[nodiscard]] bool ended() const override { return false; }
  [[nodiscard]] bool can_send_request() const override { return false; }
  [[nodiscard]] bool idle() const override { return true; }
  [[nodiscard]] std::optional<engine::time_point> deadline() const override { return std::nullopt; }
  void expired(engine::time_point) override {}
  void rest() override {}
  [[nodiscard]] parley::version version() const override { return parley::http3; }
  [[nodiscard]] const engine::protocol_error* error() const override { return nullptr; }
  void observe(engine::observer*, std::uint64_t) override {}

 private:
  [[nodiscard]] bool allowed(engine::transport_stream id) const {
    const bool ours = ((id & 1) != 0) == (role_ == engine::role::server);
    return !ours || id / 4 < ((id & 2) != 0 ? uni_limit : bidi_limit);
  }

  engine::role role_;
  std::uint64_t opened_bidi_ = 0;
  std::uint64_t opened_uni_ = 0;
};

}  // namespace parley::quic
