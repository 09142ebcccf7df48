// Walks over output segments and takes from them what one TLS record carries.
#pragma once

#include "base/block_pool.hpp"
#include "base/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

namespace parley::connection {

class record_cursor {
 public:
  explicit record_cursor(std::span<const base::segment> segments) : segments_(segments) { pass_empty(); }
  record_cursor(const record_cursor&) = delete;
  record_cursor& operator=(const record_cursor&) = delete;
  ~record_cursor() { base::release_block(gathered_); }

  [[nodiscard]] bool done() const { return segments_.empty() && ahead_.empty(); }
  /// Before the first `take`.
  void skip(std::size_t n);
  /// Up to `most` bytes, without a copy where they lie in one piece of memory; valid until the next call. Empty: done, or `error`.
  std::string_view take(std::size_t most);
  /// How many bytes are there to be taken, counted up to `most`.
  [[nodiscard]] std::size_t left(std::size_t most) const;
  /// A file slice could not be read, or the file has become shorter than the slice; all before it was taken.
  [[nodiscard]] std::error_code error() const { return ahead_.empty() ? error_ : std::error_code(); }

 private:
  void pass_empty();
  void advance(std::size_t n);
  [[nodiscard]] std::size_t extent(std::size_t most) const;
  void bring_together(std::size_t most);

  std::span<const base::segment> segments_;
  std::uint64_t used_ = 0;  // of the first one
  base::block gathered_;
  std::string_view ahead_;  // brought together, not yet taken
  std::error_code error_;
};

}  // namespace parley::connection
