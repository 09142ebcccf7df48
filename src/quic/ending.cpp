#include "quic/ending.hpp"

#include <algorithm>
#include <array>

namespace parley::quic {
namespace {

struct transport_code {
  std::uint64_t code;
  std::string_view in_rfc;
  std::string_view name;
  std::string_view message;
};
// RFC 9000 §20.1.
constexpr std::array transport_codes{
    transport_code{0x00, "NO_ERROR", "quic-closed", "the QUIC connection was closed"},
    transport_code{0x01, "INTERNAL_ERROR", "quic-internal", "QUIC failed within itself"},
    transport_code{0x02, "CONNECTION_REFUSED", "quic-refused", "the server takes no QUIC connections now"},
    transport_code{0x03, "FLOW_CONTROL_ERROR", "quic-flow-control", "more was sent than flow control allowed"},
    transport_code{0x04, "STREAM_LIMIT_ERROR", "quic-stream-limit", "more streams were opened than allowed"},
    transport_code{0x05, "STREAM_STATE_ERROR", "quic-stream-state", "a frame came for a stream that cannot have it now"},
    transport_code{0x06, "FINAL_SIZE_ERROR", "quic-final-size", "a stream's final size changed, or was exceeded"},
    transport_code{0x07, "FRAME_ENCODING_ERROR", "quic-frame-encoding", "a QUIC frame was malformed"},
    transport_code{0x08, "TRANSPORT_PARAMETER_ERROR", "quic-transport-parameter",
                   "a transport parameter was malformed or forbidden"},
    transport_code{0x09, "CONNECTION_ID_LIMIT_ERROR", "quic-connection-id-limit", "more connection ids were given than allowed"},
    transport_code{0x0a, "PROTOCOL_VIOLATION", "quic-protocol-violation", "a rule of QUIC was broken"},
    transport_code{0x0b, "INVALID_TOKEN", "quic-invalid-token", "the token from a Retry was not valid"},
    transport_code{0x0c, "APPLICATION_ERROR", "quic-application", "the application gave the connection up in its handshake"},
    transport_code{0x0d, "CRYPTO_BUFFER_EXCEEDED", "quic-crypto-buffer", "more handshake data came than is kept"},
    transport_code{0x0e, "KEY_UPDATE_ERROR", "quic-key-update", "a key update broke the rules"},
    transport_code{0x0f, "AEAD_LIMIT_REACHED", "quic-aead-limit", "the keys have protected as many packets as they may"},
    transport_code{0x10, "NO_VIABLE_PATH", "quic-no-path", "no path to the peer is left"},
    transport_code{0x11, "VERSION_NEGOTIATION_ERROR", "quic-version-negotiation",
                   "the version of QUIC was not settled as it must be"},
};
constexpr transport_code crypto_error{0x100, "CRYPTO_ERROR", "quic-tls", "the TLS handshake failed"};
constexpr transport_code unknown_error{0, "unknown", "quic-unknown-error", "the connection was closed with an unknown error"};

const transport_code& entry_of(std::uint64_t code) {
  if (code >= 0x100 && code <= 0x1ff) return crypto_error;
  const auto at = std::ranges::find(transport_codes, code, &transport_code::code);
  return at == transport_codes.end() ? unknown_error : *at;
}

}  // namespace

std::string_view transport_error_name(std::uint64_t code) { return entry_of(code).in_rfc; }

engine::protocol_error ending::error() const {
  engine::protocol_error e;
  e.status = 0;
  e.code = code <= UINT32_MAX ? static_cast<std::uint32_t>(code) : UINT32_MAX;
  e.section = "RFC 9000 §10";
  switch (by) {
    case cause::none: e.code = 0; return e;
    case cause::idle:
      e.name = "idle-timeout";
      e.message = "no QUIC packet came from the peer for the idle time";
      e.section = "RFC 9000 §10.1";
      e.limit = "quic_idle_time";
      return e;
    case cause::handshake:
      e.name = "handshake-timeout";
      e.message = "the QUIC handshake took too long";
      e.limit = "handshake_time";
      return e;
    case cause::reset:
      e.name = "stateless-reset";
      e.message = "the peer knows nothing of this connection any more (it was restarted?)";
      e.section = "RFC 9000 §10.3";
      return e;
    case cause::version:
      e.name = "quic-version";
      e.message = "the server speaks no version of QUIC that we do (1 and 2)";
      e.section = "RFC 9000 §6";
      return e;
    case cause::dropped:
      e.name = "no-initial";
      e.message = "what came was no valid first packet";
      e.section = "RFC 9001 §5.2";
      return e;
    case cause::us:
    case cause::peer: break;
  }
  if (application) {
    e.name = by == cause::us ? "closed" : "closed-by-peer";
    e.message = by == cause::us ? "this side closed the connection" : "the peer closed the connection";
    e.section = "RFC 9000 §10.2";
    return e;
  }
  const transport_code& entry = entry_of(code);
  e.name = entry.name;
  e.message = entry.message;
  e.section = "RFC 9000 §20.1";
  return e;
}

}  // namespace parley::quic
