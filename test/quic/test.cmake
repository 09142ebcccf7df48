# The tests speak ngtcp2 themselves where a peer must misbehave.
set(LIBS ${PARLEY_QUIC_LIBS} GnuTLS::GnuTLS)
set(NEEDS PARLEY_HAS_QUIC)
