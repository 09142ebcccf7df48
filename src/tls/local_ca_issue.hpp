// The certificates of a local authority: how they are made, without any file.
#pragma once

#include "tls/certificate.hpp"
#include "tls/error.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley::tls {

using wall_time = std::chrono::system_clock::time_point;

/// An authority's certificate and its key; `from` is empty.
struct issued_pem {
  std::string certificate;
  std::string key;
};

/// A new authority (ECDSA P-256), valid for ten years. It can vouch for `names` with all below them (but for those without
/// a dot), and whatever lies on this machine or on private networks, for nothing else (RFC 5280 §4.2.1.10), and for no other authority:
/// who steals its key gets no bank's name with it.
/// `whose` becomes a part of its name.
[[nodiscard]] std::expected<issued_pem, error> make_authority(std::string_view whose, std::span<const std::string> names,
                                                              wall_time now);

/// One that was made above, ready to sign.
class authority_signer {
 public:
  /// `mismatch` when the key is another's, `not_pem`, `expired`.
  static std::expected<authority_signer, error> make(const issued_pem& authority, const std::string& from, wall_time now);
  authority_signer(authority_signer&&) noexcept;
  authority_signer& operator=(authority_signer&&) noexcept;
  ~authority_signer();

  /// Whether this authority may vouch for a DNS name or an address.
  [[nodiscard]] bool permits(const std::string& name) const;
  /// A server's certificate with a key of its own (ECDSA P-256), until then at the longest. `names` are not empty and permitted.
  [[nodiscard]] std::expected<issued_pem, error> issue(std::span<const std::string> names, wall_time now,
                                                       std::chrono::days lifetime) const;
  /// Whether a certificate of this authority, with the key that is in the same text, is for all of these names and still valid
  /// then.
  [[nodiscard]] bool vouches(const issued_pem& leaf, std::span<const std::string> names, wall_time from, wall_time until) const;
  /// SHA-256, as in `AB:CD:…`.
  [[nodiscard]] std::string fingerprint() const;
  [[nodiscard]] certificate_info info() const;
  /// The Common Name.
  [[nodiscard]] std::string name() const;

 private:
  struct state;
  explicit authority_signer(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace parley::tls
