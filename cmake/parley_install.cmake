# cmake --install: the library, its headers, the command, and what find_package(parley) and pkg-config need.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/parley")

install(TARGETS parley EXPORT parleyTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/parley DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" OPTIONAL FILES_MATCHING PATTERN "*.hpp")
if(TARGET parley_command)
  install(TARGETS parley_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(EXPORT parleyTargets NAMESPACE parley:: DESTINATION "${package_folder}")
configure_package_config_file(cmake/parleyConfig.cmake.in "${PROJECT_BINARY_DIR}/parleyConfig.cmake"
  INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/parleyConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/parleyConfig.cmake" "${PROJECT_BINARY_DIR}/parleyConfigVersion.cmake"
  DESTINATION "${package_folder}")

# What the library itself needs: a static one puts it on the user's link line, a shared one keeps it to itself.
set(pc_needs "Requires: sqlite3 gnutls zlib libbrotlienc libbrotlidec libzstd nettle libpsl libidn2\nLibs: -L\${libdir} -lparley -lcrypt -pthread")
if(BUILD_SHARED_LIBS)
  set(pc_needs "Requires.private: sqlite3 gnutls zlib libbrotlienc libbrotlidec libzstd nettle libpsl libidn2\nLibs: -L\${libdir} -lparley\nLibs.private: -lcrypt -pthread")
endif()
if(PARLEY_HAS_QUIC)
  string(REPLACE " gnutls" " gnutls libngtcp2_crypto_gnutls libngtcp2" pc_needs "${pc_needs}")
endif()
# The prefix is found from the file's own place, so that an installed tree may be moved.
cmake_path(SET pc_folder "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
set(pc_prefix "/prefix")
cmake_path(RELATIVE_PATH pc_prefix BASE_DIRECTORY "${pc_folder}" OUTPUT_VARIABLE pc_prefix)
configure_file(cmake/parley.pc.in "${PROJECT_BINARY_DIR}/parley.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/parley.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# The systemd units and the rule for logrotate, for a package or a machine's administrator (docs/running.md).
option(PARLEY_SYSTEMD "Install the systemd units and the example for logrotate" OFF)
if(PARLEY_SYSTEMD AND TARGET parley_command)
  set(PARLEY_BINARY "${CMAKE_INSTALL_FULL_BINDIR}/parley")
  configure_file(packaging/systemd/parley.service.in "${PROJECT_BINARY_DIR}/parley.service" @ONLY)
  # Where systemd looks below /usr and /usr/local, whatever the library folder is called.
  install(FILES "${PROJECT_BINARY_DIR}/parley.service" packaging/systemd/parley.socket DESTINATION lib/systemd/system)
  install(FILES packaging/logrotate/parley DESTINATION "${CMAKE_INSTALL_DOCDIR}/logrotate")
  install(FILES docs/running.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()
