// Hashes, by the libraries beneath TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace parley::tls {

/// SHA-512/256 and MD5 are for Digest access authentication (RFC 7616); where a user forbids MD5 (FIPS), it still works there.
enum class hash_kind : std::uint8_t { md5, sha_256, sha_512_256, sha_512 };

/// One hash that is being made. One thread at a time.
class hasher {
 public:
  explicit hasher(hash_kind what);
  hasher(hasher&&) noexcept;
  hasher& operator=(hasher&&) noexcept;
  ~hasher();
  void add(std::string_view bytes);
  /// As bytes. It is of no more use then.
  [[nodiscard]] std::string finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// All of it, as bytes.
[[nodiscard]] std::string hash_of(hash_kind what, std::string_view bytes);

}  // namespace parley::tls
