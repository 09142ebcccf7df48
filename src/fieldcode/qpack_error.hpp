// How the parts of QPACK tell what a peer did wrong.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::fieldcode {

/// The error codes of a connection that ends (RFC 9204 §6).
enum class qpack_code : std::uint64_t {
  decompression_failed = 0x200,  // a field section cannot be decoded
  encoder_stream_error = 0x201,  // an instruction of the peer's encoder is wrong
  decoder_stream_error = 0x202,  // an instruction of the peer's decoder is wrong
  excessive_load = 0x107,        // H3_EXCESSIVE_LOAD (RFC 9114 §8.1): it lets us send too little of what it makes us say
};

/// Why the connection has to end; the texts are literals. The state of who gave it is lost.
struct qpack_error {
  qpack_code code;
  std::string_view name;
  std::string_view message;
  std::string_view section;
};

/// The names of all of them, for who counts.
inline constexpr std::string_view qpack_error_names[] = {
    "qpack-acknowledgement", "qpack-base",         "qpack-blocked", "qpack-entry-size", "qpack-huffman",   "qpack-increment",
    "qpack-index",           "qpack-insert-count", "qpack-integer", "qpack-table-size", "qpack-truncated", "qpack-unsent",
};

}  // namespace parley::fieldcode
