// In steady state neither an encoder nor a decoder asks the allocator for anything, whether its table holds what comes or not.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "fieldcode/support.hpp"

namespace {

std::size_t fieldcode_allocations = 0;

}  // namespace

// The sanitizers bring their own operators; there, nothing is counted and nothing asserted.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PARLEY_TEST_SANITIZED 1
#endif
#endif
#else
#define PARLEY_TEST_SANITIZED 1
#endif

#ifndef PARLEY_TEST_SANITIZED
// Not inlined: g++ would pair an inlined free with the standard's operator new, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++fieldcode_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace parley::fieldcode::test {
namespace {

TEST(hpack_allocation, none_in_steady_state) {
  hpack_encoder encoder(5, 4096);
  hpack_decoder decoder(length_tag);
  char block[1024];
  char number[16];
  std::size_t fields = 0;
  const auto exchange = [&](int i) {
    const std::string_view text(number, static_cast<std::size_t>(std::snprintf(number, sizeof number, "%d", i)));
    char* end = encoder.encode(":status", "200", block);
    end = encoder.encode("content-type", "text/html; charset=utf-8", end);
    end = encoder.encode("x-changes", text, end);  // goes into the table each time, so that entries leave it
    end = encoder.encode("etag", text, end);
    end = encoder.encode("set-cookie", "id=0123456789", end);
    return decoder.decode({block, end}, 1000, [&](const decoded_field&) { ++fields; }).has_value();
  };
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(exchange(i));
  const std::size_t before = fieldcode_allocations;
  for (int i = 2000; i < 12'000; ++i) ASSERT_TRUE(exchange(i));
  EXPECT_EQ(fieldcode_allocations, before);
  EXPECT_EQ(fields, 60'000u);
  // What a connection costs with full tables of 4,096.
  EXPECT_LE(decoder.table().memory(), 12u * 1024);
  EXPECT_LE(encoder.memory(), 14u * 1024);
#ifndef PARLEY_TEST_SANITIZED
  EXPECT_GT(before, 0u) << "the hook counts";
#endif
}

}  // namespace
}  // namespace parley::fieldcode::test
