// What stands behind encoder and decoder: one file a library.
#pragma once

#include "coding/content_coding.hpp"
#include "coding/decoder.hpp"
#include "coding/encoder.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace parley::coding {

/// The least window, as a power of two between `lowest` and `highest`, that covers content of this length.
[[nodiscard]] constexpr int window_for(std::optional<std::uint64_t> length, int lowest, int highest) {
  int bits = lowest;
  while (bits < highest && (!length || (std::uint64_t{1} << bits) < *length)) ++bits;
  return bits;
}

/// One coding being undone. Room is never empty.
class stage {
 public:
  stage() = default;
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  virtual ~stage() = default;

  [[nodiscard]] virtual std::expected<step, decode_fault> decode(std::string_view& in, std::span<char> room) = 0;
  /// What came so far ends where the coding may end.
  [[nodiscard]] virtual bool whole() const = 0;
};

[[nodiscard]] std::unique_ptr<encoder> make_zlib_encoder(content_coding which, int level, std::optional<std::uint64_t> length);
[[nodiscard]] std::unique_ptr<encoder> make_brotli_encoder(int level, std::optional<std::uint64_t> length);
[[nodiscard]] std::unique_ptr<encoder> make_zstd_encoder(int level, std::optional<std::uint64_t> length);

[[nodiscard]] std::unique_ptr<stage> make_zlib_stage(content_coding which);
[[nodiscard]] std::unique_ptr<stage> make_brotli_stage();
[[nodiscard]] std::unique_ptr<stage> make_zstd_stage();

}  // namespace parley::coding
