#include "connection/tls_stream.hpp"

#include "net/memory_network.hpp"
#include "net/talk.hpp"
#include "support/certificates.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

// TLS over a network in memory: the contract of net/stream.hpp, and what TLS adds to it.

namespace parley::connection {
namespace {

using namespace std::chrono_literals;
using net_tests::end_of_talk;
using net_tests::pattern;

std::shared_ptr<const tls::server_credentials> server_side(const test::test_authority& authority) {
  tls::server_settings s;
  s.certificates = {authority.server({"a.example"})};
  s.protocols = {"http/1.1"};
  s.tickets = tls::ticket_key::make();
  return tls::server_credentials::make(s).value();
}

std::shared_ptr<const tls::client_credentials> client_side(const test::test_authority& authority) {
  tls::client_settings c;
  c.system_authorities = false;
  c.authorities = {authority.pem()};
  return tls::client_credentials::make(c).value();
}

/// A client's and a server's end over one memory connection.
struct tls_talk {
  explicit tls_talk(const net::memory_link& link = {}, const std::string& host = "a.example")
      : pair(loop.make_pair(link)),
        client_stream(new tls_stream(loop, std::move(pair.a), client_side(authority), {host, 443, {"http/1.1"}})),
        server_stream(new tls_stream(loop, std::move(pair.b), server_side(authority))) {
    client.take(std::unique_ptr<net::byte_stream>(client_stream));
    server.take(std::unique_ptr<net::byte_stream>(server_stream));
    client_stream->handshake({}, [this](const tls::error& e) { client_result = e; });
    server_stream->handshake({}, [this](const tls::error& e) { server_result = e; });
  }
  void shake_hands() {
    loop.run_until_idle();
    ASSERT_TRUE(client_result && server_result);
    ASSERT_FALSE(*client_result) << client_result->message;
    ASSERT_FALSE(*server_result) << server_result->message;
  }

  test::test_authority authority;
  net::memory_loop loop;
  net::memory_pair pair;
  tls_stream* client_stream;
  tls_stream* server_stream;
  end_of_talk client;
  end_of_talk server;
  std::optional<tls::error> client_result;
  std::optional<tls::error> server_result;
};

TEST(tls_stream, carries_bytes_both_ways) {
  tls_talk talk;
  EXPECT_FALSE(talk.client_result) << "never from within a call";
  talk.shake_hands();
  EXPECT_EQ(talk.server_stream->session().protocol(), "http/1.1");
  talk.client.read();
  talk.server.read();
  EXPECT_EQ(talk.client.write("ping").written, 4U);
  EXPECT_EQ(talk.server.write("pong").written, 4U);
  EXPECT_EQ(talk.server.reads, 0) << "never from within a call";
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.received, "pong");
  EXPECT_EQ(talk.server.received, "ping");
}

TEST(tls_stream, survives_any_fragmentation) {
  for (const std::size_t size : {1, 2, 3, 5, 7, 16, 31, 1000}) {
    tls_talk talk({.fragment = size, .capacity = 65536, .delay = {}});
    talk.shake_hands();
    const std::string all = pattern(20'000);
    talk.server.read();
    talk.client.write(all);
    talk.client.stream->shutdown_write();
    talk.loop.run_until_idle();
    EXPECT_EQ(talk.server.received, all);
    EXPECT_TRUE(talk.server.ended);
    EXPECT_FALSE(talk.server.failure) << talk.server.failure.message();
  }
}

TEST(tls_stream, writes_before_the_handshake_wait) {
  tls_talk talk;
  const auto early = talk.client.write("early");
  EXPECT_EQ(early.written, 0U);
  EXPECT_TRUE(early.blocked);
  talk.client.stream->wait_writable();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.writables, 1);
  EXPECT_EQ(talk.client.write("now").written, 3U);
}

// What write says to be written has left: a close after it loses nothing.
TEST(tls_stream, a_full_stream_below_blocks_writing) {
  tls_talk talk({.fragment = SIZE_MAX, .capacity = 10'000, .delay = {}});
  talk.shake_hands();
  const std::string all = pattern(300'000);
  std::size_t sent = 0;
  int blocked = 0;
  const std::function<void()> go_on = [&] {
    while (sent < all.size()) {
      const auto done = talk.client.write(std::string_view(all).substr(sent));
      sent += done.written;
      ASSERT_FALSE(done.error) << done.error.message();
      if (!done.blocked) continue;
      ++blocked;
      return talk.client.stream->wait_writable();
    }
    talk.client.stream->close();
  };
  talk.client.then_write = go_on;
  go_on();
  EXPECT_EQ(blocked, 1);
  EXPECT_LT(sent, all.size());
  EXPECT_GE(talk.client_stream->unsent(), talk.client_stream->below().unsent() + 50'000) << "records wait for room below";
  talk.loop.run_until_idle();
  EXPECT_LT(sent, all.size()) << "nobody reads";
  talk.server.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(sent, all.size());
  EXPECT_GE(blocked, 3);
  EXPECT_EQ(talk.server.received, all);
  EXPECT_TRUE(talk.server.ended) << "close says goodbye";
  EXPECT_FALSE(talk.server.failure) << talk.server.failure.message();
}

TEST(tls_stream, gathers_segments_and_file_slices) {
  tls_talk talk({.fragment = SIZE_MAX, .capacity = 1'000'000, .delay = {}});
  talk.shake_hands();
  std::string path = testing::TempDir() + "tls_stream_test_XXXXXX";
  const int file = mkstemp(path.data());
  ASSERT_GE(file, 0);
  unlink(path.c_str());
  const std::string content = pattern(200'000);
  ASSERT_EQ(::write(file, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  const std::string head = "head;";
  const std::array segments{base::segment{head}, base::segment{{}, file, 100, 150'000}, base::segment{"tail"}};
  const auto done = talk.server.stream->write(segments);
  EXPECT_EQ(done.written, head.size() + 150'000 + 4);
  EXPECT_FALSE(done.blocked);
  const std::array beyond{base::segment{{}, file, 199'990, 20}};
  EXPECT_TRUE(talk.server.stream->write(beyond).error) << "the file is shorter than the slice";
  close(file);
  talk.client.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.received.substr(0, 150'009), head + content.substr(100, 150'000) + "tail");
}

// What follows at once may fill the record that is not full yet.
TEST(tls_stream, a_small_record_waits_for_more_but_never_for_nothing) {
  tls_talk talk({.fragment = SIZE_MAX, .capacity = 1'000'000, .delay = {}});
  talk.shake_hands();
  const std::string content = pattern(20'000);
  const std::array all{base::segment{std::string_view(content).substr(0, 10'000)},
                       base::segment{std::string_view(content).substr(10'000)}};
  const auto first = talk.server.stream->write(all, true);
  EXPECT_EQ(first.written, 16'384U);
  EXPECT_FALSE(first.blocked);
  const std::array rest{base::segment{std::string_view(content).substr(first.written)}};
  EXPECT_EQ(talk.server.stream->write(rest, true).written, rest[0].size()) << "the only one";
  talk.client.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.received, content);
}

TEST(tls_stream, an_end_without_goodbye_is_an_error_once_all_was_read) {
  tls_talk talk;
  talk.shake_hands();
  talk.server.write("half an answ");
  talk.loop.run_until_idle();
  // The stream below ends as if someone had cut it.
  const_cast<net::byte_stream&>(talk.server_stream->below()).shutdown_write();
  talk.client.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.received, "half an answ");
  EXPECT_EQ(talk.client.failure, tls::errc::truncated);
  EXPECT_EQ(talk.client.failure, std::errc::connection_reset);
}

TEST(tls_stream, half_closed_streams_are_read_on) {
  tls_talk talk;
  talk.shake_hands();
  talk.client.stream->shutdown_write();
  talk.server.read();
  talk.client.read();
  talk.loop.run_until_idle();
  EXPECT_TRUE(talk.server.ended);
  talk.server.write("answer");
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.client.received, "answer");
  EXPECT_EQ(talk.client.write("more").error, std::errc::broken_pipe);
}

TEST(tls_stream, a_cancelled_read_loses_nothing) {
  tls_talk talk;
  talk.shake_hands();
  talk.server.keep_reading = false;
  talk.server.read();
  talk.server.stream->cancel_read();
  talk.client.write("hello");
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.server.reads, 0);
  talk.server.read(2);
  EXPECT_EQ(talk.server.reads, 0) << "never from within a call";
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.server.received, "he");
  talk.server.read();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.server.received, "hello");
}

TEST(tls_stream, nothing_comes_after_close) {
  tls_talk talk;
  talk.shake_hands();
  talk.server.read();
  talk.client.write("hello");
  talk.server.stream->close();
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.server.reads, 0);
  EXPECT_EQ(talk.server.write("x").error, std::errc::not_connected);
}

TEST(tls_stream, may_be_destroyed_by_its_own_callback) {
  tls_talk talk;
  talk.shake_hands();
  talk.server.then = [&] { talk.server.stream.reset(); };
  talk.server.read();
  talk.client.read();
  talk.client.write("die");
  talk.loop.run_until_idle();
  EXPECT_EQ(talk.server.received, "die");
  EXPECT_TRUE(talk.client.ended);
}

TEST(tls_stream, a_handshake_has_a_deadline) {
  net::memory_loop loop;
  const test::test_authority authority;
  net::memory_pair pair = loop.make_pair();
  tls_stream server(loop, std::move(pair.b), server_side(authority));
  std::optional<tls::error> result;
  server.handshake({.handshake = 5s}, [&](const tls::error& e) { result = e; });
  loop.run_for(4900ms);
  EXPECT_FALSE(result);
  loop.run_for(200ms);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, tls::errc::handshake_time);
}

// The client reads the alert, though it sends on meanwhile.
TEST(tls_stream, garbage_gets_an_alert) {
  net::memory_loop loop;
  const test::test_authority authority;
  net::memory_pair pair = loop.make_pair();
  end_of_talk client(std::move(pair.a));
  tls_stream server(loop, std::move(pair.b), server_side(authority));
  std::optional<tls::error> result;
  server.handshake({}, [&](const tls::error& e) { result = e; });
  client.write("\x01\x02\x03\x04 this is no record");
  client.read();
  loop.run_for(100ms);
  client.write("and more of it");
  loop.run_for(100ms);
  ASSERT_GE(client.received.size(), 7U);
  EXPECT_EQ(client.received[0], '\x15') << "an alert record";
  EXPECT_TRUE(client.ended);
  EXPECT_FALSE(result) << "the client has time to read it";
  client.stream->close();
  loop.run_until_idle();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, tls::errc::malformed) << result->message;
}

TEST(tls_stream, carries_http_without_tls_as_it_is) {
  net::memory_loop loop;
  const test::test_authority authority;
  net::memory_pair pair = loop.make_pair();
  end_of_talk client(std::move(pair.a));
  auto* stream = new tls_stream(loop, std::move(pair.b), server_side(authority));
  end_of_talk server{std::unique_ptr<net::byte_stream>(stream)};
  std::optional<tls::error> result;
  stream->handshake({}, [&](const tls::error& e) { result = e; });
  client.write("GET / HTTP/1.1\r\n\r\n");
  loop.run_until_idle();
  ASSERT_TRUE(result);
  EXPECT_FALSE(*result);
  EXPECT_TRUE(stream->cleartext());
  server.read();
  server.write("no");
  server.stream->shutdown_write();
  client.read();
  loop.run_until_idle();
  EXPECT_EQ(server.received, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.received, "no");
  EXPECT_TRUE(client.ended);
}

TEST(tls_stream, a_client_says_why_it_does_not_trust) {
  tls_talk talk({}, "b.example");
  talk.loop.run_until_idle();
  ASSERT_TRUE(talk.client_result && talk.server_result);
  EXPECT_EQ(talk.client_result->code, tls::errc::wrong_name) << talk.client_result->message;
  EXPECT_EQ(talk.server_result->code, tls::errc::refused_by_peer) << talk.server_result->message;
}

TEST(tls_stream, a_lost_connection_ends_the_handshake) {
  net::memory_loop loop;
  const test::test_authority authority;
  net::memory_pair pair = loop.make_pair();
  tls_stream server(loop, std::move(pair.b), server_side(authority));
  std::optional<tls::error> result;
  server.handshake({}, [&](const tls::error& e) { result = e; });
  pair.a->abort();
  loop.run_until_idle();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, tls::errc::closed_in_handshake);
}

/// A stream that can be read, but no longer written to.
class broken_to_write final : public net::byte_stream {
 public:
  explicit broken_to_write(std::unique_ptr<net::byte_stream> inner) : inner_(std::move(inner)) {}
  void handler(net::stream_handler* to) override { inner_->handler(to); }
  void read() override { inner_->read(); }
  void cancel_read() override { inner_->cancel_read(); }
  net::write_result write(std::span<const base::segment>, bool) override {
    return {0, false, make_error_code(std::errc::connection_reset)};
  }
  void wait_writable() override { inner_->wait_writable(); }
  void shutdown_write() override { inner_->shutdown_write(); }
  void close() override { inner_->close(); }
  void abort() override { inner_->abort(); }
  [[nodiscard]] const net::endpoint& peer() const override { return inner_->peer(); }
  [[nodiscard]] const net::endpoint& local() const override { return inner_->local(); }

 private:
  std::unique_ptr<net::byte_stream> inner_;
};

// There is no deadline here, and the peer stays: only the failed write can end it.
TEST(tls_stream, an_answer_that_cannot_leave_ends_the_handshake) {
  net::memory_loop loop;
  const test::test_authority authority;
  net::memory_pair pair = loop.make_pair();
  tls_stream server(loop, std::make_unique<broken_to_write>(std::move(pair.b)), server_side(authority));
  tls_stream client(loop, std::move(pair.a), client_side(authority), {"a.example", 443, {"http/1.1"}});
  const tls_stream::handshake_limits for_ever{std::chrono::hours(24 * 365), {}};
  std::optional<tls::error> result;
  server.handshake(for_ever, [&](const tls::error& e) { result = e; });
  client.handshake(for_ever, [](const tls::error&) {});
  for (int turn = 0; turn < 100 && !result; ++turn) loop.run_for(1ms);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, tls::errc::closed_in_handshake);
}

}  // namespace
}  // namespace parley::connection
