// Transfer codings (RFC 9112 §6.1, §7).
#pragma once

#include <parley/fields.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

namespace parley::semantics {

enum class transfer_coding : std::uint8_t { chunked, gzip, deflate, compress, other };

/// The codings in the order they were applied.
struct transfer_codings {
  static constexpr std::size_t max_size = 4;
  std::array<transfer_coding, max_size> items{};
  std::size_t size = 0;

  [[nodiscard]] bool empty() const { return size == 0; }
  [[nodiscard]] bool final_is_chunked() const { return size > 0 && items[size - 1] == transfer_coding::chunked; }
};

/// All Transfer-Encoding lines, read as one list; empty when there is no such field. A sentence says what makes the framing unsure:
/// no list, an empty one, more than four, `chunked` twice or not last or with parameters.
[[nodiscard]] std::expected<transfer_codings, const char*> parse_transfer_encoding(const parley::fields& f);

/// One line that says `chunked` (of any case) and nothing else: the only Transfer-Encoding that our engines read.
[[nodiscard]] bool is_exactly_chunked(const parley::fields& f);

}  // namespace parley::semantics
