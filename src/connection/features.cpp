#include <parley/features.hpp>

#include "connection/http3.hpp"
#include "tls/library.hpp"

namespace parley {

bool has_version(version v) { return v != version::http3 || connection::has_http3(); }

std::vector<std::string> features() {
  std::vector<std::string> all{"HTTP/0.9, 1.0, 1.1, 2"};
  const std::string quic = connection::quic_library();
  all.push_back(quic.empty() ? "no HTTP/3: built without ngtcp2" : "HTTP/3 by " + quic);
  all.push_back("TLS by " + tls::library());
  return all;
}

}  // namespace parley
