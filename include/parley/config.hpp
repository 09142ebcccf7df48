// What every public header needs first: the language check, the version, the export macro.
#pragma once

#if defined(_MSVC_LANG)
#define PARLEY_CPLUSPLUS _MSVC_LANG
#else
#define PARLEY_CPLUSPLUS __cplusplus
#endif
// g++ 12 says 202100L for -std=c++23.
#if PARLEY_CPLUSPLUS < 202100L
#error "Parley needs C++23: compile with -std=c++23 (g++ 12.2 or newer, clang 19 or newer)."
#endif

#define PARLEY_VERSION_MAJOR 0
#define PARLEY_VERSION_MINOR 1
#define PARLEY_VERSION_PATCH 0
#define PARLEY_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define PARLEY_API __attribute__((visibility("default")))
#else
#define PARLEY_API
#endif
