// Boundaries of multipart content (RFC 2046 §5.1.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace parley::semantics {

/// RFC 2046 §5.1.1.
inline constexpr std::size_t max_boundary = 70;

/// A boundary with 128 random bits: no content has it but by intent of one who has seen it.
[[nodiscard]] std::string make_boundary(base::random_source& random);

/// 1 to 70 characters of RFC 2046's set, the last one no blank.
[[nodiscard]] bool is_boundary(std::string_view text);

}  // namespace parley::semantics
