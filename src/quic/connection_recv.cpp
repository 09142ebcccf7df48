#include "quic/connection.hpp"

#include "quic/endpoint.hpp"
#include "quic/native.hpp"

#include <algorithm>
#include <array>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <span>
#include <utility>

// What comes in: datagrams to ngtcp2, and what ngtcp2 says of them to the engine.

namespace parley::quic {
namespace {

/// A stream's user pointer when the engine needs not be told that the peer stopped it: it was told, or gave the stream up itself.
constexpr char is_settled = 0;
void settle(ngtcp2_conn* conn, std::int64_t id) { ngtcp2_conn_set_stream_user_data(conn, id, const_cast<char*>(&is_settled)); }

engine::transport_stream stream_of(std::int64_t id) { return static_cast<engine::transport_stream>(id); }
std::int64_t id_of(engine::transport_stream stream) { return static_cast<std::int64_t>(stream); }

constexpr std::size_t most_waiting_datagrams = 64;

}  // namespace

// ngtcp2 calls these. Nothing may throw through it: it is C.
struct connection::callbacks {
  template <class Work>
  static int guarded(void* user_data, Work&& work) {
    try {
      return work(*static_cast<connection*>(user_data));
    } catch (...) {
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
  }

  static int crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level, std::uint64_t offset, const std::uint8_t* data,
                         std::size_t n, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      // A server's TLS begins with the first CRYPTO frame, which only a client that knows the keys of its own Initial can send.
      if (!c.tls_) {
        c.tls_ = std::make_unique<tls::quic_session>(c.home_->settings_.credentials, c.home_->settings_.protocols,
                                                     c.home_->settings_.early_data);
        if (ngtcp2_crypto_gnutls_configure_server_session(c.tls_->native()) != 0) return NGTCP2_ERR_CALLBACK_FAILURE;
        c.tls_->set_glue(&c.native_->ref);
        ngtcp2_conn_set_tls_native_handle(conn, c.tls_->native());
      }
      if (c.native_->tls_gone) {
        constexpr std::uint8_t unexpected_message = 10;  // RFC 9001 §6: a client has nothing more to say in TLS
        ngtcp2_conn_set_tls_alert(conn, unexpected_message);
        return NGTCP2_ERR_CRYPTO;
      }
      const int done = ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, n, user_data);
      if (c.native_->left_out == 0) return done;
      ngtcp2_conn_set_tls_alert(conn, c.native_->left_out);
      return NGTCP2_ERR_CRYPTO;
    });
  }

  static int handshake_completed(ngtcp2_conn* conn, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      if (!c.tls_->handshake_done()) {
        constexpr std::uint8_t certificate_required = 116;  // RFC 8446 §6.2
        c.native_->tls_failed = true;
        ngtcp2_conn_set_tls_alert(conn, certificate_required);
        return NGTCP2_ERR_CALLBACK_FAILURE;
      }
      c.handshake_done_ = true;
      c.tell_handshake({});
      if (c.role_ == engine::role::server) {
        c.tls_->send_ticket();
        if (c.home_ != nullptr) {
          c.home_->settled(c);
          c.home_->give_token(c, c.native_->now);
        }
      } else {
        if (c.native_->early_tried) {
          if (!c.tls_->early_data_accepted()) ngtcp2_conn_tls_early_data_rejected(conn);
          c.start_engine(false, c.native_->now);
        }
        // RFC 9000 §7.4.1: what a later connection must remember in order to send early data.
        std::array<std::uint8_t, 512> kept;
        const ngtcp2_ssize n = ngtcp2_conn_encode_0rtt_transport_params(conn, kept.data(), kept.size());
        if (n > 0) c.native_->transport.assign(kept.begin(), kept.begin() + n);
      }
      return 0;
    });
  }

  static int tx_key(ngtcp2_conn*, ngtcp2_encryption_level level, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      const auto settled = c.role_ == engine::role::server ? NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE : NGTCP2_ENCRYPTION_LEVEL_1RTT;
      if (level == settled && c.lacks_extension()) return NGTCP2_ERR_CALLBACK_FAILURE;
      if (level == NGTCP2_ENCRYPTION_LEVEL_0RTT && c.role_ == engine::role::client) {
        c.native_->early_tried = true;
        c.start_engine(true, c.native_->now);
      } else if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT && !c.native_->early_tried) {
        c.start_engine(false, c.native_->now);
      }
      return 0;
    });
  }

  static int early_data_rejected(ngtcp2_conn*, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      native& n = *c.native_;
      n.bidirectional_opened = n.unidirectional_opened = 0;
      n.bidirectional_limit = n.unidirectional_limit = 0;
      n.datagrams.clear();
      n.later.clear();
      if (n.started) c.engine_.early_data_rejected(n.now);
      return 0;
    });
  }

  static int stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t, const std::uint8_t* data, std::size_t n,
                         void* user_data, void*) {
    return guarded(user_data, [&](connection& c) -> int {
      c.engine_.receive(stream_of(id), {reinterpret_cast<const char*>(data), n}, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0,
                        c.native_->now);
      if (c.taker != nullptr) c.taker->take_events();
      return 0;
    });
  }

  static int acknowledged(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t n, void* user_data, void*) {
    return guarded(user_data, [&](connection& c) -> int {
      c.native_->progress = c.native_->now;
      if (n > 0) c.engine_.acknowledged(stream_of(id), n);
      return 0;
    });
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t code, void* user_data, void*) {
    return guarded(user_data, [&](connection& c) -> int {
      c.engine_.receive_reset(stream_of(id), code, c.native_->now);
      return 0;
    });
  }

  static int stream_close(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t id, std::uint64_t code, void* user_data,
                          void* mark) {
    return guarded(user_data, [&](connection& c) -> int {
      const auto stream = stream_of(id);
      // STOP_SENDING is answered beneath us; where we had nothing to write since, this is how it shows.
      const bool coded = (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0;
      if (coded && mark == nullptr && c.sends_on(stream)) c.engine_.receive_stop(stream, code, c.native_->now);
      c.engine_.stream_closed(stream, c.native_->now);
      if (ngtcp2_conn_is_local_stream(conn, id) == 0) c.let_more_come(ngtcp2_is_bidi_stream(id) != 0);
      return 0;
    });
  }

  static int more_bidirectional(ngtcp2_conn*, std::uint64_t most, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      c.native_->bidirectional_limit = most;
      c.tell_limits();
      return 0;
    });
  }
  static int more_unidirectional(ngtcp2_conn*, std::uint64_t most, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      c.native_->unidirectional_limit = most;
      c.tell_limits();
      return 0;
    });
  }

  static int more_stream_data(ngtcp2_conn*, std::int64_t id, std::uint64_t, void* user_data, void*) {
    return guarded(user_data, [&](connection& c) -> int {
      c.engine_.unblocked(stream_of(id));
      return 0;
    });
  }

  static int datagram(ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t n, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      c.engine_.receive_datagram({reinterpret_cast<const char*>(data), n}, c.native_->now);
      return 0;
    });
  }

  static int new_id(ngtcp2_conn*, ngtcp2_cid* into, std::uint8_t* token, std::size_t n, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      if (c.home_ == nullptr) {
        into->datalen = n;
        c.random_.fill(std::as_writable_bytes(std::span(into->data, n)));
        c.random_.fill(std::as_writable_bytes(std::span(token, NGTCP2_STATELESS_RESET_TOKENLEN)));
        return 0;
      }
      const connection_id id = c.home_->mask_.make(c.home_->settings_.loop, c.random_);
      *into = cid_of(id.view());
      const auto& key = c.home_->settings_.keys.reset;
      if (ngtcp2_crypto_generate_stateless_reset_token(token, key.data(), key.size(), into) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
      c.home_->add(id, c);
      return 0;
    });
  }

  static int id_retired(ngtcp2_conn*, const ngtcp2_cid* id, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      if (c.home_ != nullptr) c.home_->remove(connection_id(view_of(*id)));
      return 0;
    });
  }

  static int path_validated(ngtcp2_conn*, std::uint32_t flags, const ngtcp2_path* which, const ngtcp2_path*,
                            ngtcp2_path_validation_result result, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) return 0;
      c.native_->validated = path_from(*which);
      // RFC 9000 §9.3.3: a client on a new path gets a token for it.
      if ((flags & NGTCP2_PATH_VALIDATION_FLAG_NEW_TOKEN) != 0 && c.home_ != nullptr) c.home_->give_token(c, c.native_->now);
      return 0;
    });
  }

  static int stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      c.native_->was_reset = true;
      return 0;
    });
  }

  static int new_token(ngtcp2_conn*, const std::uint8_t* token, std::size_t n, void* user_data) {
    return guarded(user_data, [&](connection& c) -> int {
      constexpr std::size_t largest_token = 1024;
      if (n <= largest_token) tls::keep_token(*c.client_->credentials, c.client_->to, std::string(token, token + n));
      return 0;
    });
  }
};

ngtcp2_callbacks callbacks_of(engine::role role) {
  ngtcp2_callbacks all{};
  all.encrypt = ngtcp2_crypto_encrypt_cb;
  all.decrypt = ngtcp2_crypto_decrypt_cb;
  all.hp_mask = ngtcp2_crypto_hp_mask_cb;
  all.update_key = ngtcp2_crypto_update_key_cb;
  all.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  all.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  all.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  all.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
  connection::set_callbacks(all);
  if (role == engine::role::client) {
    all.client_initial = ngtcp2_crypto_client_initial_cb;
    all.recv_retry = ngtcp2_crypto_recv_retry_cb;
  } else {
    all.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  }
  return all;
}

void connection::set_callbacks(ngtcp2_callbacks& all) {
  all.rand = [](std::uint8_t* into, std::size_t n, const ngtcp2_rand_ctx* context) {
    static_cast<base::random_source*>(context->native_handle)->fill(std::as_writable_bytes(std::span(into, n)));
  };
  all.recv_crypto_data = callbacks::crypto_data;
  all.handshake_completed = callbacks::handshake_completed;
  all.recv_tx_key = callbacks::tx_key;
  all.tls_early_data_rejected = callbacks::early_data_rejected;
  all.recv_stream_data = callbacks::stream_data;
  all.acked_stream_data_offset = callbacks::acknowledged;
  all.stream_reset = callbacks::stream_reset;
  all.stream_close = callbacks::stream_close;
  all.extend_max_local_streams_bidi = callbacks::more_bidirectional;
  all.extend_max_local_streams_uni = callbacks::more_unidirectional;
  all.extend_max_stream_data = callbacks::more_stream_data;
  all.recv_datagram = callbacks::datagram;
  all.get_new_connection_id = callbacks::new_id;
  all.remove_connection_id = callbacks::id_retired;
  all.path_validation = callbacks::path_validated;
  all.recv_stateless_reset = callbacks::stateless_reset;
  all.recv_new_token = callbacks::new_token;
}

// RFC 9001 §8.1, §8.2: GnuTLS goes on where the peer has no application protocol, or no transport parameters; and ngtcp2, which learns the
// version from them, takes that it has them when it writes its next packet.
bool connection::lacks_extension() {
  constexpr std::uint8_t missing_extension = 109;
  constexpr std::uint8_t no_application_protocol = 120;
  if (ngtcp2_conn_get_remote_transport_params(native_->conn) == nullptr) {
    native_->left_out = missing_extension;
  } else if (!tls_->protocol_agreed()) {
    native_->left_out = no_application_protocol;
  }
  return native_->left_out != 0;
}

// --- datagrams -------------------------------------------------------------------------------------------------------------------

void connection::receive(const path& by, ecn mark, std::string_view datagram, time_point now) {
  if (state_ != state::live) return;
  native& n = *native_;
  n.now = now;
  ++n.datagrams_in;
  const ngtcp2_path way = path_of(by);
  ngtcp2_pkt_info info{};
  info.ecn = static_cast<std::uint8_t>(mark);
  const int failed = ngtcp2_conn_read_pkt(n.conn, &way, &info, bytes_of(datagram), datagram.size(), stamp_of(now));
  if (failed != 0) return end_by(failed, now);
  after_input(now);
}

void connection::after_input(time_point now) {
  keep_tickets();
  // A server has said all in TLS that it has to say: its tickets wait in ngtcp2.
  if (role_ == engine::role::server && handshake_done_ && !native_->tls_looked_at) {
    native_->tls_looked_at = true;
    native_->tls_gone = tls_->let_go();
    if (native_->tls_gone) ngtcp2_conn_set_tls_native_handle(native_->conn, nullptr);
  }
  // The application sees an address when the path is known to lead to the peer, not before (RFC 9000 §9.3).
  native& n = *native_;
  if (!(n.validated == where_) && path_from(*ngtcp2_conn_get_path(n.conn)) == n.validated) {
    where_ = n.validated;
    ++migrations_;
    if (observer_ != nullptr) observer_->observe({now, number_, 0, engine::observed_state{"QUIC path", "validated", "changed"}});
  }
  act(now);
}

void connection::keep_tickets() {
  if (!client_ || !tls_ || !handshake_done_) return;
  if (auto session = tls_->take_ticket()) {
    tls::keep_ticket(*client_->credentials, client_->to,
                     {std::move(*session), native_->transport, native_->application, where_.remote.host()});
    ++native_->tickets;
  }
}

void connection::return_ticket() {
  if (!client_ || !client_->resume || native_->datagrams_in > 0) return;
  tls::keep_ticket(*client_->credentials, client_->to, *client_->resume);
  client_->resume.reset();
}

std::uint64_t connection::tickets() const { return native_->tickets; }

// --- the engine ------------------------------------------------------------------------------------------------------------------

void connection::start_engine(bool early, time_point now) {
  native& n = *native_;
  if (const ngtcp2_transport_params* p = ngtcp2_conn_get_remote_transport_params(n.conn)) {
    n.bidirectional_limit = std::max(n.bidirectional_limit, p->initial_max_streams_bidi);
    n.unidirectional_limit = std::max(n.unidirectional_limit, p->initial_max_streams_uni);
  } else if (early) {
    n.bidirectional_limit = ngtcp2_conn_get_streams_bidi_left(n.conn);
    n.unidirectional_limit = ngtcp2_conn_get_streams_uni_left(n.conn);
  }
  n.started = true;
  tell_limits();
  engine_.start(early, now);
}

void connection::tell_limits() {
  if (native_->started) engine_.stream_limits(native_->bidirectional_limit, native_->unidirectional_limit);
}

// In steps: MAX_STREAMS for every stream would be a packet for every answer, sent when that is acknowledged, and acknowledged itself.
void connection::let_more_come(bool bidirectional) {
  native& n = *native_;
  native::stream_room& room = bidirectional ? n.bidirectional_room : n.unidirectional_room;
  if (++room.closed < room.step) return;
  const std::uint64_t more = std::exchange(room.closed, 0);
  if (bidirectional) {
    ngtcp2_conn_extend_max_streams_bidi(n.conn, static_cast<std::size_t>(more));
  } else {
    ngtcp2_conn_extend_max_streams_uni(n.conn, static_cast<std::size_t>(more));
  }
}

bool connection::sends_on(engine::transport_stream stream) const {
  const bool by_server = (stream & 1) != 0;
  const bool one_way = (stream & 2) != 0;
  return !one_way || by_server == (role_ == engine::role::server);
}

bool connection::open_up_to(engine::transport_stream stream) {
  native& n = *native_;
  const bool one_way = (stream & 2) != 0;
  const bool ours = ((stream & 1) != 0) == (role_ == engine::role::server);
  if (!ours) return true;
  std::uint64_t& opened = one_way ? n.unidirectional_opened : n.bidirectional_opened;
  while (opened <= stream / 4) {
    std::int64_t id = 0;
    const int failed =
        one_way ? ngtcp2_conn_open_uni_stream(n.conn, &id, nullptr) : ngtcp2_conn_open_bidi_stream(n.conn, &id, nullptr);
    if (failed != 0) return false;
    ++opened;
  }
  return true;
}

// Resets and stops. False: there is no such stream yet, and there must be one some day, since those behind it need it.
bool connection::give_up(const engine::any_transport_action& what) {
  native& n = *native_;
  if (const auto* reset = std::get_if<engine::transport_action::reset>(&what)) {
    if (!open_up_to(reset->stream)) return false;
    settle(n.conn, id_of(reset->stream));
    ngtcp2_conn_shutdown_stream_write(n.conn, 0, id_of(reset->stream), reset->code);
  } else if (const auto* stop = std::get_if<engine::transport_action::stop>(&what)) {
    if (!open_up_to(stop->stream)) return false;
    ngtcp2_conn_shutdown_stream_read(n.conn, 0, id_of(stop->stream), stop->code);
  }
  return true;
}

void connection::act(time_point now) {
  native& n = *native_;
  if (!n.later.empty()) [[unlikely]] {
    std::erase_if(n.later, [this](const engine::any_transport_action& each) { return give_up(each); });
  }
  while (state_ == state::live) {
    auto next = engine_.next_action();
    if (!next) return;
    if (const auto* credit = std::get_if<engine::transport_action::credit>(&*next)) {
      // What was received counts against the connection also when its stream is gone.
      ngtcp2_conn_extend_max_stream_offset(n.conn, id_of(credit->stream), credit->n);
      ngtcp2_conn_extend_max_offset(n.conn, credit->n);
    } else if (const auto* part = std::get_if<engine::transport_action::stream_credit>(&*next)) {
      ngtcp2_conn_extend_max_stream_offset(n.conn, id_of(part->stream), part->n);
    } else if (const auto* whole = std::get_if<engine::transport_action::connection_credit>(&*next)) {
      ngtcp2_conn_extend_max_offset(n.conn, whole->n);
    } else if (std::holds_alternative<engine::transport_action::reset>(*next) ||
               std::holds_alternative<engine::transport_action::stop>(*next)) {
      if (!give_up(*next)) n.later.push_back(std::move(*next));
    } else if (auto* one = std::get_if<engine::transport_action::datagram>(&*next)) {
      if (n.datagrams.size() < most_waiting_datagrams) n.datagrams.push_back(std::move(one->bytes));
    } else if (auto* ends = std::get_if<engine::transport_action::close>(&*next)) {
      close(ends->code, std::move(ends->reason), now);
    }
  }
}

void connection::stopped_by_peer(engine::transport_stream stream, time_point now) {
  settle(native_->conn, id_of(stream));
  engine_.receive_stop(stream, 0, now);
}

}  // namespace parley::quic
