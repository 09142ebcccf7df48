#include "quic/library.hpp"

#include <ngtcp2/ngtcp2.h>

namespace parley::quic {

std::string library() { return std::string("ngtcp2 ") + ngtcp2_version(0)->version_str; }

}  // namespace parley::quic
