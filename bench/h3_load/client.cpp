#include "h3_load/client.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <variant>
#include <vector>

namespace h3_load {
namespace {

constexpr std::size_t socket_buffer = std::size_t{4} * 1024 * 1024;
constexpr std::uint64_t no_error = 0x100;  // H3_NO_ERROR, RFC 9114 §8.1

quic::address to_quic(const net::ip_endpoint& from) { return {from.data(), from.size()}; }
net::ip_endpoint from_quic(const quic::address& from) { return {from.data(), from.size()}; }

std::unique_ptr<net::datagram_socket> socket_to(net::loop& on, const net::ip_endpoint& server) {
  net::datagram_options how;
  how.peer = server;
  how.buffer = socket_buffer;
  auto made = net::open_datagrams(on, net::ip_endpoint(net::endpoint{"127.0.0.1", 0, false}), how);
  if (!made) fail("a UDP socket: " + made.error().message());
  return std::move(*made);
}

}  // namespace

void fail(const std::string& what) {
  std::fprintf(stderr, "h3_load: %s\n", what.c_str());
  std::exit(1);
}

// xorshift64*: the same datagrams are dropped in each run.
bool load::drops() {
  if (loss <= 0) return false;
  dice ^= dice >> 12;
  dice ^= dice << 25;
  dice ^= dice >> 27;
  return static_cast<double>((dice * 0x2545f4914f6cdd1d) >> 11) < loss * 0x1p53;
}

client::client(load& of) : load_(of), socket_(socket_to(of.loop, of.server)), timer_(of.loop, [this] { on_time(); }) {
  const auto now = load_.loop.now();
  auto& random = parley::base::system_random();
  engine_ = parley::connection::make_http3_engine(engine::role::client, load_.caps, {.seed = random.next()}, now);
  quic::client_setup with;
  with.credentials = load_.credentials;
  with.to = {"localhost", load_.server.port(), {"h3"}};
  with.by = {to_quic(socket_->local()), to_quic(load_.server)};
  with.settings.limits = load_.caps;
  with.settings.unidirectional_streams = 16;
  with.settings.idle_time = load_.caps.quic_idle_time;
  transport_ = quic::connection::connect(std::move(with), *engine_, random, now);
  transport_->taker = this;
  socket_->start(this);
  serve();
}

void client::on_datagrams(std::span<const net::datagram_run> runs) {
  const auto now = load_.loop.now();
  for (const net::datagram_run& run : runs) {
    const quic::path by{to_quic(run.local), to_quic(run.remote)};
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
      ++load_.datagrams;
      if (load_.drops()) {
        ++load_.dropped;
        continue;
      }
      transport_->receive(by, static_cast<quic::ecn>(run.ecn), run.bytes.substr(at, run.segment), now);
    }
  }
  serve();
}

void client::take_events() {
  while (auto one = engine_->next_event()) take(*one);
}

void client::take(const engine::event& one) {
  if (const auto* head = std::get_if<engine::response_event>(&one)) {
    if (head->informational) return;
    if (head->head.status != 200) fail("a response of status " + std::to_string(head->head.status));
    if (load_.keep != nullptr) {
      load_.keep->append("HTTP/3 200\r\n");
      for (const auto& line : head->head.fields) load_.keep->append(line.name).append(": ").append(line.value).append("\r\n");
      load_.keep->append("\r\n");
    }
    received_.emplace_back(head->id, 0);
    if (head->ended) answered();
  } else if (const auto* data = std::get_if<engine::data_event>(&one)) {
    const auto at = std::ranges::find(received_, data->id, &std::pair<engine::stream_id, std::size_t>::first);
    if (at == received_.end()) fail("content of no response");
    at->second += data->bytes.size();
    load_.bytes += data->bytes.size();
    if (load_.keep != nullptr) load_.keep->append(data->bytes);
    engine_->consume(data->id, data->bytes.size());
  } else if (const auto* whole = std::get_if<engine::complete_event>(&one)) {
    const auto at = std::ranges::find(received_, whole->id, &std::pair<engine::stream_id, std::size_t>::first);
    if (at == received_.end()) fail("an end of no response");
    std::swap(*at, received_.back());
    answered();
  } else if (const auto* lost = std::get_if<engine::reset_event>(&one)) {
    // A request whose end was not acknowledged ends with its connection, though it was answered.
    if (!closing_ || awaited_ > 0)
      fail("a request was lost: " + std::string(lost->error.name) + ", " + std::string(lost->error.message));
  } else if (std::holds_alternative<engine::goaway_event>(one)) {
    fail("the server wants no further requests");
  }
}

// The last of `received_`.
void client::answered() {
  const std::size_t size = received_.back().second;
  received_.pop_back();
  if (load_.size == SIZE_MAX) load_.size = size;
  if (size != load_.size) fail("a response of " + std::to_string(size) + " bytes after some of " + std::to_string(load_.size));
  --awaited_;
  --load_.under_way;
  ++load_.answered;
}

void client::ask() {
  const auto now = load_.loop.now();
  while (wanted > 0 && awaited_ < load_.streams && engine_->can_send_request()) {
    if (!engine_->send_request(load_.request, engine::content_length::no_content(), now)) fail("a request could not be sent");
    --wanted;
    ++awaited_;
    ++load_.under_way;
  }
}

void client::close() {
  closing_ = true;
  transport_->close(no_error, "", load_.loop.now());
  serve();
}

void client::flush() {
  std::vector<net::datagram_run> runs;
  for (const quic::datagram_run& run : load_.batch.runs()) {
    runs.push_back(
        {from_quic(run.where.local), from_quic(run.where.remote), static_cast<std::uint8_t>(run.mark), run.segment, run.bytes});
  }
  net::send_place place;
  // Loopback takes all that there is; what it does not take is lost as on any way.
  static_cast<void>(socket_->send(runs, place));
  load_.batch.clear();
}

void client::serve() {
  const auto now = load_.loop.now();
  take_events();
  ask();
  for (bool more = true; more;) {
    more = transport_->send(load_.batch, now);
    take_events();
    if (!load_.batch.empty()) flush();
  }
  if (transport_->closed() && !transport_->why().application) {
    fail("the connection ended: " + transport_->why().reason + " (" + std::string(transport_->why().error().name) + ")");
  }
  auto when = engine_->deadline();
  if (const auto other = transport_->deadline(); other && (!when || *other < *when)) when = other;
  if (when) {
    timer_.arm(*when);
  } else {
    timer_.cancel();
  }
  if (load_.on_turn) load_.on_turn();
}

void client::on_time() {
  const auto now = load_.loop.now();
  if (const auto due = engine_->deadline(); due && *due <= now) engine_->expired(now);
  if (const auto due = transport_->deadline(); due && *due <= now) transport_->expired(now);
  serve();
}

}  // namespace h3_load
