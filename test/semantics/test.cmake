# The hashes of RFC 7616 are GnuTLS's.
set(LIBS GnuTLS::GnuTLS)
