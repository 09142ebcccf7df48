#include "tls/library.hpp"

#include <gnutls/gnutls.h>

namespace parley::tls {

std::string library() { return std::string("GnuTLS ") + gnutls_check_version(nullptr); }

}  // namespace parley::tls
