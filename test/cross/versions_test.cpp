// The same exchanges over HTTP/1.1 and over HTTP/2: what the handler saw and what the client got must be the same. HTTP/3 joins them in
// test/http3/versions_test.cpp.
#include "cross/exchanges.hpp"

namespace {

using namespace cross;

struct both_server : memory_server {
  both_server() : memory_server(server_caps()) { add_routes(*this); }
};

std::string over(bool http2, const asked& what) {
  both_server server;
  const parley::limits caps;
  auto& loop = *server.loop;
  engine_peer peer(loop, connect_in_memory(loop, 80),
                   http2 ? engine_peer::speaking_http2(loop, caps) : engine_peer::speaking_http1(loop, caps));
  const answered& a = peer.exchange(what);
  EXPECT_EQ(server.worker->counted().value(parley::server_room::count::requests_http2), http2 ? 1U : 0U);
  return described(a);
}

TEST(versions, carry_the_same_exchanges) {
  for (const row& r : exchanges()) {
    const std::string first = over(false, r.what);
    EXPECT_TRUE(first.ends_with("\nwhole")) << r.name << "\n" << first;
    EXPECT_EQ(over(true, r.what), first) << r.name;
  }
}

}  // namespace
