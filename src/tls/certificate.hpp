// Certificates as files or text, and what one says.
#pragma once

#include "tls/error.hpp"

#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace parley::tls {

/// A certificate chain and its key, as PEM text.
struct certificate_source {
  std::string certificates;  // the leaf first, then the authorities between it and the root
  std::string key;           // PKCS #8, SEC 1 or PKCS #1, not encrypted
  std::string from;          // what messages call it: the file's name, say
  std::string key_from{};    // the same for the key; empty: as `from`
};

/// Reads both files (they may be one and the same). Whether they fit is seen when credentials are made of them.
[[nodiscard]] std::expected<certificate_source, error> read_certificate(const std::string& certificate_file,
                                                                        const std::string& key_file);
/// Reads a file of authorities' certificates, at most 16 MiB; the text is PEM.
[[nodiscard]] std::expected<std::string, error> read_authorities(const std::string& file);

/// What a certificate says about itself. Its texts come from the peer: escape them before they reach a terminal or a log.
struct certificate_info {
  std::string subject;             // RFC 4514: `CN=example.org,O=Example`
  std::string issuer;              //
  std::vector<std::string> names;  // DNS names and addresses of its Subject Alternative Name
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};

/// All certificates of a PEM text, in its order. Empty when there is none or one cannot be read.
[[nodiscard]] std::vector<certificate_info> read_infos(const std::string& pem);

}  // namespace parley::tls
