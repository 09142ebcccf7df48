// In steady state neither an encoder nor a decoder asks the allocator for anything, whether its table holds what comes or not.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "fieldcode/qpack_support.hpp"

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

// Sections, instructions and answers; in turn acknowledged at once, and late, so that sections wait and the encoder's lists grow and shrink.
TEST(qpack_allocation, none_in_steady_state) {
  qpack_encoder encoder(5, {});
  qpack_decoder decoder(length_tag, {.table_capacity = 4096, .blocked_streams = 100});
  ASSERT_TRUE(encoder.set_peer_limits(4096, 100));
  struct sent {
    char bytes[512];
    std::size_t begin;
    std::size_t end;
  };
  static sent sections[8];
  char number[16];
  std::size_t fields = 0;
  std::size_t waited = 0;
  const auto send = [&](std::uint64_t stream, int i, sent& to) {
    const std::string_view text(number, static_cast<std::size_t>(std::snprintf(number, sizeof number, "%d", 100'000 + i)));
    char* const lines = to.bytes + qpack_encoder::prefix_bound;
    encoder.begin(stream);
    char* end = encoder.encode(":status", "200", lines);
    end = encoder.encode("content-type", "text/html;charset=utf-8", end);
    end = encoder.encode("x-changes", text, end);  // goes into the table each time, so that entries leave it
    end = encoder.encode("etag", text, end);
    end = encoder.encode("set-cookie", "id=0123456789", end);
    to.begin = static_cast<std::size_t>(encoder.end(lines) - to.bytes);
    to.end = static_cast<std::size_t>(end - to.bytes);
  };
  const auto read = [&](std::uint64_t stream, const sent& from) {
    const auto done =
        decoder.decode(stream, {from.bytes + from.begin, from.end - from.begin}, {}, [&](const decoded_field&) { ++fields; });
    if (done && done->state == section_state::blocked) ++waited;
    return done.has_value();
  };
  const auto carry = [](auto& from, auto& to) {
    std::string_view bytes = from.output();
    bool good = true;
    for (; !bytes.empty(); bytes.remove_prefix(1)) good = good && to.receive(bytes.substr(0, 1)).has_value();
    from.written(from.output().size());
    return good;
  };
  const auto exchange = [&](int i) {
    bool good = true;
    for (int k = 0; k < 8; ++k) {
      const std::uint64_t stream = (1U << 20) + static_cast<std::uint64_t>(4 * (8 * i + k));  // of one length all along
      send(stream, 8 * i + k, sections[k]);
      if (i % 2 == 0) good = good && carry(encoder, decoder);
      good = good && read(stream, sections[k]);
    }
    good = good && carry(encoder, decoder);
    while (const auto next = decoder.next_unblocked()) good = good && read(*next, sections[*next / 4 % 8]);
    return good && carry(decoder, encoder);
  };
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(exchange(i));
  const std::size_t before = fieldcode_allocations;
  for (int i = 500; i < 3000; ++i) ASSERT_TRUE(exchange(i));
  EXPECT_EQ(fieldcode_allocations, before);
  EXPECT_EQ(fields, 3000u * 8 * 5);
  EXPECT_GT(waited, 8000u);
  EXPECT_GT(encoder.inserted(), 20'000u);
  // What a connection costs with full tables of 4,096.
  EXPECT_LE(decoder.memory(), 14u * 1024);
  EXPECT_LE(encoder.memory(), 16u * 1024);
}

}  // namespace
}  // namespace parley::fieldcode::test
