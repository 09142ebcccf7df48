// Requests whose content is produced while it is sent.
#include "client/call.hpp"
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::body_writer;
using parley::fetch_error;
using parley::method;
using parley::request;
using parley::task;

request producing(std::function<task<>(body_writer&)> producer, std::optional<std::uint64_t> length = {}) {
  request r(method::post, "http://10.0.0.1/");
  r.stream(std::move(producer), length);
  return r;
}

task<> write_parts(body_writer& to, std::vector<std::string> parts) {
  for (std::string& part : parts) {
    auto writing = to.write(std::move(part));
    co_await writing;
  }
}

std::function<task<>(body_writer&)> parts(std::vector<std::string> all) {
  return [all = std::move(all)](body_writer& to) { return write_parts(to, all); };
}

// Answers a request whose content ends with `last`.
void answer_after(scripted_server& server, std::string last) {
  server.on_connection = [last](peer& p, std::size_t) {
    p.on_news = [last](peer& from) {
      if (from.received.ends_with(last)) from.send(ok_hello);
    };
  };
}

std::string content_of(const peer& p) { return p.received.substr(p.received.find("\r\n\r\n") + 4); }

TEST(call_content, of_unknown_length_is_chunked) {
  world w;
  answer_after(w.server, "0\r\n\r\n");
  auto got = w.run(w.http.send(producing(parts({"abc", "", "de"}))));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_NE(w.server.peers[0]->received.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(content_of(*w.server.peers[0]), "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
}

TEST(call_content, of_known_length_has_that) {
  for (const parley::version v : {parley::http1_0, parley::http1_1}) {
    world w;
    answer_after(w.server, "abcde");
    auto got = w.run(w.http.send(producing(parts({"abc", "de"}), 5), parley::options().version(v)));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_NE(w.server.peers[0]->received.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_EQ(content_of(*w.server.peers[0]), "abcde");
  }
}

TEST(call_content, a_wrong_length_is_an_error) {
  struct row {
    std::uint64_t length;
    const char* says;
  };
  for (const row& x : {row{6, "ended after 5 of the 6 bytes"}, row{4, "more than the 4 bytes"}, row{0, "more than the 0 bytes"}}) {
    world w;
    auto got = w.run(w.http.send(producing(parts({"abc", "de"}), x.length)));
    EXPECT_NE(got->error().find(x.says), std::string::npos) << got->error();
    EXPECT_FALSE(got->kind());
    w.settle();
    EXPECT_TRUE(w.server.peers[0]->ended);
  }
}

TEST(call_content, may_have_trailers) {
  world w;
  answer_after(w.server, "\r\n\r\n");
  auto producer = [](body_writer& to) -> task<> {
    auto writing = to.write("x");
    co_await writing;
    to.trailers({{"Checksum", "1"}});
  };
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [](peer& from) {
      if (from.received.ends_with("Checksum: 1\r\n\r\n")) from.send(ok_hello);
    };
  };
  auto got = w.run(w.http.send(producing(producer)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(content_of(*w.server.peers[0]), "1\r\nx\r\n0\r\nChecksum: 1\r\n\r\n");
}

TEST(call_content, what_its_producer_throws_comes_out_of_the_fetch) {
  world w;
  auto producer = [](body_writer& to) -> task<> {
    auto writing = to.write("x");
    co_await writing;
    throw std::runtime_error("the file is gone");
  };
  auto got = w.run(w.http.send(producing(producer)));
  EXPECT_EQ(got->error(), "the file is gone");
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended) << "the server must not take it for whole";
  EXPECT_FALSE(w.server.peers[0]->received.ends_with("0\r\n\r\n"));

  auto at_once = w.run(w.http.send(producing([](body_writer&) -> task<> { throw std::runtime_error("not even begun"); })));
  EXPECT_EQ(at_once->error(), "not even begun");
}

// Writes pieces until it is stopped, and tells how it ended.
struct endless {
  std::size_t written = 0;
  std::size_t most = SIZE_MAX;
  std::string ended;
  task<> produce(body_writer& to) {
    try {
      while (written < most) {
        auto writing = to.write(std::string(16 * 1024, 'x'));
        co_await writing;
        written += 16 * 1024;
      }
    } catch (const parley::cancelled&) {
      ended = "cancelled";
      throw;
    } catch (const parley::connection_lost&) {
      ended = "lost";
      throw;
    }
  }
};

TEST(call_content, a_server_that_reads_slowly_holds_the_producer_back) {
  world w;
  endless source;
  source.most = 1024 * 1024;
  w.server.on_connection = [](peer& p, std::size_t) { p.stop_reading(); };
  auto got = w.start(w.http.send(producing([&](body_writer& to) { return source.produce(to); })));
  w.loop.run_for(1s);
  const std::size_t before = source.written;
  // The send window, what the network holds, and a piece or two.
  EXPECT_LT(before, std::size_t{256} * 1024 + 64 * 1024);
  w.loop.run_for(1s);
  EXPECT_EQ(source.written, before);
  w.server.peers[0]->read_on();
  w.settle();
  EXPECT_EQ(source.written, source.most);
  w.server.peers[0]->send(ok_hello);
  w.settle();
  EXPECT_TRUE(got->succeeded()) << got->error();
}

TEST(call_content, cancelled_it_ends_its_producer_first) {
  world w;
  endless source;
  w.server.on_connection = [](peer& p, std::size_t) { p.stop_reading(); };
  auto got = w.start(w.http.send(producing([&](body_writer& to) { return source.produce(to); })));
  w.settle();
  got->chain.cancel();
  w.settle();
  EXPECT_EQ(got->error(), "cancelled");
  EXPECT_EQ(source.ended, "cancelled");
}

TEST(call_content, an_early_error_stops_the_producer) {
  world w;
  endless source;
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [said = false](peer& from) mutable {
      if (!std::exchange(said, true)) from.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    };
  };
  auto got = w.run(w.http.send(producing([&](body_writer& to) { return source.produce(to); })));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 413);
  EXPECT_EQ(got->value().content(), "big");
  EXPECT_EQ(source.ended, "cancelled");
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended) << "the request was not whole, so the connection cannot be used again";
}

TEST(call_content, an_early_success_waits_for_the_producer) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [said = false](peer& from) mutable {
      if (!std::exchange(said, true)) from.send(ok_hello);
    };
  };
  auto slow = [](body_writer& to) -> task<> {
    auto sleeping = parley::sleep_for(5s);
    co_await sleeping;
    auto writing = to.write("late");
    co_await writing;
  };
  const auto before = w.loop.now();
  auto got = w.run(w.http.send(producing(slow)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_GE(w.loop.now() - before, 5s);
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->received.ends_with("4\r\nlate\r\n0\r\n\r\n"));
  EXPECT_FALSE(w.server.peers[0]->ended);
}

TEST(call_content, a_lost_connection_stops_the_producer) {
  world w;
  endless source;
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [](peer& from) {
      if (from.received.size() > 100'000) from.abort();
    };
  };
  auto got = w.run(w.http.send(producing([&](body_writer& to) { return source.produce(to); })));
  EXPECT_EQ(got->kind(), fetch_error::kind::connection_lost) << got->error();
  EXPECT_NE(source.ended, "");
}

TEST(call_content, a_time_out_ends_the_producer_first) {
  world w;
  std::string last;
  auto stuck = [&](body_writer&) -> task<> {
    try {
      auto sleeping = parley::sleep_for(1h);
      co_await sleeping;
    } catch (const parley::cancelled&) {
      last = "producer";
      throw;
    }
  };
  auto got = w.run(w.http.send(producing(stuck), parley::options().timeout(1s)));
  EXPECT_EQ(got->kind(), fetch_error::kind::timeout);
  EXPECT_EQ(last, "producer");
}

TEST(call_content, cancelled_at_every_await) {
  for (int turns = 0; turns < 60; ++turns) {
    world w;
    answer_after(w.server, "0\r\n\r\n");
    w.loop.default_link().fragment = 7;
    w.loop.default_link().capacity = 16;
    int running = 0;
    auto producer = [&](body_writer& to) -> task<> {
      ++running;
      try {
        for (int i = 0; i < 4; ++i) {
          auto writing = to.write("0123456789");
          co_await writing;
          auto turn = parley::yield();
          co_await turn;
        }
      } catch (...) {
        --running;
        throw;
      }
      --running;
    };
    auto got = w.start(w.http.send(producing(producer)));
    for (int i = 0; i < turns && !got->ended(); ++i) w.loop.run_one_turn();
    if (got->ended()) break;
    got->chain.cancel();
    w.settle();
    EXPECT_EQ(got->error(), "cancelled") << turns;
    EXPECT_EQ(running, 0);
  }
}

TEST(call_content, a_producer_that_was_not_called_can_be_called_on_a_new_connection) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t number) {
    p.on_news = [number](peer& from) {
      if (number == 0) {
        from.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
      } else if (from.received.ends_with("0\r\n\r\n")) {
        from.send(ok_hello);
      }
    };
  };
  auto got = w.run(w.http.send(producing(parts({"x"})), parley::options().expect_continue(1s)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(content_of(*w.server.peers[1]), "1\r\nx\r\n0\r\n\r\n");
}

}  // namespace
