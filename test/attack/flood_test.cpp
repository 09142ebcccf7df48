// Too much: long lines, many fields, deep pipelines, many connections.
#include "attack/arena.hpp"

#include "base/unique_fd.hpp"

namespace parley::attack {
namespace {

using namespace std::chrono_literals;

TEST(attack_flood, oversized_heads) {
  limits caps;
  caps.start_line = 200;
  caps.field_line = 300;
  caps.head = 1000;
  caps.field_count = 20;
  arena on(caps);
  on.open();
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::string many, all;
  for (int i = 0; i < 30; ++i) many += "A: b\r\n";
  for (int i = 0; i < 10; ++i) all += "A: " + std::string(150, 'b') + "\r\n";
  struct row {
    std::string bytes;
    int status;
    std::string violation, limit;
  };
  for (const row& r : std::vector<row>{
           {"GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "start-line-too-long", "start_line"},
           {"GET /" + std::string(300, 'a'), 414, "start-line-too-long", "start_line"},  // without an end
           {get + "A: " + std::string(400, 'b') + "\r\n\r\n", 431, "field-line-too-long", "field_line"},
           {get + "A: " + std::string(400, 'b'), 431, "field-line-too-long", "field_line"},
           {get + all + "\r\n", 431, "head-too-large", "head"},
           {get + many + "\r\n", 431, "too-many-fields", "field_count"},
           {get + many, 431, "too-many-fields", "field_count"},
           {"\r\n\r\n\r\n\r\n" + get + "\r\n", 400, "too-many-empty-lines", "leading_empty_lines"},
       }) {
    SCOPED_TRACE(r.violation);
    const std::uint64_t before = on.count("violation." + r.violation);
    const std::uint64_t limit_before = on.count("limit." + r.limit);
    raw attacker(on.port);
    attacker.send(r.bytes);
    EXPECT_TRUE(attacker.until_close().starts_with("HTTP/1.1 " + std::to_string(r.status) + " ")) << attacker.received;
    EXPECT_TRUE(on.counted("violation." + r.violation, before + 1));
    EXPECT_EQ(on.count("limit." + r.limit), limit_before + 1);
    EXPECT_TRUE(on.serves_others());
  }
}

// Requests in flight on a connection: one. What waits behind it is bounded by the buffers, and the peer must take the answers.
TEST(attack_flood, pipelining) {
  limits caps;
  caps.send_window = 64 * 1024;
  std::atomic<int> in_flight{0};
  std::atomic<int> most{0};
  std::atomic<int> handled{0};
  arena on(caps);  // ends before what its handler counts
  on.app.route("GET /large", [&](request&) -> task<response> {
    most = std::max(most.load(), ++in_flight);
    ++handled;
    auto pausing = sleep_for(0ms);
    co_await pausing;
    --in_flight;
    co_return text(std::string(60'000, 'x'));
  });
  on.open();
  raw attacker(on.port, nullptr, 4096);
  std::string requests;
  constexpr int sent = 20'000;
  for (int i = 0; i < 1000; ++i) requests += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
  // More than the buffers between us hold, so it must not wait for the server.
  std::size_t total = 0;
  for (int i = 0; i < sent / 1000; ++i) {
    const ssize_t n = ::send(attacker.descriptor(), requests.data(), requests.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) break;
    total += static_cast<std::size_t>(n);
  }
  EXPECT_GT(total, 0u);
  EXPECT_TRUE(on.counted("requests", 2));
  EXPECT_TRUE(on.serves_others());
  EXPECT_EQ(most, 1);
  // 20,000 answers would be 1.2 GB. It takes as many as the system's buffers hold, and those are the attacker's share of them.
  EXPECT_LT(handled, 1000);
}

TEST(attack_flood, requests_of_one_connection) {
  limits caps;
  caps.requests_per_connection = 3;
  arena on(caps);
  on.open();
  raw attacker(on.port);
  for (int i = 0; i < 10; ++i) attacker.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(occurrences(attacker.until_close(), "HTTP/1.1 200 "), 3u);
  EXPECT_EQ(on.count("limit.requests_per_connection"), 1u);
}

TEST(attack_flood, connections_from_one_address) {
  limits caps;
  caps.connections_per_address = 5;
  caps.count_loopback = true;
  arena on(caps, 2);  // counted over all loops
  on.open();
  std::vector<std::unique_ptr<raw>> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(std::make_unique<raw>(on.port));
    held.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(held.back()->response(), 200);
  }
  for (int i = 0; i < 50; ++i) {
    raw refused(on.port);
    refused.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(refused.until_close(), "") << "reset without an answer";
  }
  EXPECT_EQ(on.count("limit.connections_per_address"), 50u);
  EXPECT_EQ(on.count("connections_refused"), 50u);
  EXPECT_EQ(on.count("connections_accepted"), 5u);
  EXPECT_TRUE(on.serves_others("127.0.0.2")) << "who comes from elsewhere";
  const std::string messages = on.messages();
  EXPECT_EQ(occurrences(messages, "limit connections_per_address: 127.0.0.1 has 5"), 10u) << messages;
  EXPECT_EQ(on.count("messages_left_out"), 40u);
  // A place that is given up can be had again.
  held.pop_back();
  const auto closed = [&] { return on.count("connections_open") == 4; };
  for (int i = 0; i < patience_ms && !closed(); ++i) ::poll(nullptr, 0, 1);
  EXPECT_TRUE(on.serves_others());
}

TEST(attack_flood, this_machines_own_addresses_are_not_counted) {
  limits caps;
  caps.connections_per_address = 1;
  arena on(caps);
  on.open();
  const raw first(on.port);
  EXPECT_TRUE(on.serves_others());
}

TEST(attack_flood, connections_in_all) {
  limits caps;
  caps.connections = 3;
  caps.idle_time = 1h;
  arena on(caps);
  on.open();
  std::vector<std::unique_ptr<raw>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<raw>(on.port));
    held.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(held.back()->response(), 200);
  }
  raw waiting(on.port);
  waiting.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(on.count("connections_accepted"), 3u);
  EXPECT_EQ(on.count("limit.connections"), 1u);
  held.pop_back();
  EXPECT_TRUE(waiting.until_close().starts_with("HTTP/1.1 200 ")) << "served once there is room";
}

// A client that opens and closes as fast as it can leaves nothing behind.
TEST(attack_flood, connections_that_come_and_go) {
  arena on;
  on.open();
  for (int i = 0; i < 500; ++i) {
    raw gone(on.port);
    if (i % 3 == 1) gone.send("GET / HT");
    if (i % 3 == 2) gone.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_TRUE(on.counted("connections_accepted", 500));
  for (int i = 0; i < patience_ms && on.count("connections_open") > 0; ++i) ::poll(nullptr, 0, 1);
  EXPECT_EQ(on.count("connections_open"), 0u);
  EXPECT_TRUE(on.serves_others());
}

}  // namespace
}  // namespace parley::attack
