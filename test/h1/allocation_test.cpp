// In steady state a request costs no call of the allocator.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>

#include "h1/tester.hpp"

namespace {

std::size_t h1_allocations = 0;

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
  ++h1_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace parley::h1::test {
namespace {

using engine::chunk;
using engine::content_length;

const std::string browser_head =
    "GET /customers/42?sort=name&page=2 HTTP/1.1\r\nHost: www.example.re:8080\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.9\r\nX-Unknown-Name: 1\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n";

void handle(connection& c, const engine::event& e, const semantics::response_head& head) {
  engine::stream_id id = 0;
  if (const auto* r = std::get_if<engine::request_event>(&e); r != nullptr && r->ended) id = r->id;
  if (const auto* d = std::get_if<engine::data_event>(&e)) c.consume(d->id, d->bytes.size());
  if (const auto* whole = std::get_if<engine::complete_event>(&e)) id = whole->id;
  if (id == 0) return;
  (void)c.send_response(id, head, content_length::of(5), epoch);
  (void)c.send_data(id, {chunk::view{"hello"}}, epoch);
  (void)c.send_end(id, nullptr, epoch);
}

void serve(connection& c, std::string_view bytes, const semantics::response_head& head) {
  while (!bytes.empty()) {
    bytes.remove_prefix(c.receive(bytes, epoch));
    while (auto e = c.next_event()) handle(c, *e, head);
  }
  std::array<engine::segment, 4> out;
  while (const std::size_t n = c.output(out)) {
    for (std::size_t i = 0; i < n; ++i) c.written(static_cast<std::size_t>(out[i].size()), epoch);
  }
}

TEST(h1_allocation, none_per_request) {
  const limits caps;
  connection c(engine::role::server, caps, {}, epoch);
  const auto head = response(200, {{"Content-Type", "text/plain"}, {"Date", "Mon, 23 Nov 2026 02:40:00 GMT"}});
  const std::string pipelined = browser_head + post + browser_head;
  for (int i = 0; i < 3; ++i) serve(c, pipelined, head);
  const std::size_t before = h1_allocations;
  for (int i = 0; i < 100; ++i) serve(c, pipelined, head);
  EXPECT_EQ(h1_allocations, before);
#ifndef PARLEY_TEST_SANITIZED
  EXPECT_GT(before, 0u) << "the hook counts";
#endif
}

TEST(h1_allocation, none_per_request_of_a_client) {
  const limits caps;
  connection c(engine::role::client, caps, {}, epoch);
  const auto head = request(parley::method::get, "/", "a", {{"Accept", "*/*"}});
  const std::string_view response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  const auto exchange = [&] {
    const auto id = c.send_request(head, content_length::no_content(), epoch);
    serve(c, response, {});
    return id.has_value();
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(exchange());
  const std::size_t before = h1_allocations;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(exchange());
  EXPECT_EQ(h1_allocations, before);
}

}  // namespace
}  // namespace parley::h1::test
