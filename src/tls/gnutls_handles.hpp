// GnuTLS's objects with owners, for the .cpp files of this room.
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tls {

template <auto Free>
struct freed_by {
  void operator()(auto* p) const { Free(p); }
};
using crt_handle = std::unique_ptr<gnutls_x509_crt_int, freed_by<gnutls_x509_crt_deinit>>;

/// Memory that GnuTLS allocated.
struct owned_datum {
  gnutls_datum_t d{nullptr, 0};
  owned_datum() = default;
  owned_datum(const owned_datum&) = delete;
  owned_datum& operator=(const owned_datum&) = delete;
  ~owned_datum() { gnutls_free(d.data); }
  [[nodiscard]] std::string_view view() const { return {reinterpret_cast<const char*>(d.data), d.size}; }
};

/// GnuTLS takes no const pointers, and changes nothing.
inline gnutls_datum_t datum_of(std::string_view bytes) {
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())), static_cast<unsigned>(bytes.size())};
}

/// Certificates from their DER form, as a peer sends them. Empty when one cannot be read.
std::vector<crt_handle> import_chain(std::span<const gnutls_datum_t> der);

}  // namespace parley::tls
