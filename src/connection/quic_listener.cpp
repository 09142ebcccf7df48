#include "connection/http3.hpp"
#include "connection/make_engine.hpp"
#include "connection/quic_connection.hpp"
#include "connection/quic_outbox.hpp"
#include "connection/select.hpp"
#include "quic/endpoint.hpp"

#include <algorithm>
#include <utility>

// A server's UDP socket: what comes goes through QUIC's endpoint to connections, or to another loop.

namespace parley::connection {

namespace {

std::chrono::nanoseconds wall_offset(net::time_point now) {
  return std::chrono::system_clock::now().time_since_epoch() - now.time_since_epoch();
}

quic::endpoint_settings settings_of(http3_listener_setup& setup, const limits& caps, net::time_point now) {
  quic::endpoint_settings s;
  s.keys = quic::endpoint_keys::from(setup.keys).value_or(quic::endpoint_keys::make(base::system_random()));
  s.credentials = std::move(setup.credentials);
  s.transport.limits = caps;
  s.transport.bidirectional_streams = caps.streams;
  s.transport.unidirectional_streams = caps.unidirectional_streams;
  s.transport.idle_time = caps.quic_idle_time;
  if (setup.bbr) s.transport.algorithm = quic::congestion::bbr;
  s.early_data = true;  // where the credentials have what refuses copies
  s.loop = setup.loop;
  s.loops = setup.loops;
  s.wall_offset = wall_offset(now);
  s.token_life = address_token_life;
  s.tokens = setup.tokens;
  return s;
}

/// What the first datagram of a client brought in early data, before there is a connection that could take it.
class early_events final : public quic::event_taker {
 public:
  explicit early_events(engine::stream_engine& of) : engine_(of) {}
  [[nodiscard]] std::vector<kept_event> take() { return std::move(kept_); }

 private:
  void take_events() override {
    while (auto e = engine_.next_event()) {
      // Content is a view into the datagram, which goes.
      const auto* data = std::get_if<engine::data_event>(&*e);
      std::unique_ptr<std::string> bytes;
      if (data != nullptr) {
        bytes = std::make_unique<std::string>(data->bytes);
        e = engine::data_event{data->id, *bytes};
      }
      kept_.push_back({std::move(*e), std::move(bytes)});
    }
  }

  engine::stream_engine& engine_;
  std::vector<kept_event> kept_;
};

class quic_listener final : public http3_listener, private net::datagram_handler {
 public:
  quic_listener(net::loop& on, std::unique_ptr<net::datagram_socket> socket, http3_listener_setup setup, http3_owner& owner,
                exchange_owner& dispatch, const limits& caps, base::unique_function<std::uint64_t()> ids)
      : loop_(on), socket_(std::move(socket)), owner_(owner), dispatch_(dispatch), limits_(caps), ids_(std::move(ids)),
        observer_(setup.observer), traffic_(setup.traffic), extended_connect_(setup.extended_connect),
        any_scheme_(setup.any_scheme), endpoint_(settings_of(setup, caps, on.now()), base::system_random(), on.now()),
        outbox_(on, *socket_, setup.traffic), timer_(on, [this] {
          endpoint_.expired(loop_.now());
          watch_time();
        }) {}

  [[nodiscard]] const net::ip_endpoint& local() const override { return socket_->local(); }
  void start() override { socket_->start(this); }
  void take(const net::datagram_run& datagram) override { on_datagrams({&datagram, 1}); }
  void credentials(std::shared_ptr<const tls::server_credentials> now) override {
    if (now != endpoint_.settings().credentials) endpoint_.replace_credentials(std::move(now));
  }
  void drain() override { endpoint_.drain(); }
  std::error_code steer() override { return socket_->steer({endpoint_.mask().key(), endpoint_.settings().loops}); }

 private:
  void on_datagrams(std::span<const net::datagram_run> runs) override {
    for (const net::datagram_run& run : runs) {
      if (traffic_ != nullptr) traffic_->received.add(run.bytes.size());
      const quic::path by{to_quic(run.local), to_quic(run.remote)};
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
        take_one(run, by, run.bytes.substr(at, run.segment));
      }
    }
    answer();
    tell_counts();
    watch_time();
  }

  void take_one(const net::datagram_run& run, const quic::path& by, std::string_view datagram) {
    using what = quic::arrival::what;
    const auto mark = static_cast<quic::ecn>(run.ecn);
    const quic::arrival found = endpoint_.receive(by, mark, datagram, loop_.now());
    switch (found.is) {
      case what::done: return;
      case what::known: return static_cast<quic_connection*>(found.to->owner)->receive(by, mark, datagram);
      case what::fresh: return let_in(by, found.proven);
      case what::elsewhere: return owner_.hand_over(found.loop, {run.local, run.remote, run.ecn, datagram.size(), datagram});
    }
  }

  void let_in(const quic::path& by, bool proven) {
    const auto now = loop_.now();
    const auto entry = owner_.may_enter(from_quic(by.remote).to_endpoint(), proven);
    if (entry == http3_owner::entry::no) return endpoint_.refuse(now);
    if (entry == http3_owner::entry::prove) return endpoint_.ask_for_proof(now);
    const std::uint64_t id = ids_();
    auto engine = make_http3_engine(engine::role::server, limits_,
                                    {.extended_connect = extended_connect_,
                                     .any_scheme = any_scheme_,
                                     .seed = engine_seed(id),
                                     .request_streams = limits_.streams},
                                    now);
    if (observer_ != nullptr) engine->observe(observer_, id);  // now: it speaks before the connection is made
    early_events early(*engine);
    auto transport = endpoint_.accept(*engine, now, &early);
    if (!transport) return owner_.on_nobody();
    auto made = std::make_unique<quic_connection>(loop_, std::move(engine), std::move(transport), outbox_, dispatch_,
                                                  engine::role::server, limits_, id, observer_);
    made->begin_with(early.take());
    owner_.on_connection(std::move(made));
  }

  // What belongs to no connection.
  void answer() {
    while (!outbox_.blocked()) {
      const bool more = endpoint_.send(outbox_.batch());
      if (!outbox_.batch().empty()) outbox_.flush_soon();
      if (!more || !outbox_.flush()) return;
    }
  }

  void on_writable() override {
    outbox_.on_writable();
    answer();
  }

  void tell_counts() {
    const quic::endpoint_counters& c = endpoint_.counters();
    const http3_counts now{c.garbage, c.over_half_open, c.retries, c.stateless_resets, c.over_replies, c.over_tokens};
    if (now == told_) return;
    owner_.on_counts({now.garbage - told_.garbage, now.over_half_open - told_.over_half_open, now.retries - told_.retries,
                      now.stateless_resets - told_.stateless_resets, now.over_replies - told_.over_replies,
                      now.over_tokens - told_.over_tokens});
    told_ = now;
  }

  void watch_time() {
    if (const auto when = endpoint_.deadline()) timer_.arm(*when);
  }

  net::loop& loop_;
  std::unique_ptr<net::datagram_socket> socket_;
  http3_owner& owner_;
  exchange_owner& dispatch_;
  const limits& limits_;
  base::unique_function<std::uint64_t()> ids_;
  engine::observer* observer_;
  traffic* traffic_;
  const bool extended_connect_;
  const bool any_scheme_;
  quic::endpoint endpoint_;
  quic_outbox outbox_;
  net::timer timer_;
  http3_counts told_;
};

}  // namespace

std::unique_ptr<http3_listener> make_quic_listener(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                   http3_listener_setup setup, http3_owner& owner, exchange_owner& dispatch,
                                                   const limits& caps, base::unique_function<std::uint64_t()> ids) {
  return std::make_unique<quic_listener>(on, std::move(socket), std::move(setup), owner, dispatch, caps, std::move(ids));
}

}  // namespace parley::connection
