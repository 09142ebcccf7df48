// Who carries QUIC.
#pragma once

#include <string>

namespace parley::quic {

/// `ngtcp2 1.11.0`: the one that runs.
[[nodiscard]] std::string library();

}  // namespace parley::quic
