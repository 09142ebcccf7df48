// How often this program has asked the allocator for memory.
#pragma once

#include <cstddef>

namespace parley::test {

std::size_t allocation_count();

}  // namespace parley::test
