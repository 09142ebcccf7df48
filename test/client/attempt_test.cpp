// What is sent again on a new connection, and what is not; expectations; time-outs; failures in words.
#include "client/attempt.hpp"
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::method;
using parley::request;
using parley::response;
using parley::task;

const std::string attempt_url = "http://10.0.0.1/";

task<std::string> get_then(parley::client& http, request second) {
  auto getting = http.get(attempt_url);
  response first = co_await getting;
  auto sending = http.send(std::move(second));
  response last = co_await sending;
  co_return std::string(last.content());
}

// The first connection answers once, and then `late` to the second request before it closes; others answer all.
void answer_once(scripted_server& server, std::string late) {
  server.on_connection = [late](peer& p, std::size_t number) {
    p.on_news = [late, number, seen = std::size_t{0}](peer& from) mutable {
      while (from.received.find("\r\n\r\n", seen) != std::string::npos) {
        const bool first = seen == 0;
        seen = from.received.find("\r\n\r\n", seen) + 4;
        if (number > 0 || first) {
          from.send(ok_hello);
        } else {
          from.send(late);
          from.end();
        }
      }
    };
  };
}

TEST(attempt, a_stale_connection_is_replaced_where_that_is_safe) {
  struct row {
    method m;
    const char* late;
    bool again;
  };
  const row rows[] = {
      {method::get, "", true},
      {method::put, "", true},
      {method::delete_, "", true},
      {method::post, "", false},  // it may have been processed (RFC 9110 §9.2.2)
      {method::patch, "", false},
      {method::get, "HTTP/1.1 20", true},  // no response that could be read
      {method::get, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", false},
      {method::get, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true},
      {method::get, "HTTP/1.1 103 Early Hints\r\n\r\n", false},
      {method::get, "nonsense\r\n\r\n", false},
  };
  for (const row& x : rows) {
    world w;
    answer_once(w.server, x.late);
    request second(x.m, attempt_url);
    if (x.m != method::get) second.content("content", "text/plain");
    auto got = w.run(get_then(w.http, std::move(second)));
    EXPECT_EQ(got->succeeded(), x.again) << x.m.name() << " " << x.late << ": " << got->error();
    EXPECT_EQ(w.server.peers.size(), x.again ? 2u : 1u) << x.m.name() << " " << x.late;
    if (x.again && x.m != method::get) {
      EXPECT_TRUE(w.server.peers[1]->received.ends_with("\r\n\r\ncontent")) << "the content is sent again";
    }
  }
}

TEST(attempt, a_new_connection_that_says_nothing_is_not_tried_again) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t) { p.on_news = [](peer& from) { from.close(); }; };
  auto got = w.run(w.http.get(attempt_url));
  EXPECT_EQ(got->kind(), fetch_error::kind::connection_lost);
  EXPECT_EQ(got->error(), "10.0.0.1 port 80 closed the connection before it answered");
  EXPECT_EQ(w.server.peers.size(), 1u);
}

TEST(attempt, only_one_new_connection_is_tried) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t number) {
    p.on_news = [number, seen = 0](peer& from) mutable {
      if (number == 0 && seen++ == 0) return from.send(ok_hello);
      from.close();
    };
  };
  auto got = w.run(get_then(w.http, request(method::get, attempt_url)));
  EXPECT_EQ(got->kind(), fetch_error::kind::connection_lost) << got->error();
  EXPECT_EQ(w.server.peers.size(), 2u);
}

TEST(attempt, connections_that_closed_while_idle_are_not_used) {
  world w;
  w.server.answer_and_close(ok_hello);
  EXPECT_TRUE(w.run(w.http.get(attempt_url))->succeeded());
  w.settle();
  auto got = w.run(w.http.send(request(method::post, attempt_url)));
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(w.server.peers.size(), 2u) << "the end had arrived before the second request";
}

TEST(attempt, what_has_not_left_is_sent_again_whatever_its_method) {
  world w;
  w.server.answer_all(ok_hello);
  EXPECT_TRUE(w.run(w.http.get(attempt_url))->succeeded());
  w.server.peers[0]->abort();  // the client has not heard of it when it sends
  auto got = w.run(w.http.send(request(method::post, attempt_url)));
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(w.server.peers.size(), 2u);
}

TEST(attempt, failures_in_words) {
  struct row {
    const char* wire;
    fetch_error::kind kind;
    const char* says;
  };
  const row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Le", fetch_error::kind::connection_lost,
       "10.0.0.1 port 80 closed the connection within the head of its response"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n0123456789", fetch_error::kind::connection_lost,
       "the connection to 10.0.0.1 port 80 was lost after 10 of 5000 bytes of content"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", fetch_error::kind::connection_lost,
       "the connection to 10.0.0.1 port 80 was lost after 3 bytes of content, before the end"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", fetch_error::kind::protocol,
       "10.0.0.1 port 80 broke the rules of HTTP: The status line is not: version, one space, three digits, one space, reason. "
       "(RFC 9112 §4)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", fetch_error::kind::protocol,
       "10.0.0.1 port 80 broke the rules of HTTP: There is more than one Content-Length. (RFC 9112 §6.3)"},
  };
  for (const row& x : rows) {
    for (const bool reset : {false, true}) {
      if (reset && x.kind == fetch_error::kind::protocol) continue;
      world w;
      w.server.on_connection = [&](peer& p, std::size_t) {
        p.on_news = [&](peer& from) {
          from.send(x.wire);
          if (!reset) from.end();
        };
      };
      auto got = w.start(w.http.get(attempt_url));
      w.settle();
      if (reset) w.server.peers[0]->abort();
      w.settle();
      EXPECT_EQ(got->kind(), x.kind) << got->error();
      if (!reset || got->error().find(" lost after ") != std::string::npos) {
        EXPECT_EQ(got->error(), x.says);
      }
    }
  }
}

TEST(attempt, limits_in_words) {
  parley::limits caps;
  caps.head = 256;
  caps.field_line = 128;
  world w;
  parley::client http(caps);
  w.server.answer_all("HTTP/1.1 200 OK\r\nX: " + std::string(500, 'x') + "\r\n\r\n");
  auto got = w.run(http.get(attempt_url));
  EXPECT_EQ(got->kind(), fetch_error::kind::protocol);
  EXPECT_NE(got->error().find("is beyond the limit "), std::string::npos) << got->error();

  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [](peer& from) { from.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"); };
  };
  auto stalled = w.run(http.get(attempt_url));
  EXPECT_EQ(stalled->kind(), fetch_error::kind::timeout);
  EXPECT_EQ(stalled->error(), "10.0.0.1 port 80 sent nothing for 30 s (the limit stall_time)");
}

TEST(attempt, the_whole_fetch_has_a_time_out) {
  struct row {
    const char* wire;
    const char* says;
  };
  const row rows[] = {
      {"", "gave up after 1500 ms while waiting for the response of 10.0.0.1 port 80 (a longer timeout may help)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
       "gave up after 1500 ms while receiving content from 10.0.0.1 port 80 (a longer timeout may help)"},
  };
  for (const row& x : rows) {
    world w;
    w.server.on_connection = [&](peer& p, std::size_t) { p.on_news = [&](peer& from) { from.send(x.wire); }; };
    auto got = w.run(w.http.get(attempt_url, parley::options().timeout(1500ms)));
    EXPECT_EQ(got->kind(), fetch_error::kind::timeout);
    EXPECT_EQ(got->error(), x.says);
    w.settle();
    EXPECT_TRUE(w.server.peers[0]->ended) << "what was under way is closed";
  }
  world w;
  w.server.answer_all(ok_hello);
  EXPECT_TRUE(w.run(w.http.get(attempt_url, parley::options().timeout(1500ms)))->succeeded());
}

TEST(attempt, cancelled_at_every_await_it_closes_within_one_turn) {
  // The wire in single bytes, so that there are many turns to be cancelled in.
  for (int turns = 0; turns < 120; ++turns) {
    world w;
    w.server.answer_all("HTTP/1.1 103 Early Hints\r\n\r\n" + ok_hello);
    w.loop.default_link().fragment = 1;
    auto got = w.start(w.http.get(attempt_url));
    for (int i = 0; i < turns && !got->ended(); ++i) w.loop.run_one_turn();
    if (got->ended()) {
      EXPECT_TRUE(got->succeeded());
      continue;
    }
    got->chain.cancel();
    w.loop.run_one_turn();
    EXPECT_EQ(got->error(), "cancelled") << turns;
    w.settle();
    for (const auto& p : w.server.peers) EXPECT_TRUE(p->ended) << turns;
  }
}

TEST(attempt, expectation_is_waited_for) {
  world w;
  request r(method::put, attempt_url);
  r.content("content", "text/plain");
  auto got = w.start(w.http.send(std::move(r), parley::options().expect_continue(1s)));
  w.settle();
  peer& p = *w.server.peers[0];
  EXPECT_NE(p.received.find("Expect: 100-continue\r\n"), std::string::npos) << p.received;
  EXPECT_TRUE(p.received.ends_with("\r\n\r\n")) << "no content yet";
  p.send("HTTP/1.1 100 Continue\r\n\r\n");
  w.settle();
  EXPECT_TRUE(p.received.ends_with("\r\n\r\ncontent"));
  p.send(ok_hello);
  w.settle();
  EXPECT_TRUE(got->succeeded()) << got->error();
}

// A server that streams may begin its answer right behind the 100, and waits for the content all the same.
TEST(attempt, content_follows_a_100_that_comes_with_the_answer) {
  world w;
  request r(method::put, attempt_url);
  r.content("content", "text/plain");
  auto got = w.start(w.http.send(std::move(r), parley::options().expect_continue(1s)));
  w.settle();
  peer& p = *w.server.peers[0];
  p.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  w.settle();
  EXPECT_TRUE(p.received.ends_with("\r\n\r\ncontent")) << p.received;
  p.send("content");
  w.settle();
  EXPECT_TRUE(got->succeeded()) << got->error();
}

TEST(attempt, expectation_is_not_waited_for_beyond_its_time) {
  world w;
  request r(method::put, attempt_url);
  r.content("content", "text/plain").header("Expect", "100-continue");  // by hand: one second
  auto got = w.start(w.http.send(std::move(r)));
  w.loop.run_for(990ms);
  EXPECT_TRUE(w.server.peers[0]->received.ends_with("\r\n\r\n"));
  w.loop.run_for(20ms);
  EXPECT_TRUE(w.server.peers[0]->received.ends_with("content"));
  w.server.peers[0]->send(ok_hello);
  w.settle();
  EXPECT_TRUE(got->succeeded()) << got->error();
}

TEST(attempt, a_final_answer_to_an_expectation_keeps_the_content_back) {
  world w;
  w.server.answer_all("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  request r(method::put, attempt_url);
  r.content("content", "text/plain");
  auto got = w.run(w.http.send(std::move(r), parley::options().expect_continue(1s)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 403);
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->received.ends_with("\r\n\r\n"));
  EXPECT_TRUE(w.server.peers[0]->ended) << "the server may still wait for the content";
}

TEST(attempt, a_refused_expectation_is_left_out_the_second_time) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t number) {
    p.on_news = [number](peer& from) {
      from.send(number == 0 ? "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n" : ok_hello);
    };
  };
  request r(method::put, attempt_url);
  r.content("content", "text/plain");
  auto got = w.run(w.http.send(std::move(r), parley::options().expect_continue(1s)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 200);
  ASSERT_EQ(w.server.peers.size(), 2u);
  EXPECT_EQ(w.server.peers[1]->received.find("Expect"), std::string::npos);
  EXPECT_TRUE(w.server.peers[1]->received.ends_with("content"));
}

// Who wrote the field hears what became of it: a proxy, say, whose client has to decide.
TEST(attempt, a_refused_expectation_of_the_request_is_told) {
  world w;
  w.server.answer_all("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
  request r(method::put, attempt_url);
  r.content("content", "text/plain").header("Expect", "100-continue");
  auto got = w.run(w.http.send(std::move(r)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 417);
  EXPECT_EQ(w.server.peers.size(), 1u);
}

TEST(attempt, no_expectation_without_content) {
  world w;
  w.server.answer_all(ok_hello);
  auto got = w.run(w.http.get(attempt_url, parley::options().expect_continue(1s)));
  EXPECT_TRUE(got->succeeded());
  EXPECT_EQ(w.server.peers[0]->received.find("Expect"), std::string::npos);
}

}  // namespace
