// Attacks on a forward proxy by HTTP/3, over sockets.
#include "attack/arena.hpp"
#include "http3/live_server.hpp"

#include <parley/proxy.hpp>

#include <algorithm>

namespace parley::attack {
namespace {

using http3_tests::client_loop;
using http3_tests::raw_client;

std::string connect_frame(std::string_view authority) {
  return http3_tests::frame(
      0x01, http3_tests::section(http3_tests::field(":method", "CONNECT") + http3_tests::field(":authority", authority)));
}

/// Whether a response has begun, and is a 200: its head comes first, `:status` by the static table.
struct head_seen {
  bool there = false;
  bool fine = false;
};
head_seen head_of(const quic::stream_peer::stream& s) {
  if (s.in.size() < 5 || s.in[0] != '\x01') return {};
  return {true, s.in[4] == '\xd9'};
}

TEST(attack_proxy_http3, tunnels_of_one_connection) {
  arena inside;
  inside.open();
  http3_tests::live_server server;
  forward_proxy()
      .allow("127.0.0.1")
      .allow("[::ffff:127.0.0.1]")
      .tunnel_ports({inside.port})
      .tunnels_per_client(4)
      .allow_private()
      .serve(server.app);
  server.app.drain_time(std::chrono::milliseconds(100));
  server.open();
  const std::string there = "127.0.0.1:" + std::to_string(inside.port);
  client_loop here;
  raw_client attacker(here.loop(), {.credentials = server.trusting(), .port = server.port, .from = "127.0.0.2"});
  attacker.streams.open(http3_tests::control_stream(), false, true);
  std::vector<std::uint64_t> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(attacker.streams.open(connect_frame(there), false));
  streams.push_back(attacker.streams.open(connect_frame("127.0.0.1:1"), false));
  streams.push_back(attacker.streams.open(connect_frame("user@" + there), false));
  attacker.go();
  const auto answered = [&](std::uint64_t id) { return head_of(attacker.on(id)).there || attacker.done(id); };
  ASSERT_TRUE(here.run_until([&] { return std::ranges::all_of(streams, answered); }));
  std::vector<std::uint64_t> open;
  for (const std::uint64_t id : streams) {
    if (head_of(attacker.on(id)).fine) open.push_back(id);
  }
  ASSERT_EQ(open.size(), 4U);
  EXPECT_EQ(server.count("proxy_over_tunnels"), 6U);
  EXPECT_EQ(server.count("proxy_denied"), 1U);
  EXPECT_EQ(server.count("proxy_tunnels"), 4U);
  // Somebody else, from another address, has a tunnel and is served in it and beside it.
  raw_client neighbour(here.loop(), {.credentials = server.trusting(), .port = server.port, .from = "127.0.0.3"});
  neighbour.streams.open(http3_tests::control_stream(), false, true);
  const auto asked = http3_tests::frame(0x00, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::uint64_t tunnel = neighbour.streams.open(connect_frame(there) + asked, false);
  const std::uint64_t beside = neighbour.streams.open(http3_tests::request_frame("GET", "/"));
  neighbour.go();
  ASSERT_TRUE(here.run_until([&] { return neighbour.done(tunnel) && neighbour.done(beside); }));
  EXPECT_TRUE(head_of(neighbour.on(tunnel)).fine);
  EXPECT_NE(neighbour.on(tunnel).in.find("hello"), std::string::npos);
  EXPECT_TRUE(neighbour.on(tunnel).in_fin) << "the end of the other side is an end here";
  EXPECT_TRUE(http3_tests::has_content(neighbour.on(beside), "hello"));
  // What is open works.
  attacker.streams.add(open.front(), asked, false);
  attacker.go();
  ASSERT_TRUE(here.run_until([&] { return attacker.done(open.front()); }));
  EXPECT_NE(attacker.on(open.front()).in.find("hello"), std::string::npos);
  EXPECT_FALSE(attacker.quic->closed());
}

TEST(attack_proxy_http3, private_addresses) {
  arena inside;
  inside.open();
  http3_tests::live_server server;
  forward_proxy().allow("*").tunnel_ports({inside.port}).name("proxy-1").serve(server.app);
  server.app.drain_time(std::chrono::milliseconds(100));
  server.open();
  client_loop here;
  raw_client attacker(here.loop(), {.credentials = server.trusting(), .port = server.port, .from = "127.0.0.2"});
  attacker.streams.open(http3_tests::control_stream(), false, true);
  std::vector<std::uint64_t> streams;
  for (const char* const host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
                                 "[64:ff9b::7f00:1]", "%31%32%37.0.0.1", "localhost."}) {
    streams.push_back(attacker.streams.open(connect_frame(std::string(host) + ":" + std::to_string(inside.port)), false));
  }
  attacker.go();
  ASSERT_TRUE(here.run_until([&] {
    return std::ranges::all_of(streams, [&](std::uint64_t id) { return head_of(attacker.on(id)).there || attacker.done(id); });
  }));
  for (const std::uint64_t id : streams) EXPECT_FALSE(head_of(attacker.on(id)).fine) << id;
  EXPECT_EQ(server.count("proxy_not_public"), streams.size());
  EXPECT_EQ(inside.count("connections_accepted"), 0U);
  const std::uint64_t beside = attacker.streams.open(http3_tests::request_frame("GET", "/"));
  attacker.go();
  ASSERT_TRUE(here.run_until([&] { return attacker.done(beside); }));
  EXPECT_TRUE(http3_tests::has_content(attacker.on(beside), "hello"));
}

}  // namespace
}  // namespace parley::attack
