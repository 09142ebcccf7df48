#include "net/memory_network.hpp"

#include "talk.hpp"

#include <gtest/gtest.h>

namespace net_tests {
namespace {

using namespace std::chrono_literals;

/// Two ends of one connection in memory.
struct in_memory {
  explicit in_memory(const net::memory_link& link = {}) : pair(loop.make_pair(link)) {
    a.take(std::move(pair.a));
    b.take(std::move(pair.b));
  }
  net::memory_loop loop;
  net::memory_pair pair;
  end_of_talk a;
  end_of_talk b;
};

TEST(memory_stream, carries_bytes_both_ways) {
  in_memory talk;
  talk.a.read();
  talk.b.read();
  talk.a.write("ping");
  talk.b.write("pong");
  EXPECT_EQ(talk.b.reads, 0) << "never from within a call";
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.a.received, "pong");
  EXPECT_EQ(talk.b.received, "ping");
  EXPECT_EQ(talk.a.stream->local().to_string(), talk.b.stream->peer().to_string());
}

TEST(memory_stream, cuts_into_fragments) {
  for (const std::size_t size : {1, 2, 3, 4, 5, 6, 7, 8, 16, 31}) {
    in_memory talk({.fragment = size, .capacity = 65536, .delay = {}});
    const std::string all = pattern(310);
    talk.a.write(std::string_view(all).substr(0, 100));
    talk.a.write(std::string_view(all).substr(100));
    talk.b.read();
    talk.loop.run_until_idle();
    EXPECT_EQ(talk.b.received, all);
    EXPECT_EQ(talk.b.reads, static_cast<int>((310 + size - 1) / size));
  }
}

TEST(memory_stream, takes_time) {
  in_memory talk({.fragment = SIZE_MAX, .capacity = 65536, .delay = 10ms});
  const auto start = talk.loop.now();
  talk.b.read();
  talk.a.write("first");
  talk.loop.run_for(4ms);
  talk.a.write("second");
  talk.a.stream->shutdown_write();
  talk.loop.run_for(6ms);
  EXPECT_EQ(talk.b.received, "first");
  talk.loop.run_for(3ms);
  EXPECT_EQ(talk.b.received, "first");
  talk.loop.run_for(1ms);
  EXPECT_EQ(talk.b.received, "firstsecond");
  EXPECT_TRUE(talk.b.ended);
  EXPECT_EQ(talk.loop.now() - start, 14ms);
}

TEST(memory_stream, blocks_when_it_is_full) {
  in_memory talk({.fragment = SIZE_MAX, .capacity = 100, .delay = {}});
  const std::string all = pattern(1000);
  std::size_t written = 0;
  const auto write_rest = [&] {
    const auto result = talk.a.write(std::string_view(all).substr(written));
    written += result.written;
    EXPECT_EQ(result.blocked, written < all.size());
    if (result.blocked) talk.a.stream->wait_writable();
  };
  write_rest();
  EXPECT_EQ(written, 100U);
  talk.a.then_write = write_rest;
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.a.writables, 0);
  talk.b.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.b.received, all);
  EXPECT_EQ(talk.a.writables, 9);
}

TEST(memory_stream, ends_one_direction) {
  in_memory talk;
  talk.a.write("request");
  talk.a.stream->shutdown_write();
  EXPECT_EQ(talk.a.write("more").error, std::errc::broken_pipe);
  talk.a.read();
  talk.b.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.b.received, "request");
  EXPECT_TRUE(talk.b.ended);
  talk.b.write("answer");
  talk.b.stream.reset();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.a.received, "answer");
  EXPECT_TRUE(talk.a.ended);
}

TEST(memory_stream, aborts) {
  in_memory talk;
  talk.a.write("thrown away");
  talk.b.stream->wait_writable();
  talk.a.stream->abort();
  talk.b.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.b.received, "");
  EXPECT_EQ(talk.b.failure, std::errc::connection_reset);
  EXPECT_EQ(talk.b.write("x").error, std::errc::connection_reset);
  EXPECT_EQ(talk.b.writables, 1);
}

TEST(memory_stream, closing_with_something_unread_resets_as_tcp_does) {
  in_memory talk;
  talk.a.read();
  talk.a.write("unread");
  talk.b.write("answer");
  talk.b.stream->close();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.a.failure, std::errc::connection_reset);
}

TEST(memory_stream, keeps_what_a_given_up_read_would_have_got) {
  in_memory talk;
  talk.b.read();
  talk.a.write("kept");
  talk.b.stream->cancel_read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.b.reads, 0);
  talk.b.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.b.received, "kept");
}

TEST(memory_stream, is_closed_and_destroyed_within_its_callback) {
  for (const bool destroy : {false, true}) {
    in_memory talk;
    talk.b.keep_reading = false;
    talk.b.then = [&] {
      if (destroy) {
        talk.b.stream.reset();
      } else {
        talk.b.stream->close();
      }
    };
    talk.b.read();
    talk.a.write("x");
    talk.a.read();
    talk.loop.run_until_idle();
    EXPECT_EQ(talk.b.reads, 1);
    EXPECT_TRUE(talk.a.ended);
    EXPECT_EQ(talk.a.write("y").error, std::errc::broken_pipe);
  }
}

TEST(memory_listener, accepts_pauses_and_closes) {
  net::memory_loop loop;
  loop.default_link().delay = 5ms;
  const net::endpoint at{"192.0.2.1", 80, false};
  auto listening = net::listen(loop, at);
  ASSERT_TRUE(listening);
  EXPECT_EQ(net::listen(loop, at).error(), std::errc::address_in_use);
  acceptor accepts;
  (*listening)->start(&accepts);
  const auto start = loop.now();
  std::vector<std::unique_ptr<net::byte_stream>> clients;
  std::vector<std::error_code> refused;
  std::vector<std::unique_ptr<net::pending>> connecting;
  const auto connect = [&] {
    connecting.push_back(net::connect(loop, at, [&](auto made) {
      if (made) {
        clients.push_back(std::move(*made));
      } else {
        refused.push_back(made.error());
      }
    }));
  };
  connect();
  loop.run_until_idle();
  EXPECT_EQ(loop.now() - start, 5ms);
  EXPECT_EQ(accepts.accepted.size(), 1U);
  EXPECT_EQ(clients.front()->peer().to_string(), "192.0.2.1:80");

  (*listening)->pause();
  connect();
  connect();
  connecting.back().reset();  // given up
  loop.run_until_idle();
  EXPECT_EQ(clients.size(), 2U);
  EXPECT_EQ(accepts.accepted.size(), 1U);
  (*listening)->close();
  EXPECT_EQ(accepts.accepted.size(), 2U);
  connect();
  loop.run_until_idle();
  EXPECT_EQ(refused, std::vector{make_error_code(std::errc::connection_refused)});
}

TEST(memory_network, wildcard_addresses_listen_everywhere) {
  net::memory_loop loop;
  auto listening = net::listen(loop, {"0.0.0.0", 80, false});
  acceptor accepts;
  (*listening)->start(&accepts);
  std::unique_ptr<net::byte_stream> client;
  const auto connecting = net::connect(loop, {"10.1.2.3", 80, false}, [&](auto made) { client = std::move(*made); });
  loop.run_until_idle();
  EXPECT_EQ(accepts.accepted.size(), 1U);
}

}  // namespace
}  // namespace net_tests
