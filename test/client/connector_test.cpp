// From a name to a connection: addresses in turn, with overlap, and what is said when none answers.
#include "client/connector.hpp"
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::fetch_error;

// Lines such as `connect 10.0.0.1:80 ok`.
class connect_lines final : public parley::engine::observer {
 public:
  void observe(const parley::engine::observation& seen) noexcept override {
    namespace e = parley::engine;
    if (const auto* r = std::get_if<e::observed_resolve>(&seen.what)) {
      add(seen, r->done ? "resolved " + std::string(r->addresses) : "resolve " + std::string(r->host));
    } else if (const auto* c = std::get_if<e::observed_connect>(&seen.what)) {
      if (!c->done) add(seen, "connect " + std::string(c->address));
      if (c->done) add(seen, std::string(c->error.empty() ? "connected " : "failed ") + std::string(c->address));
    } else if (const auto* h = std::get_if<e::observed_head>(&seen.what)) {
      add(seen, h->way == e::direction::out ? "request" : "response");
    }
  }
  std::vector<std::string> lines;
  std::vector<std::uint64_t> connections;

 private:
  void add(const parley::engine::observation& seen, std::string line) {
    lines.push_back(std::move(line));
    connections.push_back(seen.connection);
  }
};

using lines = std::vector<std::string>;

TEST(connector, shows_its_steps_under_the_connections_id) {
  connect_lines seen;
  world w;
  w.server.answer_all(ok_hello);
  w.loop.add_name("example.org", {"10.0.0.1"});
  w.http.observe(&seen);
  auto got = w.run(w.http.get("http://example.org/"));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(seen.lines, (lines{"resolve example.org", "resolved 10.0.0.1", "connect 10.0.0.1:80", "connected 10.0.0.1:80",
                               "request", "response"}));
  for (const auto id : seen.connections) EXPECT_EQ(id, seen.connections[0]);
  EXPECT_NE(seen.connections[0], 0u);
}

TEST(connector, a_refused_address_makes_the_next_ones_turn_come_at_once) {
  connect_lines seen;
  world w;
  w.server.answer_all(ok_hello);
  w.loop.add_name("example.org", {"2001:db8::1", "10.0.0.9", "10.0.0.1"});
  w.http.observe(&seen);
  const auto before = w.loop.now();
  auto got = w.start(w.http.get("http://example.org/"));
  w.settle();
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(w.loop.now(), before) << "nothing was waited for";
  EXPECT_EQ(seen.lines[4], "connect 10.0.0.9:80");
  EXPECT_EQ(seen.lines[7], "connected 10.0.0.1:80");
}

TEST(connector, the_next_address_is_tried_after_250_ms) {
  connect_lines seen;
  world w;
  w.server.answer_all(ok_hello);
  scripted_server slow(w.loop, "10.0.0.2");
  w.loop.add_name("example.org", {"10.0.0.2", "10.0.0.1"});
  w.http.observe(&seen);
  w.loop.default_link().delay = 10s;  // the first attempt begins with that
  auto got = w.start(w.http.get("http://example.org/"));
  w.settle();
  w.loop.default_link().delay = 0s;
  w.loop.run_for(249ms);
  EXPECT_EQ(seen.lines.back(), "connect 10.0.0.2:80");
  w.loop.run_for(1ms);
  w.settle();
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ((lines{seen.lines.begin() + 2, seen.lines.begin() + 6}),
            (lines{"connect 10.0.0.2:80", "connect 10.0.0.1:80", "connected 10.0.0.1:80", "failed 10.0.0.2:80"}));
  w.loop.run_for(20s);
  EXPECT_TRUE(slow.peers.empty()) << "the slow attempt was given up";
}

TEST(connector, the_first_address_still_wins_when_it_answers_first) {
  world w;
  w.server.answer_all(ok_hello);
  scripted_server other(w.loop, "10.0.0.2");
  w.loop.add_name("example.org", {"10.0.0.1", "10.0.0.2"});
  w.loop.default_link().delay = 400ms;
  auto got = w.run(w.http.get("http://example.org/"));
  ASSERT_TRUE(got->succeeded()) << got->error();
  w.loop.run_for(1s);
  EXPECT_TRUE(other.peers.empty());
}

TEST(connector, sentences_of_failures) {
  world w;
  w.loop.add_name("example.org", {"2001:db8::1", "10.0.0.9"});
  struct row {
    const char* url;
    fetch_error::kind kind;
    const char* says;
  };
  const row rows[] = {
      {"http://10.0.0.1:8080/", fetch_error::kind::connect,
       "cannot connect to 10.0.0.1 port 8080: connection refused (is the server running?)"},
      {"http://localhost:8080/", fetch_error::kind::connect,
       "cannot connect to localhost port 8080: connection refused (is the server running?)"},
      {"http://[::1]:8080/", fetch_error::kind::connect,
       "cannot connect to ::1 port 8080: connection refused (is the server running?)"},
      {"http://example.org/", fetch_error::kind::connect,
       "cannot connect to example.org port 80: connection refused (is the server running?)"},
      {"http://nowhere.invalid/", fetch_error::kind::resolve, "cannot find the host nowhere.invalid: "},
  };
  for (const row& x : rows) {
    auto got = w.run(w.http.get(x.url));
    EXPECT_EQ(got->kind(), x.kind) << got->error();
    EXPECT_EQ(got->error().substr(0, std::string_view(x.says).size()), x.says);
  }
}

TEST(connector, connecting_has_a_time_out_of_its_own) {
  world w;
  w.server.answer_all(ok_hello);
  w.loop.default_link().delay = 10s;
  const auto before = w.loop.now();
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().connect_timeout(2s)));
  EXPECT_EQ(got->kind(), fetch_error::kind::timeout);
  EXPECT_EQ(got->error(), "gave up after 2 s while connecting to 10.0.0.1 port 80 (a longer connect_timeout may help)");
  EXPECT_LT(w.loop.now() - before, 3s);
  w.loop.run_for(1min);
  EXPECT_TRUE(w.server.peers.empty()) << "what was begun was given up";
}

TEST(connector, cancelled_while_looking_up_and_while_connecting) {
  for (const int turns : {0, 1, 2, 3}) {
    world w;
    w.loop.add_name("example.org", {"10.0.0.1"});
    w.loop.default_link().delay = 10s;
    auto got = w.start(w.http.get("http://example.org/"));
    for (int i = 0; i < turns; ++i) w.loop.run_one_turn();
    got->chain.cancel();
    w.settle();
    EXPECT_EQ(got->error(), "cancelled");
    w.loop.run_for(1min);
    EXPECT_TRUE(w.server.peers.empty());
  }
}

}  // namespace
