# The tunnel over HTTP/3 has a client of ours at its other end.
if(NOT PARLEY_HAS_QUIC)
  set(WITHOUT "http3_")
endif()
