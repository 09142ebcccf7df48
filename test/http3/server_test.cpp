// What a server does with HTTP/3 beside https: announcing, counting, limits, pushes, its end.
#include "http3_site.hpp"

#include "connection/make_engine.hpp"
#include "connection/tls_stream.hpp"
#include "server/datagram_mailbox.hpp"
#include "server/http3_keys.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;
using parley::server_room::count;
using parley::server_room::datagram_mailbox;

struct small_site : site {
  explicit small_site(const parley::limits& caps = {}) : site(caps) {
    plain("GET /", [](const parley::request& req) {
      return parley::text(std::string(req.secure() ? "secure " : "plain ") + req.tls().value_or(parley::tls_info()).protocol);
    });
    plain("GET /large", [](const parley::request&) { return parley::text(std::string(300'000, 'x')); });
    route("GET /slow", [](parley::request&) -> parley::task<parley::response> {
      auto pause = parley::sleep_for(5s);
      co_await pause;
      co_return parley::text("slow");
    });
    start();
  }
};

asked page(std::string path) {
  asked what;
  what.path = std::move(path);
  what.scheme = "https";
  return what;
}

TEST(http3_server, answers_and_tells_what_it_is) {
  small_site to;
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/")).content, "secure h3");
  EXPECT_EQ(peer.made->version(), parley::http3);
  EXPECT_EQ(peer.exchange(page("/large")).content.size(), 300'000U);
  EXPECT_EQ(to.counted(count::requests_http3), 2U);
  EXPECT_EQ(to.counted(count::connections_http3), 1U);
  EXPECT_EQ(to.counted(count::requests_http2), 0U);
  EXPECT_GT(to.counted("bytes_sent"), 300'000U);
  EXPECT_GT(to.counted("bytes_received"), 1'200U);
}

TEST(http3_server, answers_many_at_once_on_one_connection) {
  small_site to;
  to.loop->weather() = {.delay = 10ms, .jitter = 3ms, .loss = 0.03};
  client peer(to);
  peer.connect();
  std::vector<client::call*> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back(peer.ask(page(i % 4 == 0 ? "/large" : "/")));
    ASSERT_NE(calls.back(), nullptr) << i;
  }
  peer.run_until([&] { return std::ranges::all_of(calls, [](const auto* c) { return c->finished; }); });
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(calls[static_cast<std::size_t>(i)]->answer.content.size(), i % 4 == 0 ? 300'000U : 9U) << i;
  }
}

TEST(http3_server, keeps_the_exchange_when_its_client_moves) {
  small_site to;
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
  const net::ip_endpoint before(peer.local);
  ASSERT_TRUE(to.loop->rebind_datagrams(before, net::ip_endpoint(net::endpoint{"127.0.0.1", 7, false})));
  EXPECT_EQ(peer.exchange(page("/large")).content.size(), 300'000U);
}

TEST(http3_server, carries_content_with_bbr_too) {
  site to;
  to.core.http3_bbr = true;
  to.plain("GET /large", [](const parley::request&) { return parley::text(std::string(300'000, 'x')); });
  to.start();
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/large")).content.size(), 300'000U);
}

TEST(http3_server, is_announced_where_it_is) {
  small_site to;
  for (const char* protocol : {"http/1.1", "h2"}) {
    parley::connection::tls_stream* tls = nullptr;
    std::unique_ptr<net::byte_stream> raw = parley::testing::connect_in_memory(*to.loop, 443);
    auto made = std::make_unique<connection::tls_stream>(*to.loop, std::move(raw), to.trusting(),
                                                         parley::tls::destination{"a.example", 443, {protocol}});
    tls = made.get();
    bool done = false;
    tls->handshake({}, [&](const parley::tls::error& e) { done = !e; });
    while (!done && to.loop->run_one_turn()) {
    }
    ASSERT_TRUE(done);
    auto engine =
        std::string(protocol) == "h2"
            ? connection::make_http2_engine(engine::role::client, to.core.caps, {.secure = true, .seed = 1}, to.loop->now())
            : connection::make_http1_engine(engine::role::client, to.core.caps, {.secure = true}, to.loop->now());
    parley::testing::engine_peer peer(*to.loop, std::move(made), std::move(engine));
    const answered& a = peer.exchange(page("/"));
    EXPECT_EQ(a.status, 200);
    EXPECT_EQ(a.fields.get("Alt-Svc").value_or(""), "h3=\":443\"; ma=86400") << protocol;
  }
  client peer(to);
  EXPECT_FALSE(peer.exchange(page("/")).fields.contains("Alt-Svc"));
}

TEST(http3_server, verifies_nobody_that_it_cannot_name) {
  small_site to;
  parley::tls::client_settings nobody;
  nobody.system_authorities = false;
  client peer(to, parley::tls::client_credentials::make(nobody).value());
  peer.connect();
  ASSERT_TRUE(peer.outcome.has_value());
  EXPECT_FALSE(peer.outcome->done);
  EXPECT_NE(peer.outcome->reason, "");
  peer.run_until([&] { return peer.closed; });
  EXPECT_TRUE(peer.closed);
}

TEST(http3_server, finishes_what_runs_when_it_drains) {
  small_site to;
  client peer(to);
  peer.connect();
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
  auto* slow = peer.ask(page("/slow"));
  ASSERT_NE(slow, nullptr);
  to.loop->run_for(1s);
  to.worker->drain();
  peer.run_until([&] { return slow->finished; });
  EXPECT_EQ(slow->answer.content, "slow");
  EXPECT_TRUE(peer.draining);
  peer.run_until([&] { return peer.closed; });
  EXPECT_EQ(to.worker->open_connections(), 0U);
  client late(to);
  late.connect();
  ASSERT_TRUE(late.outcome.has_value());
  EXPECT_FALSE(late.outcome->done);
}

TEST(http3_server, refuses_more_than_one_address_may_have) {
  parley::limits caps;
  caps.connections_per_address = 2;
  caps.count_loopback = true;
  small_site to(caps);
  client a(to), b(to);
  EXPECT_EQ(a.exchange(page("/")).status, 200);
  EXPECT_EQ(b.exchange(page("/")).status, 200);
  client c(to);
  c.connect();
  ASSERT_TRUE(c.outcome.has_value());
  EXPECT_FALSE(c.outcome->done);
  EXPECT_GE(to.counted("limit.connections_per_address"), 1U);
  EXPECT_GE(to.counted("connections_refused"), 1U);
}

TEST(http3_server, idle_connections_end) {
  parley::limits caps;
  caps.quic_idle_time = 5s;
  small_site to(caps);
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
  to.loop->weather().loss = 1;  // the client is gone without a word
  to.loop->run_for(60s);
  EXPECT_EQ(to.worker->open_connections(), 0U);
}

TEST(http3_server, garbage_is_counted_and_costs_nobody) {
  small_site to;
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
  auto socket = net::open_datagrams(*to.loop, net::ip_endpoint(net::endpoint{"127.0.0.1", 9, false}), {}).value();
  const net::ip_endpoint server(net::endpoint{"127.0.0.1", 443, false});
  std::uint32_t state = 1;
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(1200, '\0');
    for (char& c : bytes) c = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
    const net::datagram_run run{{}, server, 0, 1200, bytes};
    net::send_place at;
    ASSERT_TRUE(socket->send({&run, 1}, at));
    if (i % 100 == 0) to.loop->run_for(1ms);
  }
  to.loop->run_for(10ms);
  // Some look like QUIC, and are told that nobody knows them, up to a bound.
  EXPECT_GT(to.counted("datagrams_unknown") + to.counted("quic_resets") + to.counted("limit.quic_stateless_replies"), 500U);
  EXPECT_EQ(to.worker->open_connections(), 1U);
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
}

// A datagram that looks like a new client's first, from an address that may be anybody's. Nothing in it can be decrypted.
std::string forged_initial(std::uint32_t number) {
  std::string bytes("\xc3\0\0\0\x01\x08", 6);
  bytes.append(4, static_cast<char>(number >> 8)).append(4, static_cast<char>(number));
  bytes.append("\x08sourceid").append(1, '\0');
  const std::size_t rest = 1200 - bytes.size() - 2;
  bytes.append({static_cast<char>(0x40 | rest >> 8), static_cast<char>(rest & 0xff)});
  return bytes.append(rest, 'x');
}

TEST(http3_server, forged_first_packets_use_up_nothing_of_the_address_that_they_name) {
  parley::limits caps;
  caps.count_loopback = true;
  caps.handshakes_per_address = 1;
  caps.connections_per_address = 1;
  small_site to(caps);
  auto socket = net::open_datagrams(*to.loop, net::ip_endpoint(net::endpoint{"127.0.0.1", 9, false}), {}).value();
  const net::ip_endpoint server(net::endpoint{"127.0.0.1", 443, false});
  for (std::uint32_t i = 0; i < 200; ++i) {
    const std::string bytes = forged_initial(i);
    const net::datagram_run run{{}, server, 0, bytes.size(), bytes};
    net::send_place at;
    ASSERT_TRUE(socket->send({&run, 1}, at));
    to.loop->run_for(1ms);
  }
  EXPECT_GT(to.counted("quic_retries"), 0U);
  EXPECT_EQ(to.counted("limit.handshakes_per_address"), 0U);
  EXPECT_EQ(to.counted("limit.connections_per_address"), 0U);
  client peer(to);
  EXPECT_EQ(peer.exchange(page("/")).status, 200);
}

TEST(datagram_mailbox, is_bounded) {
  datagram_mailbox box;
  const net::datagram_run run{{}, net::ip_endpoint(net::endpoint{"127.0.0.1", 1, false}), 2, 5, "hello"};
  EXPECT_EQ(box.put(3, run), datagram_mailbox::answer::first);
  for (std::size_t i = 1; i < datagram_mailbox::most; ++i) EXPECT_EQ(box.put(3, run), datagram_mailbox::answer::put);
  EXPECT_EQ(box.put(3, run), datagram_mailbox::answer::full);
  const auto all = box.take();
  ASSERT_EQ(all.size(), datagram_mailbox::most);
  EXPECT_EQ(all[0].bytes, "hello");
  EXPECT_EQ(all[0].door, 3U);
  EXPECT_EQ(all[0].ecn, 2);
  EXPECT_EQ(box.put(3, run), datagram_mailbox::answer::first);
}

TEST(http3_keys, are_kept_for_each_port) {
  const parley::test::scratch_folder folder;
  const std::string data = folder / "data";
  std::string said;
  const auto message = [&](std::string_view text) { said += text; };
  const std::string first = parley::server_room::http3_keys(data, 443, message);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(parley::server_room::http3_keys(data, 443, message), first);
  EXPECT_NE(parley::server_room::http3_keys(data, 8443, message), first);
  EXPECT_NE(parley::server_room::http3_keys({}, 443, message), first);
  EXPECT_EQ(said, "");
  std::filesystem::permissions(data + "/http3/quic-443", std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  EXPECT_NE(parley::server_room::http3_keys(data, 443, message), first);
  EXPECT_NE(said.find("can be read by other users"), std::string::npos) << said;
}

}  // namespace
}  // namespace http3_tests
