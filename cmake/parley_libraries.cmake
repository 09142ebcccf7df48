# The foreign libraries, each found once and named for the rooms that may see it.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_path(PARLEY_ASIO_INCLUDE asio.hpp)
if(NOT PARLEY_ASIO_INCLUDE)
  message(FATAL_ERROR "asio.hpp is missing; run ./dev setup, or install Debian's libasio-dev")
endif()
# Our copy of Asio lives under names of its own. Hidden symbols alone would not keep it apart from a user's Asio when the
# static library is linked: the linker merges inline functions of the same name, whichever version they come from. The
# namespace goes by one macro; the other two are Asio's only extern "C" functions. `./dev check install` looks for leaks.
add_library(parley_asio INTERFACE)
target_include_directories(parley_asio SYSTEM INTERFACE "${PARLEY_ASIO_INCLUDE}")
target_compile_definitions(parley_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED asio=parley_private_asio
  asio_detail_posix_thread_function=parley_private_asio_thread asio_signal_handler=parley_private_asio_signal)

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
