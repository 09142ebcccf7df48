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

if(PARLEY_COMMAND)
  foreach(package IN ITEMS CLI11 tomlplusplus spdlog)
    find_package(${package} CONFIG)
    if(NOT ${package}_FOUND)
      message(FATAL_ERROR "${package} is missing; run ./dev setup, or build the library alone with -DPARLEY_COMMAND=OFF")
    endif()
  endforeach()
endif()

find_package(nlohmann_json CONFIG QUIET) # only for parley/json.hpp, which includes it when the user does
