// Alt-Svc at the client: a server announces HTTP/3, is asked there from then on, and nothing is lost where that fails.
#include "client_world.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace http3_tests {
namespace {

using parley::server_room::count;
using serves = client_world::serves;

/// A page that says what the test wants it to say in Alt-Svc.
struct announcing_world : client_world {
  explicit announcing_world(serves how = serves::both) : client_world(how) {
    to.plain("GET /says", [this](const parley::request& req) {
      parley::response res = parley::text(std::string(parley::name(req.version())));
      res.fields().set("Alt-Svc", says);
      if (!age.empty()) res.fields().set("Age", age);
      return res;
    });
  }
  std::string says = "clear";
  std::string age;
};

TEST(http3_alternatives, what_is_announced_is_used_for_the_next_request) {
  client_world w;
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_EQ(w.get(site_url), "HTTP/3");
  EXPECT_EQ(w.get(site_url), "HTTP/3");
  EXPECT_EQ(w.to.counted(count::connections_accepted), 2U);
  EXPECT_EQ(w.log.lines.back(), "udp 127.0.0.1:443 done");
  EXPECT_EQ(w.get(site_url, parley::options().version(parley::http1_1)), "HTTP/1.1") << "who asks for a version gets it";
  EXPECT_EQ(w.get(site_url, parley::options().upgrade()), "HTTP/2");
}

TEST(http3_alternatives, requests_say_that_they_go_to_an_alternative) {
  client_world w;
  w.to.plain("GET /used", [](const parley::request& req) {
    return parley::text(std::string(req.fields().get("Alt-Used").value_or("not said")));
  });
  EXPECT_EQ(w.get(site_url + "used"), "not said");
  EXPECT_EQ(w.get(site_url + "used"), "a.example:443");
}

TEST(http3_alternatives, many_requests_wait_for_nobody) {
  client_world w;
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  w.to.loop->weather().delay = 60ms;
  std::vector<std::unique_ptr<started<parley::response>>> all;
  for (int i = 0; i < 20; ++i) all.push_back(w.start(w.http.get(site_url)));
  w.to.loop->run_for(10ms);
  std::size_t answered_soon = 0;
  for (const auto& each : all) answered_soon += each->succeeded();
  EXPECT_EQ(answered_soon, 19U) << "one tries the alternative, and the others use the connection that is there";
  for (auto& each : all) w.finish(*each);
  for (const auto& each : all) EXPECT_TRUE(each->succeeded()) << each->error();
  EXPECT_EQ(w.to.counted(count::connections_http3), 1U);
  EXPECT_EQ(w.get(site_url), "HTTP/3");
}

TEST(http3_alternatives, nothing_is_lost_where_udp_is_blocked) {
  client_world w;
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  w.to.loop->weather().loss = 1;
  auto begin = w.to.loop->now();
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_GE(w.to.loop->now() - begin, 250ms);
  EXPECT_LE(w.to.loop->now() - begin, 270ms) << "the connection that is there serves it";
  EXPECT_EQ(w.to.counted(count::connections_accepted), 1U);
  // It failed: not tried again for a minute, then for two.
  for (const auto pause : {60s, 120s}) {
    begin = w.to.loop->now();
    EXPECT_EQ(w.get(site_url), "HTTP/2");
    EXPECT_LE(w.to.loop->now() - begin, 10ms);
    w.to.loop->run_for(pause - 2s);
    EXPECT_EQ(w.get(site_url), "HTTP/2");
    w.to.loop->run_for(3s);
    begin = w.to.loop->now();
    EXPECT_EQ(w.get(site_url), "HTTP/2");
    EXPECT_GE(w.to.loop->now() - begin, 250ms) << "tried again";
  }
  w.to.loop->weather().loss = 0;
  w.to.loop->run_for(241s);
  EXPECT_EQ(w.get(site_url), "HTTP/3") << "it works again";
}

TEST(http3_alternatives, a_first_connection_is_raced_too) {
  client_world w;
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  w.to.loop->run_for(31s);  // it was idle for too long
  w.log.lines.clear();
  w.to.loop->weather().loss = 1;
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_EQ(w.log.lines, (std::vector<std::string>{"udp 127.0.0.1:443 begins", "tcp 127.0.0.1:443 begins", "tcp 127.0.0.1:443 done",
                                                   "settled h2 resumed", "udp 127.0.0.1:443 failed: given up"}));
}

TEST(http3_alternatives, another_host_must_have_a_certificate_for_the_origin) {
  announcing_world w;
  // The same server under another name: its certificate is for a.example, and that is what counts.
  w.to.loop->add_name("b.example", {"127.0.0.1"});
  w.says = R"(h3="b.example:443")";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/3");
  EXPECT_EQ(w.get(site_url), "HTTP/3");
}

/// Whose connections never come to a request.
struct silent_owner final : connection::exchange_owner {
  connection::exchange& on_request(connection::http_connection&, engine::request_event&&) override { std::abort(); }
  void on_begin(connection::exchange&) override {}
  void on_refused(connection::http_connection&, engine::stream_id, const engine::protocol_error&) override {}
  void on_response(connection::exchange&, engine::response_event&&) override {}
  void on_received(connection::exchange&) override {}
  void on_too_large(connection::exchange&) override {}
  void on_detached(connection::exchange&) override {}
  void on_reset(connection::exchange&) override {}
  void on_idle(connection::http_connection&) override {}
  void on_draining(connection::http_connection&) override {}
  void on_closed(connection::http_connection&) override {}
};

TEST(http3_alternatives, a_host_without_such_a_certificate_is_not_believed) {
  announcing_world w;
  site other;  // with a certificate of its own authority
  w.says = R"(h3="127.0.0.1:444")";
  auto made = net::open_datagrams(*w.to.loop, net::ip_endpoint(net::endpoint{"127.0.0.1", 444, false}), {});
  ASSERT_TRUE(made);
  struct entrance final : connection::http3_owner {
    std::vector<std::unique_ptr<connection::http_connection>> all;
    entry may_enter(const net::endpoint&, bool) override { return entry::yes; }
    void on_nobody() override {}
    void on_connection(std::unique_ptr<connection::http_connection> c) override {
      c->start();
      all.push_back(std::move(c));
    }
    void hand_over(unsigned, const net::datagram_run&) override {}
    void on_counts(const connection::http3_counts&) override {}
  } door;
  connection::http3_listener_setup setup;
  setup.keys = connection::make_http3_keys(parley::base::system_random());
  parley::tls::server_settings with;
  with.certificates.push_back(other.files.authority.server({"a.example"}));
  with.protocols = {"h3"};
  setup.credentials = parley::tls::server_credentials::make(with).value();
  const parley::limits caps;
  silent_owner dispatch;
  auto listener =
      connection::make_http3_listener(*w.to.loop, std::move(*made), std::move(setup), door, dispatch, caps, [] { return 7U; });
  listener->start();
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  ASSERT_EQ(door.all.size(), 1U) << "it was tried";
  EXPECT_EQ(w.log.lines.back().substr(0, 28), "udp 127.0.0.1:444 failed: th") << "for its certificate";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_EQ(door.all.size(), 1U) << "and not again at once";
  w.to.loop->run_for(10s);
  door.all.clear();
}

TEST(http3_alternatives, an_alternative_that_nobody_knows_holds_nobody_up) {
  announcing_world w;
  w.says = R"(h3="nowhere.example:443")";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  const auto begin = w.to.loop->now();
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_LE(w.to.loop->now() - begin, 20ms);
}

TEST(http3_alternatives, ends_with_its_age_or_when_it_is_taken_back) {
  announcing_world w;
  w.says = R"(h3=":443"; ma=100)";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/3");
  w.to.loop->run_for(120s);
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2") << "too old";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/3");
  w.says = "clear";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/3");
  w.to.loop->run_for(31s);
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  w.says = "h3=:443 malformed";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
}

// RFC 7838 §3.1: an answer from a cache says what was true when it was made.
TEST(http3_alternatives, are_as_old_as_the_answer_that_named_them) {
  announcing_world w;
  w.says = R"(h3=":443"; ma=100)";
  for (const char* const old : {"100", "4294967296"}) {
    w.age = old;
    EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
    EXPECT_EQ(w.get(site_url + "says"), "HTTP/2") << "of no use when it came";
  }
  w.age = "70";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2");
  w.to.loop->run_for(31s);
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/2") << "30 seconds were left";
  w.age = "-1";
  EXPECT_EQ(w.get(site_url + "says"), "HTTP/3") << "of the answer before";
}

TEST(http3_alternatives, only_who_has_shown_who_it_is_may_announce) {
  client_world w;
  EXPECT_EQ(w.get(site_url, parley::options().insecure()), "HTTP/2");
  EXPECT_EQ(w.get(site_url, parley::options().insecure()), "HTTP/2") << "nobody knows who said it";
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_EQ(w.get(site_url), "HTTP/3");
}

TEST(http3_alternatives, can_be_switched_off) {
  client_world w;
  w.http.alternatives(false);
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_EQ(w.get(site_url), "HTTP/2");
}

TEST(http3_alternatives, one_that_does_not_answer_for_the_origin_is_forgotten) {
  client_world w;
  w.to.plain("GET /not-here", [](const parley::request& req) {
    if (req.version() == parley::http3) return parley::text("wrong door").status(421);
    return parley::text("by " + std::string(parley::name(req.version())));
  });
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_EQ(w.get(site_url + "not-here"), "by HTTP/2") << "asked there, and then at the origin";
  EXPECT_EQ(w.to.counted(count::requests_http3), 1U);
}

TEST(http3_alternatives, are_kept_for_the_next_client) {
  client_world w;
  const std::string folder = w.scratch / "kept";
  EXPECT_EQ(w.http.keep_alternatives(folder), "");
  EXPECT_EQ(w.get(site_url), "HTTP/2");
  EXPECT_TRUE(std::filesystem::exists(folder + "/alternatives"));
  parley::client next;
  next.trust(w.to.files.authority_file());
  EXPECT_EQ(next.keep_alternatives(folder), "");
  auto got = w.run(next.get(site_url));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().content(), "HTTP/3");
}

}  // namespace
}  // namespace http3_tests
