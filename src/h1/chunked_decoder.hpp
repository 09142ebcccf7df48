// Takes the chunked transfer coding apart (RFC 9112 §7.1), up to the trailer section.
#pragma once

#include <parley/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/protocol_error.hpp"

namespace parley::h1 {

/// Reads byte by byte between the chunks and piece by piece within them; holds no bytes.
///
/// Stricter than the grammar in one point: no white space between a chunk's size and what follows. RFC 9112 §7.1.1 has it as "bad
/// white space" before an extension; size lines that two readers understand differently have been used to smuggle requests.
class chunked_decoder {
 public:
  struct result {
    std::size_t consumed = 0;
    std::string_view data;                          // at the end of what was consumed; empty when there is none yet
    bool ended = false;                             // the last chunk's line was read; the trailer section follows
    const engine::protocol_error* error = nullptr;  // static
  };

  /// Begins a message.
  void start() { *this = {}; }
  /// Reads up to the end of the next piece of data, which is at most `max_data` long.
  [[nodiscard]] result decode(std::string_view bytes, std::size_t max_data, const limits& caps);

 private:
  enum class state : std::uint8_t {
    size_first,    // a digit must come
    size,          // digits
    before_name,   // behind `;`
    name,          // of an extension
    after_name,    // white space
    before_value,  // behind `=`
    value,         // a token
    quoted,        // a quoted string
    escaped,       // behind `\`
    after_quoted,  // behind the closing quote
    after_value,   // white space
    line_end,      // behind CR
    data,
    data_cr,
    data_lf,
  };

  const engine::protocol_error* line_byte(char c, const limits& caps);
  const engine::protocol_error* size_digit(char c);
  const engine::protocol_error* extension_byte(char c);

  std::uint64_t size_ = 0;  // of the chunk; within its data what remains of it
  std::uint64_t extensions_ = 0;
  std::uint32_t line_ = 0;
  state state_ = state::size_first;
};

}  // namespace parley::h1
