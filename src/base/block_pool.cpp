#include "base/block_pool.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define PARLEY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARLEY_ASAN 1
#endif
#endif
#if defined(PARLEY_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace parley::base {
namespace {

constexpr std::size_t size_classes = std::bit_width(largest_pooled_block / smallest_block);

// A kept block holds the address of the next one in its first bytes.
struct kept_list {
  char* first = nullptr;
  std::size_t bytes = 0;
};

enum class pool_state : std::uint8_t { unused, alive, gone };

// Constant initialisation and a trivial destructor, so that objects which die after the thread's own destructors still find it.
struct thread_pool {
  std::array<kept_list, size_classes> lists;
  pool_state state = pool_state::unused;
};
constinit thread_local thread_pool pool{};

struct pool_guard {
  ~pool_guard() {
    trim_block_pool();
    pool.state = pool_state::gone;
  }
};

std::size_t class_of(std::size_t size) {
  return static_cast<std::size_t>(std::countr_zero(size)) - static_cast<std::size_t>(std::countr_zero(smallest_block));
}

// The link stays readable: LeakSanitizer follows no pointers in poisoned memory.
void poison([[maybe_unused]] char* data, [[maybe_unused]] std::size_t size) {
#if defined(PARLEY_ASAN)
  ASAN_POISON_MEMORY_REGION(data + sizeof(char*), size - sizeof(char*));
#endif
}
void unpoison([[maybe_unused]] char* data, [[maybe_unused]] std::size_t size) {
#if defined(PARLEY_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(data, size);
#endif
}

char* pop(kept_list& list, std::size_t size) {
  char* data = list.first;
  unpoison(data, size);
  std::memcpy(&list.first, data, sizeof list.first);
  list.bytes -= size;
  return data;
}

// The guard's destructor is registered at the first use, which then costs nothing later.
void start_pool() {
  static thread_local pool_guard guard;
  (void)&guard;
  pool.state = pool_state::alive;
}

}  // namespace

block acquire_block(std::size_t wanted) {
  if (wanted > SIZE_MAX / 2) throw std::bad_alloc();
  const std::size_t size = std::bit_ceil(std::max(wanted, smallest_block));
  if (size <= largest_pooled_block) {
    kept_list& list = pool.lists[class_of(size)];
    if (list.first != nullptr) return {pop(list, size), size};
  }
  return {static_cast<char*>(::operator new(size)), size};
}

void release_block(block b) noexcept {
  if (b.data == nullptr) return;
  if (pool.state == pool_state::unused) start_pool();
  if (b.size <= largest_pooled_block && pool.state == pool_state::alive) {
    kept_list& list = pool.lists[class_of(b.size)];
    if (list.bytes + b.size <= pooled_bytes_per_size) {
      std::memcpy(b.data, &list.first, sizeof list.first);
      list.first = b.data;
      list.bytes += b.size;
      poison(b.data, b.size);
      return;
    }
  }
  ::operator delete(b.data, b.size);
}

void trim_block_pool() noexcept {
  std::size_t size = smallest_block;
  for (kept_list& list : pool.lists) {
    while (list.first != nullptr) ::operator delete(pop(list, size), size);
    size *= 2;
  }
}

}  // namespace parley::base
