// The head of a response that was sent just before, to be sent again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fieldcode/qpack_encoder.hpp"
#include "semantics/message_head.hpp"

namespace parley::h3 {

/// Only of heads whose lines are all ready ones, which many responses share; they are told apart by their text, not by where they are.
class repeated_head {
 public:
  [[nodiscard]] static bool possible(const semantics::response_head& head) {
    return head.fields.empty() && head.ready[0] != nullptr;
  }
  /// Different for most heads that differ: whether it is worth while to keep this one, having seen it just before.
  [[nodiscard]] static std::uint64_t sign(const semantics::response_head& head, std::optional<std::uint64_t> length);

  /// `frame` is the whole HEADERS frame.
  repeated_head(const semantics::response_head& head, std::optional<std::uint64_t> length, std::string_view frame,
                const fieldcode::qpack_encoder::repetition& how);
  [[nodiscard]] bool is(const semantics::response_head& head, std::optional<std::uint64_t> length) const;
  [[nodiscard]] std::string_view frame() const { return frame_; }
  [[nodiscard]] const fieldcode::qpack_encoder::repetition& how() const { return how_; }
  [[nodiscard]] std::size_t memory() const { return sizeof *this + lines_.capacity() + frame_.capacity(); }

 private:
  int status_;
  std::optional<std::uint64_t> length_;
  std::size_t first_;  // bytes of `lines_` that are of the first ready lines
  std::string lines_;
  std::string frame_;
  fieldcode::qpack_encoder::repetition how_;
};

}  // namespace parley::h3
