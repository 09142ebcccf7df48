// In steady state an exchange costs no call of the allocator.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>

#include "h2/tester.hpp"

namespace {

std::size_t h2_allocations = 0;

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
  ++h2_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace parley::h2::test {
namespace {

using engine::chunk;
using engine::content_length;

void take_all(connection& c) {
  std::array<engine::segment, 8> out;
  while (c.has_output()) {
    const std::size_t n = c.output(out);
    std::size_t size = 0;
    for (std::size_t i = 0; i < n; ++i) size += static_cast<std::size_t>(out[i].size());
    c.written(size, epoch);
  }
}

void serve(connection& c, std::string_view bytes, const semantics::response_head& head) {
  while (!bytes.empty()) {
    bytes.remove_prefix(c.receive(bytes, epoch));
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
  take_all(c);
}

// A browser's burst of requests on streams from `first` on, `n` of them, as many with content.
std::string burst(std::uint32_t first, std::uint32_t n) {
  std::string all;
  for (std::uint32_t i = 0; i < n; ++i) {
    all += headers(first + 4 * i,
                   {{":method", "GET"},
                    {":scheme", "https"},
                    {":authority", "www.example.re"},
                    {":path", "/customers/42?sort=name"},
                    {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
                    {"accept", "*/*"},
                    {"cookie", "a=1"},
                    {"cookie", "b=2"}},
                   flag::end_stream);
    all += post(first + 4 * i + 2, {{"content-length", "5"}}) + data(first + 4 * i + 2, "hello", flag::end_stream);
  }
  return all;
}

TEST(h2_allocation, none_per_request) {
  limits caps;
  connection c(engine::role::server, caps, {}, epoch);
  const auto head = response(200, {{"Content-Type", "text/plain"}, {"Date", "Mon, 23 Nov 2026 02:40:00 GMT"}});
  serve(c, std::string(client_preface) + settings_frame() + settings_ack(), head);
  std::uint32_t first = 1;
  std::vector<std::string> bursts;
  for (int i = 0; i < 60; ++i) {
    bursts.push_back(burst(first, 16));
    first += 4 * 16;
  }
  for (int i = 0; i < 10; ++i) serve(c, bursts[static_cast<std::size_t>(i)], head);
  const std::size_t before = h2_allocations;
  for (std::size_t i = 10; i < bursts.size(); ++i) serve(c, bursts[i], head);
  EXPECT_EQ(h2_allocations, before);
  EXPECT_EQ(c.error(), nullptr);
#ifndef PARLEY_TEST_SANITIZED
  EXPECT_GT(before, 0u) << "the hook counts";
#endif
}

TEST(h2_allocation, none_per_request_of_a_client) {
  limits caps;
  connection c(engine::role::client, caps, {}, epoch);
  serve(c, settings_frame() + settings_ack(), {});
  const auto head = request(parley::method::get, "/", {{"Accept", "*/*"}});
  std::vector<std::string> responses;
  for (std::uint32_t i = 0; i < 200; ++i) {
    responses.push_back(headers(2 * i + 1, {{":status", "200"}, {"content-type", "text/plain"}, {"content-length", "5"}}) +
                        data(2 * i + 1, "hello", flag::end_stream));
  }
  std::size_t next = 0;
  const auto exchange = [&] {
    const auto id = c.send_request(head, content_length::no_content(), epoch);
    take_all(c);
    serve(c, responses[next++], {});
    return id.has_value();
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(exchange());
  const std::size_t before = h2_allocations;
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(exchange());
  EXPECT_EQ(h2_allocations, before);
  EXPECT_TRUE(c.idle());
}

// Content that waits for its turn: blocks come from the pool.
TEST(h2_allocation, none_for_content_that_waits) {
  limits caps;
  connection c(engine::role::server, caps, {}, epoch);
  serve(c, std::string(client_preface) + settings_frame({{setting::initial_window_size, 10}}) + settings_ack(), {});
  std::vector<std::string> given;
  for (std::uint32_t i = 0; i < 100; ++i) given.push_back(get(2 * i + 1));
  std::vector<std::string> updates;
  for (std::uint32_t i = 0; i < 100; ++i) updates.push_back(window_update(2 * i + 1, 1'000));
  const std::string text(1'000, 'x');
  const auto exchange = [&](std::uint32_t i) {
    const std::uint32_t id = 2 * i + 1;
    std::size_t used = c.receive(given[i], epoch);
    while (c.next_event()) {
    }
    static_cast<void>(c.send_response(id, response(200), content_length::of(1'000), epoch));
    static_cast<void>(c.send_data(id, {chunk::view{text}}, epoch));
    static_cast<void>(c.send_end(id, nullptr, epoch));
    take_all(c);
    used += c.receive(updates[i], epoch);
    take_all(c);
    return used > 0 && c.idle();
  };
  for (std::uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(exchange(i));
  const std::size_t before = h2_allocations;
  for (std::uint32_t i = 20; i < 50; ++i) ASSERT_TRUE(exchange(i));
  EXPECT_EQ(h2_allocations, before);
}

}  // namespace
}  // namespace parley::h2::test
