#include "quic/hostile_client.hpp"

#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <cstring>
#include <utility>

namespace parley::quic {

std::string& frames_to_smuggle() {
  thread_local std::string frames;  // a server in another thread of this process says nothing of it
  return frames;
}

std::string& handshake_frames_to_smuggle() {
  thread_local std::string frames;
  return frames;
}

std::string& early_frames_to_smuggle() {
  thread_local std::string frames;
  return frames;
}

bool& reserved_bits_to_smuggle() {
  thread_local bool set = false;
  return set;
}

std::string& parameters_to_smuggle() {
  thread_local std::string bytes;
  return bytes;
}

bool& sends_transport_parameters() {
  thread_local bool on = true;
  return on;
}

unsigned& packets_changed() {
  thread_local unsigned n = 0;
  return n;
}

}  // namespace parley::quic

// Ours stands before the library's, so every packet of this program comes by here.
int ngtcp2_crypto_encrypt_cb(std::uint8_t* dest, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* aead_ctx,
                             const std::uint8_t* plaintext, std::size_t plaintextlen, const std::uint8_t* nonce,
                             std::size_t noncelen, const std::uint8_t* aad, std::size_t aadlen) {
  using namespace parley::quic;
  std::string changed;
  const bool short_header = aadlen > 0 && (aad[0] & 0x80) == 0;
  // RFC 9000 §17.2, RFC 9369 §3.2: the type of a packet.
  const bool second = aadlen > 5 && aad[1] == 0x6b;
  const unsigned type = aadlen > 5 ? aad[0] & 0xb0U : 0;
  std::string none;
  std::string& frames = short_header                       ? frames_to_smuggle()
                        : type == (second ? 0xb0U : 0xa0U) ? handshake_frames_to_smuggle()
                        : type == (second ? 0xa0U : 0x90U) ? early_frames_to_smuggle()
                                                           : none;
  if (!frames.empty() && frames.size() <= plaintextlen) {
    // The header is written, and not protected yet.
    if (std::exchange(reserved_bits_to_smuggle(), false)) const_cast<std::uint8_t*>(aad)[0] |= short_header ? 0x18 : 0x0c;
    changed = std::exchange(frames, {});
    changed.resize(plaintextlen, '\0');  // PADDING
    plaintext = reinterpret_cast<const std::uint8_t*>(changed.data());
    ++packets_changed();
  }
  const int failed = ngtcp2_crypto_encrypt(dest, aead, aead_ctx, plaintext, plaintextlen, nonce, noncelen, aad, aadlen);
  return failed != 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

namespace {

// What the library itself would have called.
template <class Function>
Function* the_librarys(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int send_nothing(gnutls_session_t, gnutls_buffer_t) { return 0; }

}  // namespace

ngtcp2_ssize ngtcp2_conn_encode_local_transport_params(ngtcp2_conn* conn, std::uint8_t* dest, std::size_t destlen) {
  const auto written = the_librarys<decltype(ngtcp2_conn_encode_local_transport_params)>(
      "ngtcp2_conn_encode_local_transport_params")(conn, dest, destlen);
  // It is asked for more than once for one handshake.
  const std::string more = written < 0 || ngtcp2_conn_is_server(conn) != 0 ? std::string() : parley::quic::parameters_to_smuggle();
  if (more.empty() || static_cast<std::size_t>(written) + more.size() > destlen) return written;
  std::memcpy(dest + written, more.data(), more.size());
  return written + static_cast<ngtcp2_ssize>(more.size());
}

int gnutls_session_ext_register(gnutls_session_t session, const char* name, int id, gnutls_ext_parse_type_t parse_point,
                                gnutls_ext_recv_func recv_func, gnutls_ext_send_func send_func,
                                gnutls_ext_deinit_data_func deinit_func, gnutls_ext_pack_func pack_func,
                                gnutls_ext_unpack_func unpack_func, unsigned flags) {
  if (!parley::quic::sends_transport_parameters()) send_func = send_nothing;
  return the_librarys<decltype(gnutls_session_ext_register)>("gnutls_session_ext_register")(
      session, name, id, parse_point, recv_func, send_func, deinit_func, pack_func, unpack_func, flags);
}
