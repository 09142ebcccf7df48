#include "h3/repeated_head.hpp"

#include <cstdint>

namespace parley::h3 {

namespace {

std::string_view second_lines(const semantics::response_head& head) {
  return head.ready[1] != nullptr ? std::string_view(head.ready[1]->text) : std::string_view();
}

}  // namespace

std::uint64_t repeated_head::sign(const semantics::response_head& head, std::optional<std::uint64_t> length) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  const auto at = reinterpret_cast<std::uintptr_t>(head.ready[0]);
  return ((at ^ length.value_or(odd)) * odd ^ static_cast<std::uint64_t>(head.status)) | 1;  // never 0
}

repeated_head::repeated_head(const semantics::response_head& head, std::optional<std::uint64_t> length, std::string_view frame,
                             const fieldcode::qpack_encoder::repetition& how)
    : status_(head.status), length_(length), first_(head.ready[0]->text.size()), lines_(head.ready[0]->text), frame_(frame),
      how_(how) {
  lines_ += second_lines(head);
}

bool repeated_head::is(const semantics::response_head& head, std::optional<std::uint64_t> length) const {
  const std::string_view lines = lines_;
  return possible(head) && head.status == status_ && length == length_ && lines.substr(0, first_) == head.ready[0]->text &&
         lines.substr(first_) == second_lines(head);
}

}  // namespace parley::h3
