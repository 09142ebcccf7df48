#include "connection/http3.hpp"
#include "connection/make_engine.hpp"
#include "connection/quic_connection.hpp"
#include "connection/quic_socket.hpp"

#include <utility>

// A client's connection, with a UDP socket of its own.

namespace parley::connection {

namespace {

// A client's socket carries one connection: a batch for some dozens of datagrams.
constexpr std::size_t batch_size = 48UL * 1024;

}  // namespace

quic_socket::quic_socket(net::loop& on, std::unique_ptr<net::datagram_socket> socket, traffic* counts)
    : socket_(std::move(socket)), traffic_(counts), outbox_(on, *socket_, counts, batch_size) {}

void quic_socket::start(quic_connection& to) {
  to_ = &to;
  socket_->start(this);
}

void quic_socket::on_datagrams(std::span<const net::datagram_run> runs) {
  for (const net::datagram_run& run : runs) {
    if (traffic_ != nullptr) traffic_->received.add(run.bytes.size());
    const quic::path by{to_quic(run.local), to_quic(run.remote)};
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
      to_->receive(by, static_cast<quic::ecn>(run.ecn), run.bytes.substr(at, run.segment));
    }
  }
}

// RFC 9000 §10 knows nothing of ICMP, which anybody can forge; but while the handshake is not done, nobody is there to be robbed of anything,
// and waiting would help nobody.
void quic_socket::on_error(std::error_code what) { to_->on_socket_error(what); }

std::unique_ptr<http_connection> make_quic_client(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                  http3_client_setup setup, exchange_owner& owner, const limits& caps,
                                                  std::uint64_t id, http3_ready ready) {
  const auto now = on.now();
  quic::client_setup with;
  with.resume = tls::take_ticket(*setup.credentials, setup.to);
  with.early = setup.early;
  http3_options how{.push = setup.push, .seed = base::system_random().next()};
  if (with.early && with.resume) how.remembered = with.resume->application;
  auto engine = make_http3_engine(engine::role::client, caps, std::move(how), now);
  with.credentials = std::move(setup.credentials);
  with.to = std::move(setup.to);
  with.by = {to_quic(socket->local()), to_quic(setup.peer)};
  with.settings.limits = caps;
  with.settings.unidirectional_streams = caps.unidirectional_streams;
  with.settings.idle_time = caps.quic_idle_time;
  auto transport = quic::connection::connect(std::move(with), *engine, base::system_random(), now);
  auto own = std::make_unique<quic_socket>(on, std::move(socket), setup.traffic);
  quic_outbox& outbox = own->outbox();
  auto made = std::make_unique<quic_connection>(on, std::move(engine), std::move(transport), outbox, owner, engine::role::client,
                                                caps, id, setup.observer);
  made->dial(std::move(own), std::move(ready));
  return made;
}

}  // namespace parley::connection
