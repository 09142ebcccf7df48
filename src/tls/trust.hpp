// Whom we believe: authorities, and the check of a peer's certificate chain against them.
#pragma once

#include "tls/error.hpp"

#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct gnutls_x509_trust_list_st;
struct gnutls_x509_crt_int;

namespace parley::tls {

/// Used from all threads once it is made.
class trust {
 public:
  /// `authorities` are PEM texts. The system's store is read when a chain is not vouched for by these.
  static std::expected<std::unique_ptr<const trust>, error> make(const std::vector<std::string>& authorities, bool system_too);
  trust(const trust&) = delete;
  trust& operator=(const trust&) = delete;
  ~trust();

  enum class purpose : bool { server, client };
  /// Nothing, or what is wrong with the chain (the leaf first). A server's must be for `host`, a DNS name or an address (RFC 9525:
  /// the Subject Alternative Name only); a client's may be for anybody.
  [[nodiscard]] error check(std::span<gnutls_x509_crt_int* const> chain, purpose what_for, std::string_view host) const;

 private:
  trust() = default;
  gnutls_x509_trust_list_st* system() const;

  gnutls_x509_trust_list_st* own_ = nullptr;  // null: none
  bool with_system_ = false;
  mutable std::once_flag system_read_;
  mutable gnutls_x509_trust_list_st* system_ = nullptr;
};

}  // namespace parley::tls
