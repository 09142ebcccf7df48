#include "net/tcp.hpp"

#include "talk.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace net_tests {
namespace {

using parley::base::segment;
using parley::base::unique_fd;

class tcp : public testing::Test {
 protected:
  std::unique_ptr<net::loop> loop = net::loop::make();

  void run_until(const std::function<bool()>& done, end_of_talk& a, end_of_talk& b) {
    const auto look = [&, done] {
      if (done()) loop->stop();
    };
    a.then = b.then = look;
    loop->run();
    a.then = b.then = nullptr;
  }
};

TEST_F(tcp, carries_bytes_both_ways) {
  connected_pair talk(*loop);
  talk.client.read();
  talk.server.read();
  EXPECT_EQ(talk.client.write("ping").written, 4U);
  run_until([&] { return talk.server.received == "ping"; }, talk.client, talk.server);
  EXPECT_EQ(talk.server.write("pong").written, 4U);
  run_until([&] { return talk.client.received == "pong"; }, talk.client, talk.server);
}

TEST_F(tcp, knows_its_addresses) {
  const connected_pair talk(*loop);
  EXPECT_EQ(talk.client.stream->peer().to_string(), talk.server.stream->local().to_string());
  EXPECT_EQ(talk.client.stream->local().to_string(), talk.server.stream->peer().to_string());
  EXPECT_TRUE(talk.server.stream->peer().loopback());
}

TEST_F(tcp, reads_no_more_than_it_has_room_for) {
  connected_pair talk(*loop);
  const std::string all = pattern(1000);
  talk.client.write(all);
  for (const std::size_t most : {1, 2, 3, 5, 8, 16, 31, 500, 434}) {
    talk.server.keep_reading = false;
    talk.server.read(most);
    const std::size_t before = talk.server.received.size();
    run_until([&] { return talk.server.received.size() > before; }, talk.client, talk.server);
    EXPECT_EQ(talk.server.received.size(), before + most);
  }
  EXPECT_EQ(talk.server.received, all);
}

TEST_F(tcp, gathers_a_big_write_and_waits_when_the_peer_lags) {
  connected_pair talk(*loop);
  const std::string all = pattern(8 * 1024 * 1024 + 17);
  std::vector<segment> segments;  // many more than one sendmsg takes, of all sizes, empty ones too
  for (std::size_t at = 0, i = 0; at < all.size(); ++i) {
    const std::size_t size = std::min(all.size() - at, i % 5 == 0 ? 0 : (i * 7919) % 20000);
    segments.push_back({std::string_view(all).substr(at, size)});
    at += size;
  }
  std::size_t written = 0;
  bool blocked = false;
  const auto write_rest = [&] {
    std::size_t skip = written;
    std::vector<segment> rest;
    for (const segment& s : segments) {
      const std::size_t gone = std::min(skip, s.bytes.size());
      skip -= gone;
      rest.push_back({s.bytes.substr(gone)});
    }
    const net::write_result result = talk.client.stream->write(rest);
    EXPECT_FALSE(result.error);
    written += result.written;
    blocked = blocked || result.blocked;
    EXPECT_EQ(result.blocked, written < all.size());
    if (result.blocked) talk.client.stream->wait_writable();
  };
  write_rest();
  EXPECT_TRUE(blocked);
  talk.client.then_write = write_rest;
  talk.server.read();
  run_until([&] { return talk.server.received.size() == all.size(); }, talk.client, talk.server);
  EXPECT_TRUE(talk.server.received == all);
  EXPECT_GT(talk.client.writables, 0);
}

/// A file that is gone when the test ends.
unique_fd file_with(const std::string& content) {
  std::FILE* made = std::tmpfile();
  std::fwrite(content.data(), 1, content.size(), made);
  std::fflush(made);
  unique_fd kept(dup(fileno(made)));
  std::fclose(made);
  return kept;
}

TEST_F(tcp, sends_slices_of_files_between_bytes) {
  connected_pair talk(*loop);
  const std::string content = pattern(3 * 1024 * 1024);
  const unique_fd file = file_with(content);
  const std::vector<segment> segments{
      {"head\r\n"}, {{}, file.get(), 100, 2 * 1024 * 1024}, {{}, file.get(), 0, 0}, {"middle"}, {{}, file.get(), 7, 9}};
  const std::string expected = "head\r\n" + content.substr(100, 2 * 1024 * 1024) + "middle" + content.substr(7, 9);
  std::size_t written = 0;
  const auto write_rest = [&] {
    std::uint64_t skip = written;
    std::vector<segment> rest;
    for (segment s : segments) {
      const std::uint64_t gone = std::min(skip, s.size());
      skip -= gone;
      if (s.descriptor < 0) {
        s.bytes.remove_prefix(gone);
      } else {
        s.offset += gone;
        s.length -= gone;
      }
      rest.push_back(s);
    }
    const net::write_result result = talk.client.stream->write(rest);
    ASSERT_FALSE(result.error) << result.error.message();
    written += result.written;
    if (result.blocked) talk.client.stream->wait_writable();
  };
  talk.client.then_write = write_rest;
  write_rest();
  talk.server.read();
  run_until([&] { return talk.server.received.size() >= expected.size(); }, talk.client, talk.server);
  EXPECT_TRUE(talk.server.received == expected);
  EXPECT_EQ(written, expected.size());
}

TEST_F(tcp, fails_when_a_file_has_become_shorter) {
  connected_pair talk(*loop);
  const unique_fd file = file_with("short");
  const std::vector<segment> segments{{"head"}, {{}, file.get(), 0, 100}};
  const net::write_result result = talk.client.stream->write(segments);
  EXPECT_EQ(result.error, std::errc::io_error);
  EXPECT_EQ(result.written, 9U);
}

TEST_F(tcp, ends_its_direction_and_reads_on) {
  connected_pair talk(*loop);
  talk.client.write("request");
  talk.client.stream->shutdown_write();
  talk.server.read();
  talk.client.read();
  run_until([&] { return talk.server.ended; }, talk.client, talk.server);
  EXPECT_EQ(talk.server.received, "request");
  talk.server.write("answer");
  talk.server.stream->close();
  run_until([&] { return talk.client.ended; }, talk.client, talk.server);
  EXPECT_EQ(talk.client.received, "answer");
  EXPECT_FALSE(talk.client.failure);
}

TEST_F(tcp, resets) {
  connected_pair talk(*loop);
  talk.client.read();
  talk.server.stream->abort();
  run_until([&] { return talk.client.failure || talk.client.ended; }, talk.client, talk.server);
  EXPECT_EQ(talk.client.failure, std::errc::connection_reset);
}

TEST_F(tcp, writing_to_a_peer_that_has_left_fails_without_a_signal) {
  connected_pair talk(*loop);
  const unique_fd file = file_with(pattern(100000));
  talk.server.stream->abort();
  talk.client.read();
  run_until([&] { return static_cast<bool>(talk.client.failure); }, talk.client, talk.server);
  const segment slice{{}, file.get(), 0, 100000};
  std::error_code of_bytes;
  std::error_code of_file;
  loop->post([&] {  // on the loop, where SIGPIPE is held back from sendfile
    of_bytes = talk.client.write("x").error;
    of_file = talk.client.stream->write({&slice, 1}).error;
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(of_bytes, std::errc::broken_pipe);
  EXPECT_EQ(of_file, std::errc::broken_pipe);
}

TEST_F(tcp, is_silent_after_close) {
  connected_pair talk(*loop);
  talk.client.read();
  talk.client.stream->wait_writable();
  talk.server.write("for nobody");
  talk.client.stream->close();
  talk.client.stream->close();
  talk.client.stream->read();
  talk.client.stream->wait_writable();
  EXPECT_EQ(talk.client.write("x").error, std::errc::not_connected);
  talk.client.stream->shutdown_write();
  talk.server.stream.reset();
  loop->run_until_idle();
  EXPECT_EQ(talk.client.reads, 0);
  EXPECT_EQ(talk.client.writables, 0);
}

TEST_F(tcp, is_closed_and_destroyed_within_its_callbacks) {
  for (const bool destroy : {false, true}) {
    for (const bool on_write : {false, true}) {
      connected_pair talk(*loop);
      const auto leave = [&] {
        if (destroy) {
          talk.client.stream.reset();
        } else {
          talk.client.stream->close();
          talk.client.ended = true;
        }
      };
      (on_write ? talk.client.then_write : talk.client.then) = leave;
      talk.client.read();
      talk.client.stream->wait_writable();
      talk.server.write("x");
      talk.server.read();
      loop->run_until_idle();
      EXPECT_EQ(talk.client.reads + talk.client.writables, on_write ? 2 : 1);
      EXPECT_TRUE(talk.server.ended || talk.server.failure);
    }
  }
}

TEST_F(tcp, a_read_that_is_given_up_calls_nobody) {
  connected_pair talk(*loop);
  talk.server.keep_reading = false;
  talk.server.read();
  talk.server.stream->cancel_read();
  talk.client.write("later");
  loop->run_until_idle();
  EXPECT_EQ(talk.server.reads, 0);
  talk.server.read();
  run_until([&] { return talk.server.reads > 0; }, talk.client, talk.server);
  EXPECT_EQ(talk.server.received, "later");
}

TEST_F(tcp, a_read_that_is_given_up_loses_nothing) {
  for (const std::size_t most : {1, 3, 100}) {
    connected_pair talk(*loop);
    talk.server.keep_reading = false;
    talk.server.read();
    talk.server.stream->wait_writable();
    talk.client.write("received already");
    talk.server.then_write = [&] {
      talk.server.stream->cancel_read();
      talk.server.stream->cancel_read();
      talk.server.then_write = nullptr;
    };
    loop->run_until_idle();
    const bool cancelled_in_time = talk.server.reads == 0;
    std::string expected = "received already";
    while (talk.server.received.size() < expected.size()) {
      talk.server.read(most);
      const int before = talk.server.reads;
      run_until([&] { return talk.server.reads > before; }, talk.client, talk.server);
    }
    EXPECT_EQ(talk.server.received, expected) << cancelled_in_time;
    talk.client.stream->shutdown_write();
    talk.server.read();
    run_until([&] { return talk.server.ended; }, talk.client, talk.server);
  }
}

TEST_F(tcp, a_read_may_follow_at_once_on_one_that_is_given_up) {
  connected_pair talk(*loop);
  talk.client.write("x");
  talk.server.read();
  talk.server.stream->cancel_read();
  talk.server.stream->read();
  talk.server.stream->cancel_read();
  talk.server.keep_reading = false;
  talk.server.read();
  run_until([&] { return talk.server.reads > 0; }, talk.client, talk.server);
  EXPECT_EQ(talk.server.received, "x");
  EXPECT_EQ(talk.server.reads, 1);
}

TEST_F(tcp, tells_of_a_peer_that_leaves_while_nobody_reads) {
  for (const bool reset : {false, true}) {
    connected_pair talk(*loop);
    talk.client.write("unread");
    if (reset) {
      talk.client.stream->abort();
    } else {
      talk.client.stream->close();
    }
    run_until([&] { return talk.server.hangups > 0; }, talk.client, talk.server);
    EXPECT_EQ(talk.server.hangups, 1);
    EXPECT_EQ(talk.server.failure == std::errc::connection_reset, reset);
    EXPECT_EQ(talk.server.reads, 0);
    if (reset) continue;
    talk.server.read();  // what came before the end is still there
    run_until([&] { return talk.server.ended; }, talk.client, talk.server);
    EXPECT_EQ(talk.server.received, "unread");
    EXPECT_EQ(talk.server.hangups, 1);
  }
}

TEST_F(tcp, giving_a_read_up_leaves_the_wait_for_writing) {
  connected_pair talk(*loop);
  std::string filling(1 << 20, 'x');
  while (!talk.client.write(filling).blocked) {
  }
  talk.client.read();
  talk.client.stream->wait_writable();
  talk.client.stream->cancel_read();
  talk.server.read();
  talk.client.then_write = [&] { loop->stop(); };
  loop->run();
  EXPECT_EQ(talk.client.writables, 1);
}

TEST_F(tcp, adopts_a_socket_pair) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  end_of_talk a(net::make_stream(*loop, unique_fd(ends[0])));
  end_of_talk b(net::make_stream(*loop, unique_fd(ends[1])));
  EXPECT_TRUE(a.stream->peer().unix_socket);
  b.read();
  a.write("hello");
  a.stream->close();
  run_until([&] { return b.ended; }, a, b);
  EXPECT_EQ(b.received, "hello");
}

TEST_F(tcp, sends_without_delay) {
  const connected_pair talk(*loop);
  // A stream does not show its descriptor, so all of this program's are looked at.
  int seen = 0;
  for (int fd = 3; fd < 256; ++fd) {
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0 && no_delay != 0) ++seen;
  }
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace net_tests
