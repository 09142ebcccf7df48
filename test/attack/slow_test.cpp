// Peers that take their time, on virtual time; and one that reads too slowly over a real socket.
#include "attack/arena.hpp"
#include "server/memory_server.hpp"

namespace parley::attack {
namespace {

using namespace std::chrono_literals;
using testing::memory_peer;
using testing::memory_server;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const auto hello = [](const request&) { return text("hello"); };

std::uint64_t counted(memory_server& on, std::string_view name) { return value_of(on.core.read_counters(), name); }

bool serves_others(memory_server& on) {
  memory_peer other(*on.loop, 80);
  other.send(get);
  while (on.loop->run_one_turn()) {
  }
  const bool served = other.received.starts_with("HTTP/1.1 200");
  other.close();
  while (on.loop->run_one_turn()) {
  }
  return served;
}

TEST(attack_slow, slowloris) {
  limits caps;
  caps.head_time = 10s;
  memory_server on(caps);
  on.plain("GET /", hello);
  std::vector<std::unique_ptr<memory_peer>> attackers;
  for (int i = 0; i < 50; ++i) {
    attackers.push_back(std::make_unique<memory_peer>(*on.loop, 80));
    attackers.back()->send("GET / HTTP/1.1\r\nHost: x\r\n");
  }
  for (int second = 1; second < 30; ++second) {
    for (auto& a : attackers) {
      if (!a->ended) a->send("X-A: b\r\n");
    }
    on.loop->run_for(1s);
    EXPECT_EQ(on.worker->open_connections(), second < 10 ? 50u : on.worker->open_connections());
    EXPECT_TRUE(serves_others(on));
  }
  for (auto& a : attackers) EXPECT_TRUE(a->received.starts_with("HTTP/1.1 408 ")) << a->received;
  EXPECT_EQ(on.worker->open_connections(), 0u);
  EXPECT_EQ(counted(on, "violation.head-timeout"), 50u);
  EXPECT_EQ(counted(on, "limit.head_time"), 50u);
}

TEST(attack_slow, connections_that_say_nothing) {
  memory_server on;
  on.plain("GET /", hello);
  memory_peer attacker(*on.loop, 80);
  on.loop->run_for(15s);
  EXPECT_TRUE(attacker.ended);
  EXPECT_EQ(counted(on, "limit.head_time"), 1u);
}

TEST(attack_slow, kept_alive_for_nothing) {
  limits caps;
  caps.idle_time = 60s;
  memory_server on(caps);
  on.plain("GET /", hello);
  memory_peer attacker(*on.loop, 80);
  attacker.send(get);
  on.loop->run_for(59s);
  EXPECT_FALSE(attacker.ended);
  on.loop->run_for(2s);
  EXPECT_TRUE(attacker.ended);
  EXPECT_EQ(counted(on, "limit.idle_time"), 1u);
}

TEST(attack_slow, a_body_byte_by_byte) {
  limits caps;
  caps.stall_time = 30s;
  caps.receive_rate = 240;
  memory_server on(caps);
  on.plain("POST /", hello);
  on.plain("GET /", hello);
  memory_peer attacker(*on.loop, 80);
  attacker.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  int second = 0;
  while (!attacker.ended && second < 1000) {
    attacker.send("x");
    on.loop->run_for(1s);
    ++second;
    EXPECT_TRUE(serves_others(on));
  }
  EXPECT_LT(second, 40);
  EXPECT_TRUE(attacker.received.starts_with("HTTP/1.1 408 ")) << attacker.received;
  EXPECT_EQ(counted(on, "violation.content-too-slow"), 1u);
  EXPECT_EQ(counted(on, "limit.receive_rate"), 1u);
}

TEST(attack_slow, a_body_that_stops) {
  memory_server on;
  on.plain("POST /", hello);
  memory_peer attacker(*on.loop, 80);
  attacker.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
  on.loop->run_for(40s);
  EXPECT_TRUE(attacker.received.starts_with("HTTP/1.1 408 ")) << attacker.received;
  EXPECT_EQ(counted(on, "violation.content-timeout"), 1u);
  EXPECT_EQ(counted(on, "limit.stall_time"), 1u);
}

TEST(attack_slow, content_that_nobody_reads_byte_by_byte) {
  limits caps;
  caps.discard_time = 5s;
  memory_server on(caps);
  on.route("POST /", [](request&) -> task<response> { co_return text("ignored"); });
  on.plain("GET /", hello);
  memory_peer attacker(*on.loop, 80);
  attacker.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
  int second = 0;
  while (!attacker.ended && second < 1000) {
    attacker.send(std::string(1000, 'x'));  // fast enough for any rate
    on.loop->run_for(1s);
    ++second;
  }
  EXPECT_LE(second, 6);
  EXPECT_EQ(counted(on, "violation.drain-timeout"), 1u);
  EXPECT_EQ(counted(on, "limit.discard_time"), 1u);
  EXPECT_TRUE(serves_others(on));
}

// Slow read: the window is opened a little now and then.
TEST(attack_slow, a_response_read_byte_by_byte) {
  limits caps;
  caps.stall_time = 30s;
  caps.send_rate = 240;
  memory_server on(caps);
  on.plain("GET /", hello);
  on.plain("GET /large", [](const request&) { return text(std::string(1'000'000, 'x')); });
  on.loop->default_link().capacity = 16 * 1024;
  on.loop->default_link().fragment = 100;
  memory_peer attacker(*on.loop, 80);
  attacker.stop_reading();
  attacker.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  int second = 0;
  while (!attacker.failed && second < 1000) {
    attacker.go_on_reading();
    attacker.stop_reading();  // after one piece of 100 bytes
    on.loop->run_for(1s);
    ++second;
    if (second % 10 == 0) {
      EXPECT_TRUE(serves_others(on));
    }
  }
  EXPECT_LT(second, 120);
  EXPECT_EQ(counted(on, "violation.send-too-slow"), 1u);
  EXPECT_EQ(counted(on, "limit.send_rate"), 1u);
  EXPECT_EQ(on.worker->open_connections(), 0u);
}

TEST(attack_slow, a_reader_at_the_rate_gets_all) {
  limits caps;
  caps.stall_time = 30s;
  caps.send_rate = 240;
  memory_server on(caps);
  on.plain("GET /large", [](const request&) { return text(std::string(200'000, 'x')); });
  on.loop->default_link().capacity = 64 * 1024;
  on.loop->default_link().fragment = 500;
  memory_peer slow(*on.loop, 80);
  slow.stop_reading();
  slow.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  int second = 0;
  while (!slow.ended && second < 1000) {
    slow.go_on_reading();
    slow.stop_reading();
    on.loop->run_for(1s);
    ++second;
  }
  EXPECT_FALSE(slow.failed);
  EXPECT_GT(slow.received.size(), 200'000u);
  EXPECT_EQ(counted(on, "limit.send_rate"), 0u);
}

// What the system has taken, nobody has read: the connection's work is done, and its cost is not.
TEST(attack_slow, an_answer_left_in_the_system) {
  for (const bool close : {false, true}) {
    SCOPED_TRACE(close);
    limits caps;
    caps.stall_time = 30s;
    caps.idle_time = 60s;
    caps.linger_time = 2s;
    memory_server on(caps);
    on.plain("GET /", [](const request&) { return text(std::string(20'000, 'x')); });
    on.loop->default_link().capacity = 64 * 1024;
    memory_peer attacker(*on.loop, 80);
    attacker.stop_reading();
    attacker.send(close ? "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" : get);
    on.loop->run_for(close ? 31s : 89s);
    EXPECT_EQ(on.worker->open_connections(), 1u) << "somebody slow may still read it";
    on.loop->run_for(3s);
    EXPECT_EQ(on.worker->open_connections(), 0u);
    EXPECT_EQ(counted(on, "violation.send-too-slow"), 1u);
    EXPECT_EQ(counted(on, "limit.idle_time") + counted(on, "limit.linger_time"), 0u);
    attacker.go_on_reading();
    on.loop->run_for(1s);
    EXPECT_TRUE(attacker.failed) << "reset, so the system keeps nothing";
  }
}

TEST(attack_slow, a_half_closed_peer) {
  memory_server on;
  on.route("GET /", [](request&) -> task<response> {
    auto sleeping = sleep_for(1h);
    co_await sleeping;
    co_return text("late");
  });
  memory_peer attacker(*on.loop, 80);
  attacker.send(get);
  attacker.end();
  on.loop->run_for(10s);
  EXPECT_EQ(on.worker->open_connections(), 0u);
  EXPECT_EQ(counted(on, "limit.half_close_time"), 1u);
}

TEST(attack_slow, a_peer_that_does_not_close) {
  memory_server on;
  on.plain("GET /", hello);
  memory_peer attacker(*on.loop, 80);
  attacker.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  on.loop->run_for(3s);
  EXPECT_EQ(on.worker->open_connections(), 0u);
  EXPECT_EQ(counted(on, "limit.linger_time"), 1u);
}

// The system's send buffer takes all of the answer at once, and its peer's receive buffer next to nothing.
TEST(attack_slow, slow_read_over_tcp) {
  for (const std::string more : {"", "Connection: close\r\n"}) {
    for (const std::size_t size : {100'000UL, 20'000'000UL}) {
      SCOPED_TRACE(std::to_string(size) + " " + more);
      limits caps;
      caps.stall_time = 300ms;
      caps.idle_time = 200ms;
      caps.linger_time = 100ms;
      caps.send_rate = 1'000'000;
      arena on(caps);
      on.app.route("GET /large", [size](const request&) { return text(std::string(size, 'x')); });
      on.open();
      raw attacker(on.port, nullptr, 4096);
      attacker.send("GET /large HTTP/1.1\r\nHost: x\r\n" + more + "\r\n");
      EXPECT_TRUE(on.counted("connections_accepted", 1));
      // It reads a byte now and then; each wait is the attack's pace.
      pollfd wait{attacker.descriptor(), 0, 0};
      for (int i = 0; ::poll(&wait, 1, 20) == 0 && i < patience_ms / 20; ++i) {
        char byte = 0;
        if (::recv(attacker.descriptor(), &byte, 1, MSG_DONTWAIT) == 0) break;
      }
      EXPECT_TRUE(wait.revents & (POLLERR | POLLHUP)) << "reset";
      EXPECT_TRUE(on.counted("connections_accepted", 1));
      EXPECT_EQ(on.count("limit.send_rate") + on.count("limit.stall_time"), 1u);
      EXPECT_TRUE(on.serves_others());
    }
  }
}

}  // namespace
}  // namespace parley::attack
