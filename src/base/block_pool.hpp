// Blocks of memory in sizes of powers of two, kept for reuse by each thread within a bound.
#pragma once

#include <cstddef>

namespace parley::base {

/// Raw memory, aligned for any fundamental type.
struct block {
  char* data = nullptr;
  std::size_t size = 0;
};

/// The sizes that are kept; larger blocks go straight to the allocator.
inline constexpr std::size_t smallest_block = 256;
inline constexpr std::size_t largest_pooled_block = 128 * 1024;
/// How many bytes of each size a thread keeps at most.
inline constexpr std::size_t pooled_bytes_per_size = 1024 * 1024;

/// A block of at least `size` bytes: the next power of two, never less than `smallest_block`. Throws `std::bad_alloc`.
[[nodiscard]] block acquire_block(std::size_t size);

/// Gives a block back, from any thread; under AddressSanitizer its memory is poisoned until it is used again, so that stale views
/// are found. `data` may be null.
void release_block(block b) noexcept;

/// Gives the calling thread's kept blocks back to the allocator.
void trim_block_pool() noexcept;

}  // namespace parley::base
