// A client's and a server's engine, and a transport between them that keeps each stream in order and nothing else.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "h3/tester.hpp"

namespace parley::h3::test {

inline constexpr engine::protocol_error closed_by_peer{.scope = engine::error_scope::connection,
                                                       .status = 0,
                                                       .code = static_cast<std::uint32_t>(error_code::no_error),
                                                       .name = "closed-by-peer",
                                                       .message = "The peer has closed the connection.",
                                                       .section = "RFC 9114 §5.3",
                                                       .limit = {}};

class wire {
 public:
  /// Streams are written in pieces of at most `step` bytes (0: any); which one's next piece arrives first is drawn from `seed` (0: in the
  /// order of sending).
  explicit wire(std::size_t step, std::uint32_t seed = 0, const limits& of = tester::default_limits(), const options& how = {})
      : caps(of), client(engine::role::client, caps, how, epoch), server(engine::role::server, caps, how, epoch), step_(step),
        seed_(seed) {
    client.stream_limits(100, 100);
    server.stream_limits(0, 100);
  }
  void start() {
    client.start(false, now);
    server.start(false, now);
    run();
  }

  /// Until nothing moves any more.
  void run() {
    for (bool moved = true; moved;) {
      moved = pull(client, true);
      moved = pull(server, false) || moved;
      moved = deliver() || moved;
      close_streams();
    }
  }
  [[nodiscard]] std::size_t open_streams() const { return streams_.size(); }

  limits caps;
  connection client;
  connection server;
  std::function<void(engine::event&)> on_client;
  std::function<void(engine::event&)> on_server;
  engine::time_point now = epoch;
  bool client_closed = false;
  bool server_closed = false;
  std::size_t bytes_to_server = 0;

 private:
  struct piece {
    std::uint64_t stream;
    std::string bytes;
    bool fin = false;
    bool reset = false;
    std::uint64_t code = 0;
  };
  struct directions {
    bool sent_ended[2] = {};  // [from client]
    bool ended[2] = {};       // and arrived
  };

  void drain(connection& of) {
    auto& handler = &of == &client ? on_client : on_server;
    while (auto e = of.next_event()) {
      if (handler) handler(*e);
      if (const auto* d = std::get_if<engine::data_event>(&*e)) of.consume(d->id, d->bytes.size());
    }
  }

  bool pull(connection& from, bool from_client) {
    bool moved = false;
    connection& to = from_client ? server : client;
    while (auto a = from.next_action()) {
      moved = true;
      if (const auto* r = std::get_if<engine::transport_action::reset>(&*a)) {
        auto& d = streams_[r->stream];
        if (std::exchange(d.sent_ended[from_client], true)) continue;
        auto& queue = queues_[from_client];
        std::erase_if(queue, [&](const piece& p) { return p.stream == r->stream; });
        queue.push_back({r->stream, {}, false, true, r->code});
      } else if (const auto* s = std::get_if<engine::transport_action::stop>(&*a)) {
        streams_[s->stream];
        if (!streams_[s->stream].sent_ended[!from_client]) to.receive_stop(s->stream, s->code, now);
        drain(to);
      } else if (const auto* g = std::get_if<engine::transport_action::datagram>(&*a)) {
        to.receive_datagram(g->bytes, now);
        drain(to);
      } else if (std::get_if<engine::transport_action::close>(&*a) != nullptr) {
        (from_client ? client_closed : server_closed) = true;
        to.transport_closed(closed_by_peer, now);
        drain(to);
      }
    }
    std::array<std::string_view, 3> pieces;
    if (const auto id = from.next_stream()) {
      const auto out = from.output(*id, pieces);
      piece p{*id, {}, false, false, 0};
      for (std::size_t i = 0; i < out.pieces; ++i) p.bytes += pieces[i];
      p.fin = out.fin;
      if (step_ != 0 && p.bytes.size() > step_) {
        p.bytes.resize(step_);
        p.fin = false;
      }
      if (from_client) bytes_to_server += p.bytes.size();
      from.accepted(*id, p.bytes.size(), p.fin, now);
      auto& d = streams_[*id];
      d.sent_ended[from_client] = d.sent_ended[from_client] || p.fin;
      queues_[from_client].push_back(std::move(p));
      moved = true;
    }
    drain(from);
    return moved;
  }

  std::uint32_t random() { return seed_ = seed_ * 1'664'525 + 1'013'904'223; }

  bool deliver() {
    bool moved = false;
    for (const bool from_client : {true, false}) {
      auto& queue = queues_[from_client];
      if (queue.empty()) continue;
      moved = true;
      std::size_t at = seed_ == 0 ? 0 : (random() >> 8) % queue.size();
      // The first of that stream.
      for (std::size_t i = 0; i < at; ++i) {
        if (queue[i].stream == queue[at].stream) at = i;
      }
      const piece p = std::move(queue[at]);
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
      connection& to = from_client ? server : client;
      connection& from = from_client ? client : server;
      auto& d = streams_[p.stream];
      if (d.ended[from_client]) continue;
      if (p.reset) {
        to.receive_reset(p.stream, p.code, now);
      } else {
        to.receive(p.stream, p.bytes, p.fin, now);
        if (!p.bytes.empty()) from.acknowledged(p.stream, p.bytes.size());
      }
      d.ended[from_client] = d.ended[from_client] || p.fin || p.reset;
      drain(to);
      drain(from);
    }
    return moved;
  }

  void close_streams() {
    for (auto it = streams_.begin(); it != streams_.end();) {
      const auto& [id, d] = *it;
      const bool one_way = (id & 2) != 0;
      const bool done = one_way ? d.ended[(id & 1) == 0] : d.ended[0] && d.ended[1];
      if (!done) {
        ++it;
        continue;
      }
      const std::uint64_t gone = id;
      it = streams_.erase(it);
      client.stream_closed(gone, now);
      server.stream_closed(gone, now);
      drain(client);
      drain(server);
    }
  }

  std::size_t step_;
  std::uint32_t seed_;
  std::array<std::deque<piece>, 2> queues_;  // [from client]
  std::map<std::uint64_t, directions> streams_;
};

}  // namespace parley::h3::test
