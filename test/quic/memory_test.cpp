// What connections weigh.
#include "quic/memory_net.hpp"

#include <malloc.h>

namespace parley::quic {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

std::size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// The bar for an idle connection is 40 KiB with its HTTP/3 engine and all else; this is the transport's share, of which nearly all is
// ngtcp2's. A client keeps its TLS session, for the certificates in it and for tickets to come.
TEST(QuicMemory, AnIdleConnection) {
  if (sanitized) GTEST_SKIP() << "AddressSanitizer has a heap of its own";
  memory_net net;
  net.settings.transport.idle_time = net.client_transport.idle_time = 1h;
  net.serve();
  constexpr std::size_t many = 100;
  for (std::size_t i = 0; i < many; ++i) {
    auto& client = net.connect();
    client.engine.open(pattern(3'000, i));
    ASSERT_TRUE(net.run(10s, [&] { return client.engine.all_done(); }));
  }
  net.run(60s);
  ASSERT_EQ(net.home->connections(), many);
  for (auto& s : net.servers) s->engine.streams.clear();
  for (auto& c : net.clients) c->engine.streams.clear();
  const std::size_t with_all = heap();
  for (auto& s : net.servers) s->transport.reset();
  const std::size_t without_servers = heap();
  for (auto& c : net.clients) c->transport.reset();
  const std::size_t without_clients = heap();
  const std::size_t server = (with_all - without_servers) / many;
  const std::size_t client = (without_servers - without_clients) / many;
  RecordProperty("server_bytes", static_cast<int>(server));
  RecordProperty("client_bytes", static_cast<int>(client));
  std::printf("an idle connection: %zu bytes at a server, %zu at a client\n", server, client);
  EXPECT_LT(server, 34U * 1024);
  EXPECT_LT(client, 46U * 1024);
}

}  // namespace
}  // namespace parley::quic
