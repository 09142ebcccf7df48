#include "quic/connection.hpp"

#include "quic/endpoint.hpp"
#include "quic/native.hpp"

#include <utility>

// How a connection ends.

namespace parley::quic {
namespace {

// RFC 9000 §10.2: a closed connection is remembered for three times the probe timeout.
constexpr int probe_timeouts = 3;

// A reason phrase that makes a packet no larger than it needs to be.
constexpr std::size_t longest_reason = 256;

}  // namespace

void connection::close(std::uint64_t code, std::string reason, time_point now) {
  if (state_ != state::live) return;
  if (reason.size() > longest_reason) reason.resize(longest_reason);
  quic::ending why{ending::cause::us, true, code, std::move(reason)};
  end(std::move(why), now);
}

void connection::end(quic::ending why, time_point now) {
  if (state_ != state::live) return;
  why_ = std::move(why);
  state_ = state::closed;
  native& n = *native_;
  if (why_.by == ending::cause::us) {
    state_ = state::closing;
    if (why_.application) {
      ngtcp2_ccerr_set_application_error(&n.close, why_.code, bytes_of(why_.reason), why_.reason.size());
    }
  } else if (why_.by == ending::cause::peer && home_ != nullptr) {
    home_->keep_closed(*this, {}, now + probe_timeouts * std::chrono::nanoseconds(ngtcp2_conn_get_pto(n.conn)));
  }
  engine_.transport_closed(why_.error(), now);
  if (observer_ != nullptr) {
    if (!handshake_done_) tell_handshake(why_.reason.empty() ? why_.error().message : std::string_view(why_.reason));
    if (why_.by != ending::cause::none && !why_.application)
      observer_->observe({now, number_, 0, engine::observed_error{why_.error()}});
    const std::string_view reason = why_.reason.empty() ? why_.error().name : std::string_view(why_.reason);
    observer_->observe({now, number_, 0, engine::observed_close{reason}});
  }
}

void connection::end_by(int library_error, time_point now) {
  native& n = *native_;
  quic::ending why;
  switch (library_error) {
    case NGTCP2_ERR_CLOSING: return;
    case NGTCP2_ERR_IDLE_CLOSE: why.by = ending::cause::idle; break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT: why.by = ending::cause::handshake; break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION: why.by = ending::cause::version; break;
    case NGTCP2_ERR_RETRY: n.wants_retry = true; [[fallthrough]];
    case NGTCP2_ERR_DROP_CONN: why.by = ending::cause::dropped; break;
    case NGTCP2_ERR_DRAINING: {
      if (n.was_reset) {
        why.by = ending::cause::reset;
        break;
      }
      const ngtcp2_ccerr& told = *ngtcp2_conn_get_ccerr(n.conn);
      why.by = ending::cause::peer;
      why.application = told.type == NGTCP2_CCERR_TYPE_APPLICATION;
      why.code = told.error_code;
      if (told.reasonlen > 0) why.reason.assign(reinterpret_cast<const char*>(told.reason), told.reasonlen);
      break;
    }
    default: {
      why.by = ending::cause::us;
      const std::uint8_t alert = ngtcp2_conn_get_tls_alert(n.conn);
      if ((library_error == NGTCP2_ERR_CRYPTO || n.tls_failed) && alert != 0) {
        ngtcp2_ccerr_set_tls_alert(&n.close, alert, nullptr, 0);
        if (tls_) why.reason = tls_->failure(alert, false).message;
      } else {
        ngtcp2_ccerr_set_liberr(&n.close, library_error, nullptr, 0);
        why.reason = ngtcp2_strerror(library_error);
      }
      why.code = n.close.error_code;
      break;
    }
  }
  end(std::move(why), now);
}

void connection::write_close(batch& into, time_point now) {
  native& n = *native_;
  ngtcp2_path_storage way;
  ngtcp2_path_storage_zero(&way);
  ngtcp2_pkt_info info{};
  const std::span<unsigned char> room = into.room().first(n.largest_payload);
  const ngtcp2_ssize size =
      ngtcp2_conn_write_connection_close(n.conn, &way.path, &info, room.data(), room.size(), &n.close, stamp_of(now));
  state_ = state::closed;
  // Nothing where a server may not send to an address that is not validated yet, or has no keys: the client's timer tells it.
  if (size <= 0) return;
  const auto bytes = static_cast<std::size_t>(size);
  std::string packet(reinterpret_cast<const char*>(room.data()), bytes);
  into.add(path_from(way.path), static_cast<ecn>(info.ecn), bytes);
  ++n.datagrams_out;
  if (home_ != nullptr) {
    home_->keep_closed(*this, std::move(packet), now + probe_timeouts * std::chrono::nanoseconds(ngtcp2_conn_get_pto(n.conn)));
  }
}

// --- what is seen ----------------------------------------------------------------------------------------------------------------

void connection::observe(engine::observer* sink, std::uint64_t number) {
  observer_ = sink;
  number_ = number;
  if (sink != nullptr && !handshake_done_) {
    engine::observed_handshake begins{};
    begins.done = false;
    sink->observe({native_->now, number_, 0, begins});
  }
}

void connection::tell_handshake(std::string_view failure) {
  if (observer_ == nullptr) return;
  engine::observed_handshake seen{};
  seen.done = true;
  seen.error = failure;
  const std::string name = tls_ ? tls_->server_name() : std::string();
  if (tls_ && failure.empty()) {
    seen.version = tls_->version();
    seen.cipher = tls_->cipher();
    seen.group = tls_->group();
    seen.protocol = tls_->protocol();
    seen.resumed = tls_->resumed();
    if (role_ == engine::role::client && native_->early_tried) seen.early = tls_->early_data_accepted() ? "accepted" : "refused";
  }
  seen.server_name = name;
  observer_->observe({native_->now, number_, 0, seen});
}

}  // namespace parley::quic
