# Options, compiler flags and warnings. Everything that only our own build wants (warnings, sanitizers, the linker) goes
# through `parley_compile(<target>)` or is set when Parley is the top project, so that a parent project is left alone.
option(PARLEY_COMMAND "Build the command parley" ${PROJECT_IS_TOP_LEVEL})
option(PARLEY_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(PARLEY_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(PARLEY_BENCH "Offer the benchmarks (target benches)" ${PROJECT_IS_TOP_LEVEL})
option(PARLEY_FUZZ "Build the fuzz targets as libFuzzer programs (clang only)" OFF)
option(PARLEY_UNITY "Compile several files of a room at once" OFF)
set(PARLEY_APART "" CACHE STRING "Files that PARLEY_UNITY compiles each on its own all the same, such as src/h1/framing.cpp")
option(PARLEY_WERROR "Warnings are errors" OFF)
option(PARLEY_FAST_TOOLS "Use ccache and mold when they are installed" ${PROJECT_IS_TOP_LEVEL})
set(PARLEY_QUIC AUTO CACHE STRING "HTTP/3 over QUIC, with ngtcp2: AUTO (where it is found), ON or OFF")
set_property(CACHE PARLEY_QUIC PROPERTY STRINGS AUTO ON OFF)
set(PARLEY_SANITIZE "" CACHE STRING "Sanitizers for everything, as in -fsanitize=: address,undefined or thread")
option(BUILD_SHARED_LIBS "Build libparley as a shared library" OFF)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12.2)
  message(FATAL_ERROR "Parley needs g++ 12.2 or newer, this is ${CMAKE_CXX_COMPILER_VERSION}; choose one with CXX=g++-12")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Parley needs clang 19 or newer, this is ${CMAKE_CXX_COMPILER_VERSION}; choose one with CXX=clang++-19")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # so that the static library also fits into a user's shared one

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
  set(CMAKE_COLOR_DIAGNOSTICS ON)
endif()

if(PARLEY_FAST_TOOLS)
  find_program(PARLEY_CCACHE ccache)
  if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${PARLEY_CCACHE}")
  endif()
  find_program(PARLEY_MOLD mold)
  if(PARLEY_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

if(PARLEY_SANITIZE)
  # -fno-sanitize-recover: the first report ends the test.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${PARLEY_SANITIZE}>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all> $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND PARLEY_SANITIZE MATCHES "undefined")
    # A third of g++'s time goes into these two; the run with clang has them, and AddressSanitizer stops at null too.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=null,alignment>)
  endif()
endif()
if(PARLEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "PARLEY_FUZZ needs clang for libFuzzer; use: cmake --preset fuzz")
  endif()
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

add_library(parley_warnings INTERFACE)
target_compile_options(parley_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  -Wformat=2 -Wcast-qual -Wredundant-move -Wpessimizing-move>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${PARLEY_WERROR}>>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(parley_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wduplicated-cond -Wlogical-op>)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC PR105651: std::string's operator+ of libstdc++ 12 is said to overlap with itself.
    target_compile_options(parley_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
  endif()
  if(PARLEY_UNITY)
    # Both take what an included .cpp keeps to itself for everybody's: the names and types of its unnamed namespace.
    target_compile_options(parley_warnings INTERFACE
      $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage -Wno-shadow -Wshadow=local>)
  endif()
  if(PARLEY_SANITIZE)
    # The manual: sanitizers' added paths make this warning report variables that are always set.
    target_compile_options(parley_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
  endif()
endif()

# Our own code: warnings, and the folders that its includes are written from.
function(parley_compile target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:parley_warnings>)
endfunction()
