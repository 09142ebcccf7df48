#include "quic/hostile_client.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

namespace parley::quic {

std::string& frames_to_smuggle() {
  thread_local std::string frames;  // a server in another thread of this process says nothing of it
  return frames;
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
  if (short_header && !frames_to_smuggle().empty() && frames_to_smuggle().size() <= plaintextlen) {
    changed = std::exchange(frames_to_smuggle(), {});
    changed.resize(plaintextlen, '\0');  // PADDING
    plaintext = reinterpret_cast<const std::uint8_t*>(changed.data());
    ++packets_changed();
  }
  const int failed = ngtcp2_crypto_encrypt(dest, aead, aead_ctx, plaintext, plaintextlen, nonce, noncelen, aad, aadlen);
  return failed != 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}
