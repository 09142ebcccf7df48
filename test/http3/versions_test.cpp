// The exchanges of test/cross over HTTP/3: what the handler saw and what the client got is what it is over HTTP/1.1.
#include "http3_site.hpp"

#include <gtest/gtest.h>

namespace http3_tests {
namespace {

struct plain_server : parley::testing::memory_server {
  plain_server() : memory_server(cross::server_caps()) { cross::add_routes(*this); }
};

std::string over_http1(const asked& what) {
  plain_server server;
  const parley::limits caps;
  parley::testing::engine_peer peer(*server.loop, parley::testing::connect_in_memory(*server.loop, 80),
                                    parley::testing::engine_peer::speaking_http1(*server.loop, caps));
  return cross::described(peer.exchange(what));
}

std::string over_http3(asked what, const net::memory_weather& weather) {
  site to(cross::server_caps());
  cross::add_routes(to);
  to.start();
  to.loop->weather() = weather;
  client peer(to);
  what.scheme = "https";
  std::string text = cross::described(peer.exchange(what));
  EXPECT_EQ(to.counted(parley::server_room::count::requests_http3), 1U);
  return text;
}

TEST(versions, carry_the_same_exchanges_over_http3) {
  for (const cross::row& r : cross::exchanges()) EXPECT_EQ(over_http3(r.what, {}), over_http1(r.what)) << r.name;
}

TEST(versions, and_so_they_do_where_datagrams_are_lost) {
  using namespace std::chrono_literals;
  for (const cross::row& r : cross::exchanges()) {
    if (r.what.content.value_or("").size() > 100'000) continue;
    EXPECT_EQ(over_http3(r.what, {.delay = 10ms, .jitter = 5ms, .loss = 0.1, .duplication = 0.05, .corruption = 0.02}),
              over_http1(r.what))
        << r.name;
  }
}

}  // namespace
}  // namespace http3_tests
