// HTTP/3 between our two ends through bad networks, on virtual time: every exchange completes and is exact.
#include "http3_site.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <span>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;

struct sky {
  const char* name;
  net::memory_weather weather;
  friend std::ostream& operator<<(std::ostream& to, const sky& s) { return to << s.name; }
};

/// Networks as bad as these take long; what is tried here is not how long.
parley::limits patient() {
  parley::limits c;
  c.handshake_time = 5min;
  c.quic_idle_time = 10min;
  c.head_time = c.idle_time = c.stall_time = c.blocked_time = c.budget_time = 10min;
  c.receive_rate = c.send_rate = 0;
  return c;
}

/// Text that repeats nowhere soon, so that bytes in a wrong place show.
std::string text_of(std::size_t size, std::uint64_t seed) {
  parley::base::seeded_random random(seed);
  std::string text(size, '\0');
  random.fill(std::as_writable_bytes(std::span(text)));
  return text;
}

struct weather_site : site {
  explicit weather_site(std::uint64_t seed) : site(patient()) {
    plain("GET /text/{seed}/{size}", [](const parley::request& req) {
      return parley::response(200).content(text_of(std::stoul(req.path("size")), std::stoull(req.path("seed"))), "text/plain");
    });
    route("GET /stream/{seed}/{size}", [](parley::request& req) -> parley::task<parley::response> {
      std::string text = text_of(std::stoul(req.path("size")), std::stoull(req.path("seed")));
      co_return parley::stream(
          [text = std::move(text)](parley::body_writer& to) -> parley::task<> {
            for (std::size_t at = 0; at < text.size(); at += 7'000) {
              auto writing = to.write(std::string_view(text).substr(at, 7'000));
              co_await writing;
            }
          },
          "text/plain");
    });
    route("GET /late/{seed}/{size}", [](parley::request& req) -> parley::task<parley::response> {
      std::string text = text_of(std::stoul(req.path("size")), std::stoull(req.path("seed")));
      auto pause = parley::sleep_for(2s);
      co_await pause;
      co_return parley::response(200).content(std::move(text), "text/plain");
    });
    route("POST /back", [](parley::request& req) -> parley::task<parley::response> {
      auto reading = req.text(10'000'000);
      std::string content = co_await reading;
      co_return parley::response(200).content(std::move(content), "text/plain");
    });
    start();
    loop->seed_weather(seed);
  }
};

asked over_https(std::string method, std::string path, std::optional<std::string> content = {}) {
  asked what;
  what.method = std::move(method);
  what.path = std::move(path);
  what.scheme = "https";
  what.content = std::move(content);
  return what;
}

/// Some of each sort at once, and what must come back.
struct exchanges_at_once {
  struct one {
    client::call* call;
    std::string expected;
  };
  exchanges_at_once(client& peer, std::uint64_t seed) {
    const auto add = [&](const asked& what, std::string expected) { all.push_back({peer.ask(what), std::move(expected)}); };
    for (std::uint64_t n = seed * 100; n < seed * 100 + 4; ++n) {
      for (const std::size_t size : {std::size_t{13}, std::size_t{60'000}}) {
        const std::string where = std::to_string(n) + "/" + std::to_string(size);
        add(over_https("GET", "/text/" + where), text_of(size, n));
        add(over_https("GET", "/stream/" + where), text_of(size, n));
        add(over_https("POST", "/back", text_of(size, n + 50)), text_of(size, n + 50));
      }
    }
  }
  [[nodiscard]] bool sent() const {
    return std::ranges::all_of(all, [](const one& x) { return x.call != nullptr; });
  }
  [[nodiscard]] auto finished() const {
    return std::ranges::count_if(all, [](const one& x) { return x.call->finished; });
  }
  [[nodiscard]] bool done() const { return finished() == std::ssize(all); }
  void check() const {
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].call->answer.status, 200) << i;
      EXPECT_TRUE(all[i].call->answer.whole) << i;
      EXPECT_TRUE(all[i].call->answer.content == all[i].expected) << i << ": " << all[i].call->answer.content.size();
    }
  }
  std::vector<one> all;
};

// Over TCP all would wait for what one has lost.
TEST(Http3HeadOfLine, AResponseWhosePacketsAreLostHoldsUpNobody) {
  weather_site to(1);
  to.loop->weather().delay = 10ms;
  client peer(to, nullptr, false, false, patient());
  ASSERT_EQ(peer.exchange(over_https("GET", "/text/1/13")).status, 200);
  to.loop->run_for(1s);
  const auto* lost = peer.ask(over_https("GET", "/text/2/1000"));
  ASSERT_NE(lost, nullptr);
  to.loop->run_for(5ms);  // the request is on its way
  to.loop->weather().loss = 1;
  to.loop->run_for(10ms);  // and is answered
  EXPECT_EQ(to.counted(parley::server_room::count::requests_http3), 2U);
  to.loop->weather().loss = 0;
  std::vector<client::call*> others;
  for (int n = 0; n < 19; ++n) {
    others.push_back(peer.ask(over_https("GET", "/text/3/500")));
    ASSERT_NE(others.back(), nullptr);
  }
  const auto all_done = [&] { return std::ranges::all_of(others, [](const auto* x) { return x->finished; }); };
  for (int step = 0; step < 10'000 && !all_done(); ++step) to.loop->run_for(1ms);
  EXPECT_TRUE(all_done());
  EXPECT_FALSE(lost->finished);
  peer.run_until([&] { return lost->finished; });
  EXPECT_TRUE(lost->answer.content == text_of(1000, 2));
  for (const auto* x : others) EXPECT_TRUE(x->answer.content == text_of(500, 3));
}

// The server sends to where the client was, and nothing comes back that would tell it better: RFC 9114 §5.1's PINGs do.
TEST(Http3Moving, AClientThatOnlyWaitsIsFoundAgain) {
  weather_site to(1);
  to.loop->weather().delay = 10ms;
  client peer(to, nullptr, false, false, patient());
  const auto* late = peer.ask(over_https("GET", "/late/1/60000"));
  for (int step = 0; late == nullptr && step < 100; ++step) {
    to.loop->run_for(10ms);
    late = peer.ask(over_https("GET", "/late/1/60000"));
  }
  ASSERT_NE(late, nullptr);
  to.loop->run_for(1s);
  ASSERT_TRUE(to.loop->rebind_datagrams(peer.local, net::ip_endpoint(net::endpoint{"127.0.0.1", 7, false})));
  to.loop->run_for(2s);
  EXPECT_EQ(to.counted(parley::server_room::count::requests_http3), 1U);
  EXPECT_FALSE(late->finished);
  to.loop->run_for(60s);
  ASSERT_TRUE(late->finished);
  EXPECT_TRUE(late->answer.content == text_of(60'000, 1));
}

class Http3Weather : public testing::TestWithParam<sky> {};

TEST_P(Http3Weather, ExchangesAreWholeAndExact) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    weather_site to(seed);
    to.loop->weather() = GetParam().weather;
    client peer(to, nullptr, false, false, patient());
    peer.run_until([&] { return peer.made == nullptr || peer.made->can_send_request(); });
    const exchanges_at_once these(peer, seed);
    ASSERT_TRUE(these.sent());
    peer.run_until([&] { return these.done(); });
    ASSERT_TRUE(these.done()) << these.finished() << " of " << these.all.size();
    these.check();
    EXPECT_EQ(to.counted(parley::server_room::count::requests_http3), these.all.size());
    EXPECT_EQ(to.counted(parley::server_room::count::connections_http3), 1U);
  }
}

TEST_P(Http3Weather, AndSoTheyAreWhenThePathChanges) {
  weather_site to(9);  // at 20 and 30 % of loss two seeds of 60 meet what src/quic/README.md says of ngtcp2 and paths that change
  to.loop->weather() = GetParam().weather;
  client peer(to, nullptr, false, false, patient());
  peer.run_until([&] { return peer.made == nullptr || peer.made->can_send_request(); });
  const exchanges_at_once these(peer, 9);
  ASSERT_TRUE(these.sent());
  const auto all = std::ssize(these.all);
  // A client that moved tells of it by what it sends: one that only receives would not before its next PING.
  std::vector<client::call*> more;
  const auto move = [&](const net::ip_endpoint& from, const net::ip_endpoint& where) {
    EXPECT_TRUE(to.loop->rebind_datagrams(from, where));
    more.push_back(peer.ask(over_https("GET", "/text/5/20")));
    ASSERT_NE(more.back(), nullptr);
  };
  const net::ip_endpoint elsewhere(net::endpoint{"127.0.0.1", 7, false});
  peer.run_until([&] { return these.finished() >= all / 4; });
  ASSERT_FALSE(these.done());
  to.loop->weather().mtu = 1'230;  // what was found to pass passes no more
  move(peer.local, elsewhere);
  peer.run_until([&] { return these.finished() >= all / 2; });
  to.loop->weather().mtu = 1'472;
  move(elsewhere, peer.local);
  const auto all_done = [&] { return these.done() && std::ranges::all_of(more, [](const auto* x) { return x->finished; }); };
  peer.run_until(all_done);
  ASSERT_TRUE(all_done()) << these.finished() << " of " << these.all.size();
  these.check();
  for (const auto* x : more) EXPECT_TRUE(x->answer.content == text_of(20, 5));
  EXPECT_EQ(to.counted(parley::server_room::count::connections_http3), 1U);
}

constexpr net::memory_weather near{.delay = 10ms, .rate = 2'000'000};

net::memory_weather with(auto change) {
  net::memory_weather w = near;
  change(w);
  return w;
}

INSTANTIATE_TEST_SUITE_P(Skies, Http3Weather,
                         testing::Values(sky{"clear", near}, sky{"loss_1", with([](auto& w) { w.loss = 0.01; })},
                                         sky{"loss_5", with([](auto& w) { w.loss = 0.05; })},
                                         sky{"loss_10", with([](auto& w) { w.loss = 0.1; })},
                                         sky{"loss_20", with([](auto& w) { w.loss = 0.2; })},
                                         sky{"loss_30", with([](auto& w) { w.loss = 0.3; })},
                                         sky{"reordered", with([](auto& w) { w.jitter = 30ms; })},
                                         sky{"repeated", with([](auto& w) { w.duplication = 0.5; })},
                                         sky{"corrupted", with([](auto& w) { w.corruption = 0.1; })},
                                         sky{"small_mtu", with([](auto& w) { w.mtu = 1'200; })}, sky{"narrow", with([](auto& w) {
                                                                                                       w.rate = 50'000;
                                                                                                       w.queue = 50ms;
                                                                                                     })},
                                         sky{"all", with([](auto& w) {
                                               w.loss = 0.05;
                                               w.jitter = 10ms;
                                               w.duplication = 0.1;
                                               w.corruption = 0.05;
                                               w.mtu = 1'300;
                                             })}),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace http3_tests
