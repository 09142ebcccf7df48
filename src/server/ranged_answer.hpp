// Parts of an answer (RFC 9110 §14): what a Range field makes of one that would be sent whole.
#pragma once

#include <parley/response.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::server_room {

/// The length of content that can be sent in parts: bytes in memory and slices of files. Nothing for others.
[[nodiscard]] std::optional<std::uint64_t> length_in_parts(const response& r);

/// Makes `r`, a 200 whose request's preconditions let Range count, what `range` asks for: 206 with one part, or with several as
/// multipart/byteranges. A slice of a file stays one. False when the field is to be ignored, and `r` is as it was. Throws `problem_error` with 416.
bool take_ranges(response& r, std::string_view range);

}  // namespace parley::server_room
