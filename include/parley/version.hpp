// The protocol versions.
#pragma once

#include <parley/config.hpp>

#include <cstdint>
#include <string_view>

namespace parley {

/// An HTTP version. Ordered from old to new.
enum class version : std::uint8_t { http0_9, http1_0, http1_1, http2, http3 };

inline constexpr version http0_9 = version::http0_9;
inline constexpr version http1_0 = version::http1_0;
inline constexpr version http1_1 = version::http1_1;
inline constexpr version http2 = version::http2;
inline constexpr version http3 = version::http3;

/// `HTTP/0.9`, `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`, `HTTP/3`.
[[nodiscard]] PARLEY_API std::string_view name(version v);

}  // namespace parley
