// What TLS settled for a connection.
#pragma once

#include <parley/config.hpp>

#include <string>
#include <vector>

namespace parley {

/// A connection's TLS, as `request::tls()` tells it. A value: it outlives the connection.
struct tls_info {
  std::string version;      // `TLS 1.3`
  std::string cipher;       // `TLS_AES_128_GCM_SHA256`
  std::string protocol;     // settled by ALPN (RFC 7301), such as `http/1.1`; empty: none was offered
  std::string server_name;  // the name that the client asked for (SNI); empty: none
  bool resumed = false;     // an earlier session went on: no certificate was sent
  /// The certificate that the client proved to hold, verified against the authorities of `server::client_certificates`: its subject
  /// (RFC 4514, such as `CN=ada,O=Example`) and the DNS names and addresses in it. Empty: the client gave none.
  std::string client_subject;
  std::vector<std::string> client_names;
};

namespace detail {

/// Where a request gets it from: only when it is asked.
class tls_source {
 public:
  [[nodiscard]] virtual tls_info about() const = 0;

 protected:
  ~tls_source() = default;
};

}  // namespace detail
}  // namespace parley
