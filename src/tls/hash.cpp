#include "tls/hash.hpp"

#include <nettle/md5.h>
#include <nettle/sha2.h>

#include <array>
#include <variant>

// Nettle's own, which GnuTLS stands on: GnuTLS has no name for SHA-512/256.

namespace parley::tls {

struct hasher::state {
  hash_kind what;
  union {
    md5_ctx md5;
    sha256_ctx sha256;
    sha512_ctx sha512;  // and SHA-512/256
  };
};

namespace {
const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }
}  // namespace

hasher::hasher(hash_kind what) : state_(std::make_unique<state>()) {
  state_->what = what;
  switch (what) {
    case hash_kind::md5: md5_init(&state_->md5); break;
    case hash_kind::sha_256: sha256_init(&state_->sha256); break;
    case hash_kind::sha_512_256: sha512_256_init(&state_->sha512); break;
    case hash_kind::sha_512: sha512_init(&state_->sha512); break;
  }
}

hasher::hasher(hasher&&) noexcept = default;
hasher& hasher::operator=(hasher&&) noexcept = default;
hasher::~hasher() = default;

void hasher::add(std::string_view bytes) {
  switch (state_->what) {
    case hash_kind::md5: return md5_update(&state_->md5, bytes.size(), octets(bytes));
    case hash_kind::sha_256: return sha256_update(&state_->sha256, bytes.size(), octets(bytes));
    case hash_kind::sha_512_256:
    case hash_kind::sha_512: return sha512_update(&state_->sha512, bytes.size(), octets(bytes));
  }
}

std::string hasher::finish() {
  std::array<std::uint8_t, SHA512_DIGEST_SIZE> out{};
  std::size_t size = 0;
  switch (state_->what) {
    case hash_kind::md5: md5_digest(&state_->md5, size = MD5_DIGEST_SIZE, out.data()); break;
    case hash_kind::sha_256: sha256_digest(&state_->sha256, size = SHA256_DIGEST_SIZE, out.data()); break;
    case hash_kind::sha_512_256: sha512_256_digest(&state_->sha512, size = SHA256_DIGEST_SIZE, out.data()); break;
    case hash_kind::sha_512: sha512_digest(&state_->sha512, size = SHA512_DIGEST_SIZE, out.data()); break;
  }
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::string hash_of(hash_kind what, std::string_view bytes) {
  hasher one(what);
  one.add(bytes);
  return one.finish();
}

}  // namespace parley::tls
