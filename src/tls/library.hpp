// Who does the cryptography.
#pragma once

#include <string>

namespace parley::tls {

/// `GnuTLS 3.8.9`: the one that runs.
[[nodiscard]] std::string library();

}  // namespace parley::tls
