# The attacks on HTTP/3 speak ngtcp2 themselves, where a packet must say what none may.
if(PARLEY_HAS_QUIC)
  set(LIBS ${PARLEY_QUIC_LIBS} GnuTLS::GnuTLS)
  set(ALSO quic/hostile_client.cpp)
else()
  set(WITHOUT "http3_")
endif()
