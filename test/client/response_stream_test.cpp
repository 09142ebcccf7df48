// Responses whose content is read as it comes.
#include "client/response_stream.hpp"
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::response;
using parley::task;

const std::string stream_url = "http://10.0.0.1/";

parley::options as_stream() { return parley::options().streamed(); }

TEST(response_stream, comes_at_the_head_and_is_read_in_pieces) {
  world w;
  auto got = w.start(w.http.get(stream_url, as_stream()));
  w.settle();
  peer& p = *w.server.peers[0];
  p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  w.settle();
  ASSERT_TRUE(got->succeeded()) << got->error();
  response& r = got->value();
  EXPECT_EQ(r.body().length(), 10u);
  EXPECT_EQ(r.content(), "");
  auto all = w.start(r.body().text());
  p.send("01234");
  w.settle();
  EXPECT_FALSE(all->ended());
  p.send("56789");
  w.settle();
  ASSERT_TRUE(all->succeeded()) << all->error();
  EXPECT_EQ(all->value(), "0123456789");
  // The connection is free although the response is still there.
  auto next = w.start(w.http.get(stream_url));
  w.settle();
  EXPECT_EQ(w.server.peers.size(), 1u);
  p.send(ok_hello);
  w.settle();
  EXPECT_TRUE(next->succeeded());
}

TEST(response_stream, at_every_fragment_size_with_trailers) {
  for (const std::size_t fragment : fragment_sizes) {
    world w;
    w.loop.default_link().fragment = fragment;
    w.server.answer_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3\r\nfgh\r\n0\r\nChecksum: 9\r\n\r\n");
    auto got = w.run(w.http.get(stream_url, as_stream()));
    ASSERT_TRUE(got->succeeded()) << got->error();
    parley::body_reader body = got->value().body();
    EXPECT_EQ(body.length(), std::nullopt);
    auto all = w.run(body.text());
    ASSERT_TRUE(all->succeeded()) << all->error();
    EXPECT_EQ(all->value(), "abcdefgh");
    ASSERT_NE(body.trailers(), nullptr);
    EXPECT_EQ(body.trailers()->get("Checksum"), "9");
    auto end = w.run(body.text());
    EXPECT_EQ(end->value(), "");
  }
}

TEST(response_stream, without_content) {
  for (const char* wire : {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    world w;
    w.server.answer_all(wire);
    auto got = w.run(w.http.get(stream_url, as_stream()));
    ASSERT_TRUE(got->succeeded()) << got->error();
    auto all = w.run(got->value().body().text());
    EXPECT_EQ(all->value(), "");
  }
}

TEST(response_stream, what_nobody_reads_is_not_received) {
  world w;
  auto got = w.start(w.http.get(stream_url, as_stream()));
  w.settle();
  peer& p = *w.server.peers[0];
  p.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  w.loop.run_for(1s);
  ASSERT_TRUE(got->succeeded());
  EXPECT_FALSE(p.sent_all()) << "the window holds it back";
  auto all = w.run(got->value().body().text(2'000'000));
  ASSERT_TRUE(all->succeeded()) << all->error();
  EXPECT_EQ(all->value().size(), 1'000'000u);
  EXPECT_TRUE(p.sent_all());
}

TEST(response_stream, dropped_before_its_end_it_gives_the_exchange_up) {
  world w;
  auto got = w.start(w.http.get(stream_url, as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  w.settle();
  ASSERT_TRUE(got->succeeded());
  got.reset();
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(response_stream, dropped_when_all_has_come_it_keeps_the_connection) {
  world w;
  w.server.answer_all(ok_hello);
  auto got = w.run(w.http.get(stream_url, as_stream()));
  w.settle();
  got.reset();
  w.settle();
  EXPECT_FALSE(w.server.peers[0]->ended);
  auto next = w.run(w.http.get(stream_url));
  EXPECT_TRUE(next->succeeded());
  EXPECT_EQ(w.server.peers.size(), 1u);
}

TEST(response_stream, a_connection_that_ends_too_early_says_how_far_it_came) {
  world w;
  auto got = w.start(w.http.get(stream_url, as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
  w.settle();
  auto all = w.start(got->value().body().text());
  w.settle();
  w.server.peers[0]->close();
  w.settle();
  EXPECT_EQ(all->error(), "the connection to 10.0.0.1 port 80 was lost after 4 of 10 bytes of content");
  auto again = w.run(got->value().body().text());
  EXPECT_FALSE(again->succeeded()) << "and says so again";
}

TEST(response_stream, what_has_come_whole_survives_the_end_of_the_connection) {
  world w;
  w.server.answer_and_close("HTTP/1.1 200 OK\r\n\r\n" + std::string(20'000, 'x'));
  auto got = w.run(w.http.get(stream_url, as_stream()));
  ASSERT_TRUE(got->succeeded()) << got->error();
  w.loop.run_for(1min);  // the reader takes its time
  auto all = w.run(got->value().body().text());
  ASSERT_TRUE(all->succeeded()) << all->error();
  EXPECT_EQ(all->value().size(), 20'000u);
}

TEST(response_stream, a_reader_can_be_cancelled) {
  world w;
  auto got = w.start(w.http.get(stream_url, as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
  w.settle();
  auto all = w.start(got->value().body().text());
  w.settle();
  all->chain.cancel();
  w.settle();
  EXPECT_EQ(all->error(), "cancelled");
  got.reset();
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(response_stream, the_time_out_is_for_the_head_alone) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [](peer& from) { from.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"); };
  };
  auto got = w.run(w.http.get(stream_url, as_stream().timeout(1s)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  w.loop.run_for(10s);
  w.server.peers[0]->send("late");
  auto all = w.run(got->value().body().text());
  EXPECT_EQ(all->value(), "late");
}

TEST(response_stream, outlives_its_client) {
  world w;
  auto http = std::make_unique<parley::client>();
  auto got = w.start(http->get(stream_url, as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  w.settle();
  ASSERT_TRUE(got->succeeded());
  http.reset();
  w.server.peers[0]->send("lo");
  auto all = w.run(got->value().body().text());
  EXPECT_EQ(all->value(), "hello");
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(response_stream, survives_its_loop_without_harm) {
  std::optional<response> kept;
  {
    world w;
    auto got = w.start(w.http.get(stream_url, as_stream()));
    w.settle();
    w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    w.settle();
    ASSERT_TRUE(got->succeeded());
    kept.emplace(std::move(got->value()));
  }
  EXPECT_EQ(kept->status(), 200);
  kept.reset();
}

// A conversation: the response begins while the request is still being written.
TEST(response_stream, both_directions_at_once) {
  world w;
  bool ended = false;
  auto producer = [&](parley::body_writer& to) -> task<> {
    for (int i = 0; i < 3; ++i) {
      auto writing = to.write(std::to_string(i));
      co_await writing;
      auto sleeping = parley::sleep_for(1s);
      co_await sleeping;
    }
    ended = true;
  };
  parley::request r(parley::method::post, stream_url);
  r.stream(producer);
  auto got = w.start(w.http.send(std::move(r), as_stream()));
  w.settle();
  peer& p = *w.server.peers[0];
  p.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  w.settle();
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_FALSE(ended);
  auto all = w.start(got->value().body().text());
  w.loop.run_for(5s);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(p.received.ends_with("0\r\n\r\n"));
  p.send("1\r\nb\r\n0\r\n\r\n");
  w.settle();
  EXPECT_EQ(all->value(), "ab");
  EXPECT_FALSE(p.ended);
  got.reset();
  w.settle();
  EXPECT_FALSE(p.ended) << "the connection is kept";
}

// RFC 9112 §9.5: who answers well before all content has come still gets the rest.
TEST(response_stream, the_end_of_a_success_waits_for_announced_content) {
  for (const int status : {200, 404}) {
    for (const bool announced : {true, false}) {
      world w;
      auto producer = [&](parley::body_writer& to) -> task<> {
        for (int i = 0; i < 3; ++i) {
          auto sleeping = parley::sleep_for(1s);
          co_await sleeping;
          auto writing = to.write(std::to_string(i));
          co_await writing;
        }
      };
      parley::request r(parley::method::post, stream_url);
      if (announced) {
        r.stream(producer, 3);
      } else {
        r.stream(producer);
      }
      auto got = w.start(w.http.send(std::move(r), as_stream()));
      w.settle();
      peer& p = *w.server.peers[0];
      p.send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 5\r\n\r\nhello");
      w.settle();
      ASSERT_TRUE(got->succeeded()) << got->error();
      auto all = w.start(got->value().body().text());
      w.settle();
      const bool waits = status == 200 && announced;
      EXPECT_EQ(all->succeeded(), !waits) << status << announced;
      if (!waits) continue;
      w.loop.run_for(5s);
      ASSERT_TRUE(all->succeeded()) << all->error();
      EXPECT_EQ(all->value(), "hello");
      EXPECT_TRUE(p.received.ends_with("\r\n\r\n012")) << p.received;
      EXPECT_FALSE(p.ended) << "the connection is kept";
    }
  }
}

TEST(response_stream, a_success_whose_connection_goes_has_its_end) {
  world w;
  bool stopped = false;
  auto producer = [&](parley::body_writer& to) -> task<> {
    try {
      for (int i = 0; i < 3; ++i) {
        auto sleeping = parley::sleep_for(1s);
        co_await sleeping;
        auto writing = to.write("x");
        co_await writing;
      }
    } catch (...) {
      stopped = true;
      throw;
    }
  };
  parley::request r(parley::method::post, stream_url);
  r.stream(producer, 3);
  auto got = w.start(w.http.send(std::move(r), as_stream()));
  w.settle();
  peer& p = *w.server.peers[0];
  p.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  w.settle();
  auto all = w.start(got->value().body().text());
  w.settle();
  EXPECT_FALSE(all->succeeded());
  p.abort();
  w.settle();
  ASSERT_TRUE(all->succeeded()) << all->error();
  EXPECT_EQ(all->value(), "hello");
  w.settle();
  EXPECT_TRUE(stopped);
}

TEST(response_stream, dropping_it_stops_the_producer) {
  world w;
  std::string how;
  auto producer = [&](parley::body_writer& to) -> task<> {
    try {
      for (;;) {
        auto writing = to.write("x");
        co_await writing;
        auto sleeping = parley::sleep_for(1s);
        co_await sleeping;
      }
    } catch (const parley::cancelled&) {
      how = "cancelled";
      throw;
    }
  };
  parley::request r(parley::method::post, stream_url);
  r.stream(producer);
  auto got = w.start(w.http.send(std::move(r), as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  w.settle();
  ASSERT_TRUE(got->succeeded());
  got.reset();
  w.settle();
  EXPECT_EQ(how, "cancelled");
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(response_stream, an_error_of_the_producer_reaches_the_reader) {
  world w;
  auto producer = [](parley::body_writer&) -> task<> {
    auto sleeping = parley::sleep_for(1s);
    co_await sleeping;
    throw std::runtime_error("the file is gone");
  };
  parley::request r(parley::method::post, stream_url);
  r.stream(producer);
  auto got = w.start(w.http.send(std::move(r), as_stream()));
  w.settle();
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  w.settle();
  ASSERT_TRUE(got->succeeded());
  auto all = w.start(got->value().body().text());
  w.loop.run_for(2s);
  EXPECT_EQ(all->error(), "the file is gone");
}

}  // namespace
