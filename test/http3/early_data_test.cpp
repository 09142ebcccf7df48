// Early data (0-RTT) at a server: who comes again is answered at once, where that is safe (RFC 8470).
#include "http3/http3_site.hpp"
#include "http3/raw_client.hpp"

#include <gtest/gtest.h>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;
using parley::server_room::count;

struct early_site : site {
  explicit early_site(const parley::limits& caps = {}, bool taken = true) : site(caps) {
    const auto tell = [this](const parley::request& req) {
      ++handled;
      return parley::text(std::string(req.early_data() ? "early " : "late ") + std::string(req.method().name()) +
                          std::string(req.content()));
    };
    plain("* /", tell);
    if (!taken) core.https.early_data(0);
    start();
    credentials = trusting();
    weather();
  }
  void weather() { loop->weather() = {.delay = 20ms, .jitter = 0ms, .loss = 0}; }
  /// A connection that leaves a ticket behind.
  void visit() {
    client first(*this, credentials);
    EXPECT_EQ(first.exchange(request_of("GET")).status, 200);
    loop->run_for(1s);
  }
  /// One whose first packets have the request in them.
  std::unique_ptr<client> again() {
    auto made = std::make_unique<client>(*this, credentials, false, true);
    EXPECT_FALSE(made->outcome.has_value());
    return made;
  }
  static asked request_of(std::string method) {
    asked what;
    what.method = std::move(method);
    what.path = "/";
    what.scheme = "https";
    return what;
  }
  std::optional<parley::tls::quic_ticket> ticket() { return parley::tls::take_ticket(*credentials, {"a.example", 443, {"h3"}}); }
  int handled = 0;
  std::shared_ptr<const parley::tls::client_credentials> credentials;
};

TEST(http3_early_data, is_answered_before_the_handshake_is_done) {
  early_site to;
  to.visit();
  const auto peer = to.again();
  auto* const call = peer->ask(early_site::request_of("GET"));
  ASSERT_NE(call, nullptr) << "it may ask at once";
  peer->run_until([&] { return call->finished; });
  EXPECT_EQ(call->answer.content, "early GET");
  EXPECT_EQ(to.counted(count::requests_early), 1U);
  // And from then on as ever.
  EXPECT_EQ(peer->exchange(early_site::request_of("GET")).content, "late GET");
  EXPECT_EQ(peer->exchange(early_site::request_of("POST")).content, "late POST");
  EXPECT_EQ(to.counted(count::requests_early), 1U);
  EXPECT_EQ(to.counted(count::too_early), 0U);
  ASSERT_TRUE(peer->outcome && peer->outcome->done);
}

TEST(http3_early_data, other_methods_than_safe_ones_reach_no_handler) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "BREW"}) {
    early_site to;
    to.visit();
    const int before = to.handled;
    const auto peer = to.again();
    auto what = early_site::request_of(method);
    what.content = "to be done once";
    auto* const call = peer->ask(what);
    ASSERT_NE(call, nullptr);
    peer->run_until([&] { return call->finished; });
    EXPECT_EQ(call->answer.status, 425) << method;
    EXPECT_EQ(to.handled, before) << method;
    EXPECT_EQ(to.counted(count::too_early), 1U);
    // RFC 8470 §5.2: it asks again after the handshake.
    EXPECT_EQ(peer->exchange(what).content, std::string("late ") + method + "to be done once");
  }
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE"}) {
    early_site to;
    to.visit();
    const int before = to.handled;
    const auto peer = to.again();
    auto* const call = peer->ask(early_site::request_of(method));
    ASSERT_NE(call, nullptr);
    peer->run_until([&] { return call->finished; });
    EXPECT_EQ(call->answer.status, 200) << method;
    EXPECT_EQ(to.handled, before + 1) << method;
  }
}

TEST(http3_early_data, what_a_gateway_says_of_its_client_counts_as_well) {
  early_site to;
  client peer(to);
  auto what = early_site::request_of("GET");
  what.fields = {{"Early-Data", "1"}};
  EXPECT_EQ(peer.exchange(what).content, "early GET");
  what.method = "POST";
  EXPECT_EQ(peer.exchange(what).status, 425);
  what.fields = {{"Early-Data", "nonsense"}};  // RFC 8470 §5.1: it means the same
  EXPECT_EQ(peer.exchange(what).status, 425);
  EXPECT_EQ(to.handled, 1);
  EXPECT_EQ(to.counted(count::too_early), 2U);
  EXPECT_EQ(to.counted(count::requests_early), 0U);
}

TEST(http3_early_data, is_sent_again_where_none_is_taken) {
  early_site to({}, false);
  to.visit();
  const auto peer = to.again();
  auto* const call = peer->ask(early_site::request_of("GET"));
  if (call != nullptr) {
    peer->run_until([&] { return call->finished; });
    EXPECT_EQ(call->answer.content, "late GET");
  } else {  // its ticket says that none is taken
    EXPECT_EQ(peer->exchange(early_site::request_of("GET")).content, "late GET");
  }
  EXPECT_EQ(to.handled, 2);
  EXPECT_EQ(to.counted(count::requests_early), 0U);
}

TEST(http3_early_data, is_not_taken_where_clients_show_certificates) {
  early_site to;
  to.visit();
  to.core.https.client_certificates(to.files.authority_file(), false);
  ASSERT_FALSE(to.core.https.reload());
  const auto peer = to.again();
  auto* const call = peer->ask(early_site::request_of("GET"));
  ASSERT_NE(call, nullptr);
  peer->run_until([&] { return call->finished; });
  EXPECT_EQ(call->answer.content, "late GET");
  EXPECT_EQ(to.counted(count::requests_early), 0U);
}

// --- copies ------------------------------------------------------------------------------------------------------------------------

/// What a client that comes again says first, without sending it: the datagrams up to the answer that it waits for.
std::vector<std::string> first_flight(early_site& to, std::string_view request) {
  raw_client recorder(*to.loop, {.credentials = to.credentials, .resume = to.ticket(), .early = true});
  recorder.keeps = recorder.silent = true;
  recorder.streams.open(control_stream(), false, true);
  recorder.streams.open(std::string(request));
  recorder.go();
  return std::move(recorder.sent);
}

void inject(site& to, const std::vector<std::string>& flight, std::uint16_t from) {
  const net::ip_endpoint server(net::endpoint{"127.0.0.1", 443, false});
  const auto socket = net::open_datagrams(*to.loop, net::ip_endpoint(net::endpoint{"127.0.0.1", from, false}), {}).value();
  for (const std::string& one : flight) {
    const net::datagram_run run{{}, server, 0, one.size(), one};
    net::send_place at;
    ASSERT_TRUE(socket->send({&run, 1}, at));
  }
  to.loop->run_for(1s);
}

/// Where a handshake that its client has left is soon forgotten: until then a copy only reaches the connection that it is a copy of.
parley::limits of_short_memory() {
  parley::limits caps;
  caps.handshake_time = 500ms;
  return caps;
}

TEST(http3_early_data, a_copy_is_refused) {
  early_site to(of_short_memory());
  to.visit();
  const auto flight = first_flight(to, request_frame("GET", "/"));
  const int before = to.handled;
  inject(to, flight, 7001);
  EXPECT_EQ(to.handled, before + 1) << "the first one is good";
  inject(to, flight, 7001);
  to.loop->run_for(30s);
  EXPECT_EQ(to.worker->open_connections(), 0U);
  inject(to, flight, 7001);
  inject(to, flight, 7002);
  EXPECT_EQ(to.handled, before + 1);
  EXPECT_EQ(to.counted(count::requests_early), 1U);
  EXPECT_GE(to.counted("early_data_refused"), 1U);
  // Others are served, early too.
  to.visit();
  const auto peer = to.again();
  auto* const call = peer->ask(early_site::request_of("GET"));
  ASSERT_NE(call, nullptr);
  peer->run_until([&] { return call->finished; });
  EXPECT_EQ(call->answer.content, "early GET");
}

TEST(http3_early_data, a_copy_is_refused_when_certificates_were_read_anew) {
  early_site to(of_short_memory());
  to.visit();
  const auto flight = first_flight(to, request_frame("GET", "/"));
  inject(to, flight, 7001);
  const int before = to.handled;
  to.loop->run_for(30s);
  ASSERT_FALSE(to.core.https.reload());
  inject(to, flight, 7002);
  EXPECT_EQ(to.handled, before);
  EXPECT_GE(to.counted("early_data_refused"), 1U);
}

TEST(http3_early_data, a_copy_is_refused_by_another_process) {
  early_site to;
  to.visit();
  const auto flight = first_flight(to, request_frame("GET", "/"));
  early_site other;
  inject(other, flight, 7001);
  EXPECT_EQ(other.handled, 0);
  EXPECT_EQ(other.counted(count::requests_early), 0U);
}

// Its content lies in the very first datagram, which goes before the connection could keep it.
TEST(http3_early_data, content_in_the_first_datagram) {
  early_site to;
  to.visit();
  const auto flight = first_flight(to, request_frame("OPTIONS", "/") + frame(0x00, "some content"));
  ASSERT_FALSE(flight.empty());
  const int before = to.handled;
  inject(to, {flight.front()}, 7001);
  inject(to, flight, 7001);
  EXPECT_EQ(to.handled, before + 1);
}

}  // namespace
}  // namespace http3_tests
