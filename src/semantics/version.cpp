#include <parley/version.hpp>

namespace parley {

std::string_view name(version v) {
  switch (v) {
    case version::http0_9: return "HTTP/0.9";
    case version::http1_0: return "HTTP/1.0";
    case version::http1_1: return "HTTP/1.1";
    case version::http2: return "HTTP/2";
    case version::http3: return "HTTP/3";
  }
  return {};
}

}  // namespace parley
