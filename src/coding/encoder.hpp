// Content into one coding, as a stream: pieces of any size in, bounded pieces out.
#pragma once

#include "coding/content_coding.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace parley::coding {

/// What is to become of the input beyond being taken.
enum class until : std::uint8_t {
  more,   // more follows: what is written, and when, is the coder's affair
  flush,  // whoever decodes what is written then has all of the input; costs some bytes
  end,    // it is all: the coding is brought to its end
};

struct encoder_settings {
  std::optional<int> level = {};             // the coding's own scale; nothing: what suits answers that are made anew each time
  std::optional<std::uint64_t> length = {};  // of all content, where it is known: a short one takes less memory
};

/// The scale of a coding, and what is taken from it where nobody chose. `highest` is what still keeps to a window of 8 MiB (RFC 9659).
struct level_range {
  int lowest, highest, usual;
};
[[nodiscard]] level_range levels_of(content_coding which);

class encoder {
 public:
  encoder() = default;
  encoder(const encoder&) = delete;
  encoder& operator=(const encoder&) = delete;
  virtual ~encoder() = default;

  /// The least room that may be given.
  static constexpr std::size_t least_room = 64;

  /// Takes from the front of `in` and writes to `room`. To be called again with what is left of `in` and the same `aim` until the step is
  /// `done`. Throws `std::length_error` when the content is not as long as was said.
  virtual step encode(std::string_view& in, std::span<char> room, until aim) = 0;
};

/// Levels beyond the scale are brought to its end. Throws `std::bad_alloc`.
[[nodiscard]] std::unique_ptr<encoder> make_encoder(content_coding which, const encoder_settings& how = {});

/// All of `content`, in one go.
[[nodiscard]] std::string encode_whole(content_coding which, std::string_view content, std::optional<int> level = {});

}  // namespace parley::coding
