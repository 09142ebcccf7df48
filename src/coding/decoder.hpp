// Coded content back into what it was, as a stream, whatever a peer makes of it: output, ratio, windows and the number of codings are bounded.
#pragma once

#include "coding/content_coding.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::coding {

/// A few kilobytes can stand for gigabytes. What codings on the way give counts as the last one's does.
struct decoder_caps {
  std::uint64_t output = std::uint64_t{1} << 30;      // bytes, 1 GiB
  std::uint64_t ratio = 200;                          // bytes of output for each of input; 0: any number ...
  std::uint64_t ratio_from = std::uint64_t{4} << 20;  // ... once there are more than so many, 4 MiB

  /// So much may be put in: twice what may come out, and 64 KiB. Codings have pieces that come to nothing, of which there is no end.
  [[nodiscard]] std::uint64_t input() const {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    constexpr std::uint64_t beside = std::uint64_t{64} << 10;
    return output > (most - beside) / 2 ? most : 2 * output + beside;
  }
};

/// Codings that `parse_codings` should take at most: one is usual, two are seen.
inline constexpr std::size_t most_codings = 3;
/// The largest window that a zstd frame may ask for (RFC 9659), as a power of two: 8 MiB. Brotli's are 16 MiB at most by RFC 7932.
inline constexpr int zstd_window_bits = 23;

enum class decode_fault : std::uint8_t {
  malformed,  // it breaks the coding's format, or a checksum
  truncated,  // it ends in the midst
  trailing,   // something else stands behind its end
  window,     // it asks for more memory than is given
  output,     // decoder_caps::output
  ratio,      // decoder_caps::ratio
  input,      // decoder_caps::input
};

struct decode_error {
  decode_fault fault;
  content_coding coding;
  std::uint64_t offset;  // bytes of coded content that were taken before
};

/// A sentence for a person: `the br content is cut off after 1234 bytes`.
[[nodiscard]] std::string describe(const decode_error& error);

class stage;

/// Memory: at most 8 MiB and some for zstd, 16 for br, 64 KiB for gzip, and 16 KiB for each coding on another.
class decoder {
 public:
  /// `codings` as `parse_codings` gives them, at least one. Throws `std::bad_alloc`.
  explicit decoder(const std::vector<content_coding>& codings, const decoder_caps& caps = {});
  decoder(decoder&&) noexcept;
  decoder& operator=(decoder&&) noexcept;
  ~decoder();

  /// Takes from the front of `in` and writes to `room`, which is not empty. To be called again with what is left of `in` until the step is
  /// `done`. After an error it is of no more use.
  [[nodiscard]] std::expected<step, decode_error> decode(std::string_view& in, std::span<char> room);
  /// The input has ended, and the last step was done. No input at all is no content, as servers have it who have none to send.
  [[nodiscard]] std::expected<void, decode_error> finish() const;

  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  struct layer;
  [[nodiscard]] std::expected<step, decode_error> pull(std::size_t from, std::string_view& in, std::span<char> room);
  [[nodiscard]] std::expected<step, decode_error> work(layer& at, std::string_view& in, std::span<char> room);
  [[nodiscard]] decode_error fault(decode_fault what, const layer& at) const;

  decoder_caps caps_;
  std::vector<layer> layers_;  // the one that was applied last comes first
  std::uint64_t taken_ = 0;
};

}  // namespace parley::coding
