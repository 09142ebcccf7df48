# The foreign libraries, each found once and named for the rooms that may see it.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(SQLite3)
if(NOT SQLite3_FOUND)
  message(FATAL_ERROR "SQLite is missing; run ./dev setup, or install Debian's libsqlite3-dev")
endif()

find_package(GnuTLS 3.7.9)
if(NOT GnuTLS_FOUND)
  message(FATAL_ERROR "GnuTLS 3.7.9 or newer is missing; run ./dev setup, or install Debian's libgnutls28-dev")
endif()

# ngtcp2, by its headers and libraries: not every machine has pkg-config.
set(PARLEY_HAS_QUIC OFF)
set(PARLEY_QUIC_LIBS "")
if(NOT PARLEY_QUIC STREQUAL "OFF")
  find_path(NGTCP2_INCLUDE_DIR ngtcp2/ngtcp2_crypto_gnutls.h)
  find_library(NGTCP2_LIBRARY ngtcp2)
  find_library(NGTCP2_CRYPTO_GNUTLS_LIBRARY ngtcp2_crypto_gnutls)
  mark_as_advanced(NGTCP2_INCLUDE_DIR NGTCP2_LIBRARY NGTCP2_CRYPTO_GNUTLS_LIBRARY)
  set(ngtcp2_version 0)
  if(NGTCP2_INCLUDE_DIR AND EXISTS "${NGTCP2_INCLUDE_DIR}/ngtcp2/version.h")
    file(STRINGS "${NGTCP2_INCLUDE_DIR}/ngtcp2/version.h" ngtcp2_version REGEX "define NGTCP2_VERSION ")
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" ngtcp2_version "${ngtcp2_version}")
  endif()
  if(NGTCP2_LIBRARY AND NGTCP2_CRYPTO_GNUTLS_LIBRARY AND ngtcp2_version VERSION_GREATER_EQUAL 1.11)
    set(PARLEY_HAS_QUIC ON)
    set(PARLEY_QUIC_LIBS "${NGTCP2_CRYPTO_GNUTLS_LIBRARY}" "${NGTCP2_LIBRARY}")
    message(STATUS "ngtcp2 ${ngtcp2_version}: this build has QUIC")
  elseif(PARLEY_QUIC STREQUAL "AUTO")
    message(STATUS "ngtcp2 1.11 or newer is missing, so this build has no HTTP/3; run ./dev setup quic, or install "
      "libngtcp2-dev and libngtcp2-crypto-gnutls-dev (Debian 12: from bookworm-backports)")
  else()
    message(FATAL_ERROR "ngtcp2 1.11 or newer, which PARLEY_QUIC asks for, is missing; run ./dev setup quic, or install libngtcp2-dev and "
      "libngtcp2-crypto-gnutls-dev (Debian 12: from bookworm-backports)")
  endif()
endif()

if(PARLEY_COMMAND)
  foreach(package IN ITEMS CLI11 tomlplusplus spdlog)
    find_package(${package} CONFIG)
    if(NOT ${package}_FOUND)
      message(FATAL_ERROR "${package} is missing; run ./dev setup, or build the library alone with -DPARLEY_COMMAND=OFF")
    endif()
  endforeach()
endif()

find_package(nlohmann_json CONFIG QUIET) # only for parley/json.hpp, which includes it when the user does
