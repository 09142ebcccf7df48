#include "semantics/allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace parley::test {
namespace {
std::atomic<std::size_t> counted{0};
}  // namespace

std::size_t allocation_count() { return counted.load(std::memory_order_relaxed); }

static void* counted_allocation(std::size_t size) {
  counted.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace parley::test

// Replaces the global ones; those for arrays and without exceptions call these.
void* operator new(std::size_t size) { return parley::test::counted_allocation(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
