#include "tls/hmac.hpp"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <cstdlib>

namespace parley::tls {

// Neither fails but for want of memory or of the algorithm, and a wrong value would open what it is to guard.
sha256_value sha256(std::string_view text) {
  sha256_value value{};
  if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data(), text.size(), value.data()) != 0) std::abort();
  return value;
}

sha256_value hmac_sha256(std::string_view key, std::string_view text) {
  sha256_value value{};
  if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.data(), key.size(), text.data(), text.size(), value.data()) != 0) std::abort();
  return value;
}

}  // namespace parley::tls
