// The content codings that are known here (RFC 9110 §8.4.1, RFC 7932, RFC 8878), and their names in fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::coding {

enum class content_coding : std::uint8_t { gzip, deflate, br, zstd };

/// As fields have it: `gzip`.
[[nodiscard]] std::string_view name_of(content_coding which);
/// Any case, `x-gzip` too (RFC 9110 §8.4.1.3). Nothing for others, `identity` among them.
[[nodiscard]] std::optional<content_coding> coding_named(std::string_view token);

/// What the value of a Content-Encoding names, in the order in which it was applied; `identity` does nothing and is left out.
/// The error is the name that is not known here; or, of more than `most` codings, the first one too many.
[[nodiscard]] std::expected<std::vector<content_coding>, std::string> parse_codings(std::string_view value, std::size_t most);

/// What one call of an encoder or decoder came to.
struct step {
  std::size_t written = 0;
  bool done = false;  // all input was taken, and what it came to was written; else call again, with room
};

}  // namespace parley::coding
