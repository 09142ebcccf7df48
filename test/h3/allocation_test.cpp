// In steady state an exchange costs no call of the allocator.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "h3/tester.hpp"

namespace {

std::size_t h3_allocations = 0;

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
  ++h3_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;

/// Takes all output and acknowledges it; the ends of streams are noted.
void take_all(connection& c, std::vector<std::uint64_t>& ended) {
  std::array<std::string_view, 8> pieces;
  while (c.next_action()) {
  }
  while (const auto id = c.next_stream()) {
    const auto out = c.output(*id, pieces);
    std::size_t size = 0;
    for (std::size_t i = 0; i < out.pieces; ++i) size += pieces[i].size();
    c.accepted(*id, size, out.fin, epoch);
    if (size > 0) c.acknowledged(*id, size);
    if (out.fin && (*id & 2) == 0) ended.push_back(*id);
  }
  while (c.next_action()) {
  }
}

void serve(connection& c, const semantics::response_head& head) {
  while (auto e = c.next_event()) {
    engine::stream_id id = 0;
    if (const auto* r = std::get_if<engine::request_event>(&*e); r != nullptr && r->ended) id = r->id;
    if (const auto* d = std::get_if<engine::data_event>(&*e)) c.consume(d->id, d->bytes.size());
    if (const auto* whole = std::get_if<engine::complete_event>(&*e)) id = whole->id;
    if (id == 0) continue;
    static_cast<void>(c.send_response(id, head, content_length::of(5), epoch));
    static_cast<void>(c.send_data(id, {chunk::view{"hello"}}, epoch));
    static_cast<void>(c.send_end(id, nullptr, epoch));
  }
}

void close_all(connection& c, std::vector<std::uint64_t>& ended) {
  for (const std::uint64_t id : ended) c.stream_closed(id, epoch);
  ended.clear();
}

TEST(h3_allocation, none_per_request) {
  limits caps;
  connection c(engine::role::server, caps, {}, epoch);
  const auto head = response(200, {{"Content-Type", "text/plain"}, {"Date", "Mon, 23 Nov 2026 02:40:00 GMT"}});
  c.stream_limits(0, 3);
  c.start(false, epoch);
  c.receive(2, varint(0) + settings_frame({{1, 4096}, {7, 16}}), false, epoch);
  const std::string first = headers({{":method", "GET"},
                                     {":scheme", "https"},
                                     {":authority", "www.example.re"},
                                     {":path", "/customers/42?sort=name"},
                                     {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
                                     {"accept", "*/*"},
                                     {"cookie", "a=1"},
                                     {"cookie", "b=2"}});
  const std::string second = post({{"content-length", "5"}}) + data_frame("hello");
  std::vector<std::uint64_t> ended;
  ended.reserve(64);
  std::uint64_t id = 0;
  const auto burst = [&] {
    for (int i = 0; i < 16; ++i, id += 8) {
      c.receive(id, first, true, epoch);
      serve(c, head);
      // In two packets.
      c.receive(id + 4, std::string_view(second).substr(0, 30), false, epoch);
      c.receive(id + 4, std::string_view(second).substr(30), true, epoch);
      serve(c, head);
    }
    take_all(c, ended);
    close_all(c, ended);
  };
  for (int i = 0; i < 10; ++i) burst();
  const std::size_t before = h3_allocations;
  for (int i = 0; i < 50; ++i) burst();
  EXPECT_EQ(h3_allocations, before);
  EXPECT_EQ(c.error(), nullptr);
  EXPECT_TRUE(c.idle());
#ifndef PARLEY_TEST_SANITIZED
  EXPECT_GT(before, 0u) << "the hook counts";
#endif
}

TEST(h3_allocation, none_per_request_of_a_client) {
  limits caps;
  connection c(engine::role::client, caps, {}, epoch);
  c.stream_limits(1'000, 3);
  c.start(false, epoch);
  c.receive(3, varint(0) + settings_frame(), false, epoch);
  const auto head = request(parley::method::get, "/", {{"Accept", "*/*"}});
  const std::string answer =
      headers({{":status", "200"}, {"content-type", "text/plain"}, {"content-length", "5"}}) + data_frame("hello");
  std::vector<std::uint64_t> ended;
  ended.reserve(16);
  const auto exchange = [&] {
    const auto id = c.send_request(head, content_length::no_content(), epoch);
    take_all(c, ended);
    c.receive(engine::transport_of(*id), answer, true, epoch);
    serve(c, {});
    close_all(c, ended);
    return id.has_value();
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(exchange());
  const std::size_t before = h3_allocations;
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(exchange());
  EXPECT_EQ(h3_allocations, before);
  EXPECT_TRUE(c.idle());
}

// An idle connection gives back what it needed while it was busy.
TEST(h3_allocation, an_idle_connection_holds_little) {
  limits caps;
  connection c(engine::role::server, caps, {}, epoch);
  c.stream_limits(0, 3);
  c.start(false, epoch);
  c.receive(2, varint(0) + settings_frame(), false, epoch);
  std::vector<std::uint64_t> ended;
  const std::string head = get();
  for (std::uint64_t id = 0; id < 400; id += 4) c.receive(id, head, true, epoch);
  const std::size_t busy = c.memory();
  serve(c, response(200));
  take_all(c, ended);
  close_all(c, ended);
  c.rest();
  EXPECT_TRUE(c.idle());
  EXPECT_GT(busy, 40'000u);
  EXPECT_LT(c.memory() + sizeof(c), 8'192u);
}

}  // namespace
}  // namespace parley::h3::test
