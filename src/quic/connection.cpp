#include "quic/connection.hpp"

#include "quic/endpoint.hpp"
#include "quic/native.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <span>
#include <utility>

// How a connection is made and set up; its other parts are in connection_recv.cpp, _send.cpp and _close.cpp.

namespace parley::quic {
namespace {

// A stream's window starts so small, and grows with a reader that keeps up (limits.connection_receive_window).
constexpr std::size_t first_window = 64UL * 1024;
constexpr std::uint64_t ids_of_the_peer = 4;
// A server takes datagrams as Ethernet carries them, and no jumbo frames: ngtcp2 keeps room for the largest packet that came, as a power of two,
// with each connection.
constexpr std::uint64_t largest_to_a_server = 2048;
// Shorter than what most NATs remember of UDP (RFC 9000 §10.1.2).
constexpr auto longest_silence = std::chrono::seconds(15);

}  // namespace

ngtcp2_settings settings_of(const transport_settings& from, base::random_source& random, time_point now) {
  ngtcp2_settings s;
  ngtcp2_settings_default(&s);
  s.cc_algo = from.algorithm == congestion::bbr ? NGTCP2_CC_ALGO_BBR : NGTCP2_CC_ALGO_CUBIC;
  s.initial_ts = stamp_of(now);
  s.max_tx_udp_payload_size = std::clamp<std::size_t>(from.largest_payload, NGTCP2_MAX_UDP_PAYLOAD_SIZE, batch::largest_datagram);
  s.rand_ctx.native_handle = &random;
  s.max_window = from.limits.connection_receive_window;
  s.max_stream_window = std::max(from.limits.receive_window, from.limits.connection_receive_window);
  s.handshake_timeout = duration_of(from.limits.handshake_time);
  s.no_pmtud = from.discover_mtu ? 0 : 1;
  // Nearly every path carries the first one, few the second; where the first is lost, smaller ones are tried, as ngtcp2 has them.
  static constexpr std::uint16_t probes[] = {1452, batch::largest_datagram, 1406, 1342, 1232, 1444};
  s.pmtud_probes = probes;
  s.pmtud_probeslen = std::size(probes);
  static constexpr std::uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
  s.available_versions = versions;
  s.available_versionslen = std::size(versions);
  s.preferred_versions = versions;
  s.preferred_versionslen = std::size(versions);
  return s;
}

ngtcp2_transport_params parameters_of(const transport_settings& from) {
  ngtcp2_transport_params p;
  ngtcp2_transport_params_default(&p);
  const std::size_t window = std::min(from.limits.receive_window, first_window);
  p.initial_max_stream_data_bidi_local = window;
  p.initial_max_stream_data_bidi_remote = window;
  p.initial_max_stream_data_uni = window;
  p.initial_max_data = std::min(from.limits.connection_receive_window, 4 * first_window);
  p.initial_max_streams_bidi = from.bidirectional_streams;
  p.initial_max_streams_uni = from.unidirectional_streams;
  p.max_idle_timeout = duration_of(from.idle_time);
  p.active_connection_id_limit = ids_of_the_peer;
  p.max_datagram_frame_size = from.datagrams;
  p.grease_quic_bit = 1;
  return p;
}

connection::connection(engine::role role, engine::stream_engine& engine, base::random_source& random)
    : native_(std::make_unique<native>()), engine_(engine), random_(random), role_(role) {
  native_->ref.get_conn = [](ngtcp2_crypto_conn_ref* ref) { return static_cast<connection*>(ref->user_data)->native_->conn; };
  native_->ref.user_data = this;
  ngtcp2_ccerr_default(&native_->close);
}

connection::~connection() {
  if (home_ != nullptr) home_->gone(*this);
}

std::unique_ptr<connection> connection::connect(client_setup setup, engine::stream_engine& engine, base::random_source& random,
                                                time_point now) {
  std::unique_ptr<connection> made(new connection(engine::role::client, engine, random));
  made->client_ = std::make_unique<client_setup>(std::move(setup));
  const client_setup& with = *made->client_;
  native& n = *made->native_;
  made->where_ = with.by;
  n.validated = with.by;
  n.now = now;

  const auto callbacks = callbacks_of(engine::role::client);
  ngtcp2_settings s = settings_of(with.settings, random, now);
  n.bidirectional_room.allow(with.settings.bidirectional_streams);
  n.unidirectional_room.allow(with.settings.unidirectional_streams);
  n.most_payload = s.max_tx_udp_payload_size;
  const auto token = tls::take_token(*with.credentials, with.to);
  if (token) {
    s.token = bytes_of(*token);
    s.tokenlen = token->size();
  }
  const ngtcp2_transport_params p = parameters_of(with.settings);
  ngtcp2_cid to;
  ngtcp2_cid from;
  // The longest for the first one, since a server may take it for its own (RFC 9000 §7.2: at least 8 bytes, unpredictable).
  to.datalen = connection_id::most - 2;
  random.fill(std::as_writable_bytes(std::span(to.data, to.datalen)));
  from.datalen = id_size;
  random.fill(std::as_writable_bytes(std::span(from.data, from.datalen)));
  const ngtcp2_path way = path_of(with.by);
  if (ngtcp2_conn_client_new(&n.conn, &to, &from, &way, NGTCP2_PROTO_VER_V1, &callbacks, &s, &p, nullptr, made.get()) != 0) {
    throw std::bad_alloc();
  }
  const bool early = with.early && with.resume && !with.resume->transport.empty();
  made->tls_ = std::make_unique<tls::quic_session>(with.credentials, with.to, with.resume ? &*with.resume : nullptr, early);
  if (ngtcp2_crypto_gnutls_configure_client_session(made->tls_->native()) != 0) throw std::bad_alloc();
  made->tls_->set_glue(&n.ref);
  ngtcp2_conn_set_tls_native_handle(n.conn, made->tls_->native());
  // What does not fit this version of us any more is not used: the handshake is a full one then.
  if (early) {
    const std::string& kept = with.resume->transport;
    (void)ngtcp2_conn_decode_and_set_0rtt_transport_params(n.conn, bytes_of(kept), kept.size());
  }
  if (with.settings.keep_alive.count() > 0) ngtcp2_conn_set_keep_alive_timeout(n.conn, duration_of(with.settings.keep_alive));
  return made;
}

std::unique_ptr<connection> connection::accept(endpoint& home, const accepted_initial& first, engine::stream_engine& engine,
                                               event_taker* taker, time_point now) {
  std::unique_ptr<connection> made(new connection(engine::role::server, engine, home.random_));
  native& n = *made->native_;
  made->where_ = first.by;
  n.validated = first.by;
  n.now = now;

  const transport_settings& with = home.settings_.transport;
  const auto callbacks = callbacks_of(engine::role::server);
  ngtcp2_settings s = settings_of(with, home.random_, now);
  n.bidirectional_room.allow(with.bidirectional_streams);
  n.unidirectional_room.allow(with.unidirectional_streams);
  n.most_payload = s.max_tx_udp_payload_size;
  s.token = bytes_of(first.token);
  s.tokenlen = first.token.size();
  s.token_type = first.token_type;
  ngtcp2_transport_params p = parameters_of(with);
  p.max_udp_payload_size = largest_to_a_server;
  const bool retried = first.original.size > 0;
  p.original_dcid = cid_of(retried ? first.original.view() : first.destination.view());
  p.original_dcid_present = 1;
  if (retried) {
    p.retry_scid = cid_of(first.destination.view());
    p.retry_scid_present = 1;
  }
  const connection_id ours = home.mask_.make(home.settings_.loop, home.random_);
  const ngtcp2_cid from = cid_of(ours.view());
  const ngtcp2_cid to = cid_of(first.source.view());
  const auto& key = home.settings_.keys.reset;
  if (ngtcp2_crypto_generate_stateless_reset_token(p.stateless_reset_token, key.data(), key.size(), &from) == 0) {
    p.stateless_reset_token_present = 1;
  }
  const ngtcp2_path way = path_of(first.by);
  if (ngtcp2_conn_server_new(&n.conn, &to, &from, &way, first.version, &callbacks, &s, &p, nullptr, made.get()) != 0) {
    throw std::bad_alloc();
  }
  if (with.keep_alive.count() > 0) ngtcp2_conn_set_keep_alive_timeout(n.conn, duration_of(with.keep_alive));
  made->home_ = &home;
  made->taker = taker;
  home.arrived(*made, ours, first.destination);
  made->receive(first.by, first.mark, first.datagram, now);
  return made;
}

// --- commands ------------------------------------------------------------------------------------------------------------------

bool connection::migrate(const path& to, time_point now) {
  if (state_ != state::live || role_ != engine::role::client) return false;
  const ngtcp2_path way = path_of(to);
  return ngtcp2_conn_initiate_immediate_migration(native_->conn, &way, stamp_of(now)) == 0;
}

bool connection::update_keys(time_point now) {
  return state_ == state::live && ngtcp2_conn_initiate_key_update(native_->conn, stamp_of(now)) == 0;
}

void connection::expect_answers(bool on) {
  if (state_ != state::live || !client_) return;
  std::chrono::nanoseconds silence = client_->settings.keep_alive;
  if (on) {
    // Half of it, so that a PING may be lost, and sent again after probe timeouts.
    const auto at_most = [&](std::chrono::nanoseconds time) {
      if (time.count() > 0 && (silence.count() == 0 || time < silence)) silence = time;
    };
    at_most(longest_silence);
    at_most(client_->settings.idle_time / 2);
    const ngtcp2_transport_params* const theirs = ngtcp2_conn_get_remote_transport_params(native_->conn);
    if (theirs != nullptr) at_most(std::chrono::nanoseconds(theirs->max_idle_timeout / 2));
    // A server may name a time as short as it likes; three probe timeouts are the shortest that counts (RFC 9000 §10.1).
    silence = std::max(silence, std::chrono::nanoseconds(ngtcp2_conn_get_pto(native_->conn)));
  }
  ngtcp2_conn_set_keep_alive_timeout(native_->conn, duration_of(silence));
}

void connection::remember(std::string application) { native_->application = std::move(application); }

transport_facts connection::facts() const {
  transport_facts f;
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(native_->conn, &info);
  f.smoothed_rtt = std::chrono::nanoseconds(info.smoothed_rtt);
  if (info.min_rtt != std::numeric_limits<ngtcp2_duration>::max()) f.min_rtt = std::chrono::nanoseconds(info.min_rtt);
  f.congestion_window = info.cwnd;
  f.bytes_in_flight = info.bytes_in_flight;
  f.payload_size = ngtcp2_conn_get_path_max_tx_udp_payload_size(native_->conn);
  f.datagrams_in = native_->datagrams_in;
  f.datagrams_out = native_->datagrams_out;
  return f;
}

// --- time ----------------------------------------------------------------------------------------------------------------------

std::optional<time_point> connection::deadline() const {
  if (state_ != state::live) return std::nullopt;
  const ngtcp2_tstamp at = ngtcp2_conn_get_expiry(native_->conn);
  if (at == std::numeric_limits<ngtcp2_tstamp>::max()) return std::nullopt;
  return time_point(std::chrono::nanoseconds(at));
}

void connection::expired(time_point now) {
  if (state_ != state::live) return;
  native_->now = now;
  if (const int failed = ngtcp2_conn_handle_expiry(native_->conn, stamp_of(now))) return end_by(failed, now);
  look_for_black_hole(now);
  after_input(now);
}

// RFC 8899 §4.3, which ngtcp2 leaves out: a path that carried large datagrams may carry them no longer, and drop them in silence. After
// some probe timeouts without an acknowledgement, ours are as small as every path must take them (RFC 9000 §14), for good.
void connection::look_for_black_hole(time_point now) {
  constexpr int probe_timeouts_without = 3;
  native& n = *native_;
  if (n.largest_payload == NGTCP2_MAX_UDP_PAYLOAD_SIZE || !handshake_done_) return;
  const auto silence = probe_timeouts_without * std::chrono::nanoseconds(ngtcp2_conn_get_pto(n.conn));
  if (in_flight() > 0 && now - n.progress > silence) n.largest_payload = n.most_payload = NGTCP2_MAX_UDP_PAYLOAD_SIZE;
}

std::uint64_t connection::in_flight() const {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(native_->conn, &info);
  return info.bytes_in_flight;
}

}  // namespace parley::quic
