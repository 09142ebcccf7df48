#include "semantics/line_block.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley::semantics {

void line_block::grow(std::size_t more) {
  constexpr std::size_t largest = std::size_t{1} << 31;  // offsets have 32 bits
  const std::size_t slots = count_ * sizeof(parley::detail::field_slot);
  const std::size_t wanted = text_ + more + slots;
  if (more > largest || wanted > largest) throw std::length_error("parley: more than 2 GiB of fields");
  const base::block larger = base::acquire_block(block_.data != nullptr ? wanted : std::max(wanted, expected_));
  if (block_.data != nullptr) {
    std::memcpy(larger.data, block_.data, text_);
    std::memcpy(larger.data + larger.size - slots, block_.data + block_.size - slots, slots);
    base::release_block(block_);
  }
  block_ = larger;
}

}  // namespace parley::semantics
