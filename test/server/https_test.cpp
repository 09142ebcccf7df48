#include "secure_peer.hpp"
#include "trace/recorder.hpp"

#include <parley/trace.hpp>

#include "support/scratch_folder.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

// https at the server, on the network in memory: whom it lets in, what requests know of it, and what it says to those that it does not.

namespace parley::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

TEST(https, requests_know_that_they_are_secure) {
  secure_server server;
  std::optional<tls_info> seen;
  bool secure = false;
  std::string scheme;
  server.core.routes.add("GET /info",
                         [&](const request& req) {
                           seen = req.tls();
                           secure = req.secure();
                           scheme = req.scheme();
                           return text("seen");
                         },
                         {});
  server.start();
  secure_peer client(server);
  ASSERT_FALSE(*client.result) << client.result->message;
  EXPECT_TRUE(client.ask("GET /info HTTP/1.1\r\nHost: a.example\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(secure);
  EXPECT_EQ(scheme, "https");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->version, "TLS 1.3");
  EXPECT_EQ(seen->cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(seen->protocol, "http/1.1");
  EXPECT_EQ(seen->server_name, "a.example");
  EXPECT_FALSE(seen->resumed);
  EXPECT_EQ(seen->client_subject, "");
  EXPECT_TRUE(client.ask(get).ends_with("hello")) << "the connection is kept alive";
}

TEST(https, what_comes_without_tls_is_told_so) {
  secure_server server;
  server.start();
  net_tests::end_of_talk client(connect(server));
  client.read();
  client.write(get);
  server.loop->run_for(100ms);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 400 ")) << client.received;
  EXPECT_NE(client.received.find("https://a.example"), std::string::npos) << client.received;
  EXPECT_NE(client.received.find("Connection: close"), std::string::npos) << client.received;
  EXPECT_EQ(client.received.find("hello"), std::string::npos);
  EXPECT_TRUE(client.ended);
}

TEST(https, http09_was_never_secure) {
  secure_server server;
  server.start();
  secure_peer client(server);
  EXPECT_TRUE(client.ask("GET /\r\n").starts_with("HTTP/1.1 400 ")) << client.talk.received;
}

// RFC 9110 §7.4
TEST(https, a_target_of_another_scheme_is_misdirected) {
  secure_server server;
  server.start();
  secure_peer client(server);
  EXPECT_TRUE(client.ask("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  EXPECT_TRUE(client.ask("GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST(https, clients_show_their_certificates_where_they_must) {
  secure_server server;
  std::string subject;
  server.core.routes.add("GET /who",
                         [&](const request& req) {
                           subject = req.tls()->client_subject;
                           return text("you");
                         },
                         {});
  server.core.https.client_certificates(server.files.authority_file(), true);
  server.start();
  tls::client_settings named = server.trusting();
  named.certificates = {server.files.authority.client("ada")};
  secure_peer ada(server, named);
  EXPECT_TRUE(ada.ask("GET /who HTTP/1.1\r\nHost: a.example\r\n\r\n").ends_with("you"));
  EXPECT_EQ(subject, "CN=ada");

  secure_peer nobody(server);
  EXPECT_EQ(nobody.ask(get), "");
  EXPECT_EQ(nobody.talk.failure, tls::errc::refused_by_peer) << nobody.talk.failure.message();
}

TEST(https, clients_may_show_certificates_where_they_are_asked) {
  secure_server server;
  server.core.https.client_certificates(server.files.authority_file(), false);
  server.start();
  secure_peer nobody(server);
  EXPECT_TRUE(nobody.ask(get).ends_with("hello"));
  const test::test_authority other;
  tls::client_settings named = server.trusting();
  named.certificates = {other.client("eve")};
  secure_peer eve(server, named);
  EXPECT_EQ(eve.ask(get), "");
  EXPECT_EQ(eve.talk.failure, tls::errc::refused_by_peer);
}

TEST(https, sessions_resume_and_reloads_keep_them) {
  secure_server server;
  server.start();
  const auto with = tls::client_credentials::make(server.trusting()).value();
  secure_peer first(server, with);
  EXPECT_TRUE(first.ask(get).ends_with("hello"));
  EXPECT_EQ(with->kept_sessions(), 1U) << "one ticket, with the first answer";

  server.files.put("server", server.files.authority.server({"a.example", "new.example"}));
  EXPECT_FALSE(server.core.https.reload());
  EXPECT_TRUE(first.ask(get).ends_with("hello")) << "a connection keeps its certificate";
  secure_peer second(server, with);
  EXPECT_TRUE(second.tls->session().resumed());
  EXPECT_TRUE(second.ask(get).ends_with("hello"));
  secure_peer fresh(server);
  ASSERT_FALSE(fresh.tls->session().peer_certificates().empty());
  EXPECT_EQ(fresh.tls->session().peer_certificates()[0].names.size(), 2U);
}

// A ticket from before must not go around a certificate that is asked for now.
TEST(https, another_policy_ends_resumption) {
  secure_server server;
  server.core.https.client_certificates(server.files.authority_file(), false);
  server.start();
  const auto with = tls::client_credentials::make(server.trusting()).value();
  secure_peer first(server, with);
  EXPECT_TRUE(first.ask(get).ends_with("hello"));
  const test::test_authority other;
  test::write_file(server.files.authority_file(), other.pem());
  EXPECT_FALSE(server.core.https.reload());
  secure_peer second(server, with);
  EXPECT_TRUE(second.ask(get).ends_with("hello"));
  EXPECT_FALSE(second.tls->session().resumed());
}

TEST(https, a_bad_new_certificate_keeps_the_old_one) {
  secure_server server;
  server.start();
  test::write_file(server.files.certificate("server"), "no certificate");
  const tls::error wrong = server.core.https.reload();
  EXPECT_EQ(wrong.code, tls::errc::not_pem);
  EXPECT_NE(wrong.message.find(server.files.certificate("server")), std::string::npos) << wrong.message;
  secure_peer client(server);
  EXPECT_TRUE(client.ask(get).ends_with("hello"));
}

TEST(https, the_local_certificate_is_made_anew_while_it_serves) {
  const test::scratch_folder scratch;
  const std::string data = scratch / "data";
  std::atomic<bool> told{false};
  server_room::https fresh([&](std::string_view text) { told = text.starts_with("the certificates stay as they were: "); }, 1ms);
  fresh.data_folder(data);
  EXPECT_FALSE(fresh.reload()) << "nothing to do yet";
  EXPECT_FALSE(std::filesystem::exists(data)) << "without https no authority is made";
  fresh.prepare();
  const std::string server_file = data + "/ca/server.pem";
  ASSERT_TRUE(std::filesystem::exists(server_file));
  const auto before = fresh.credentials();
  std::filesystem::remove(server_file);  // as one that is about to end: another takes its place
  while (!std::filesystem::exists(server_file) || fresh.credentials() == before) std::this_thread::yield();
  std::filesystem::permissions(data + "/ca/ca.key", std::filesystem::perms::all);
  while (!told) std::this_thread::yield();
  EXPECT_TRUE(fresh.credentials()) << "what was good stays";
}

TEST(https, half_open_handshakes_have_a_deadline_and_count) {
  limits caps;
  caps.connections = 2;
  caps.handshake_time = 3s;
  secure_server server(caps);
  server.start();
  const auto idle = connect(server);
  const auto other = connect(server);
  server.loop->run_for(10ms);
  EXPECT_NE(server.messages.find("limit connections"), std::string::npos);
  secure_peer waits(server);
  EXPECT_FALSE(waits.result);
  server.loop->run_for(10s);
  ASSERT_TRUE(waits.result) << "the two before it are out of time";
  EXPECT_FALSE(*waits.result) << waits.result->message;
  EXPECT_TRUE(waits.ask(get).ends_with("hello"));
}

TEST(https, handshakes_of_one_address_have_a_rate) {
  limits caps;
  caps.handshakes_per_address = 2;
  caps.count_loopback = true;
  secure_server server(caps);
  server.start();
  const auto with = tls::client_credentials::make(server.trusting()).value();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(secure_peer(server, with).ask(get).ends_with("hello")) << i;
  net_tests::end_of_talk refused(connect(server));
  refused.read();
  server.loop->run_for(1ms);
  EXPECT_TRUE(refused.failure) << "reset, before it has said anything";
  server.loop->run_for(500ms);
  EXPECT_TRUE(secure_peer(server, with).ask(get).ends_with("hello")) << "as the rate allows";
  net_tests::end_of_talk again(connect(server));
  again.read();
  server.loop->run_for(1ms);
  EXPECT_TRUE(again.failure);
  const auto counters = server.core.read_counters();
  const auto value = [&](std::string_view name) { return std::ranges::find(counters, name, &counter::name)->value; };
  EXPECT_EQ(value("limit.handshakes_per_address"), 2U);
  EXPECT_EQ(value("connections_refused"), 2U);
  EXPECT_EQ(value("connections_accepted"), 21U);
  EXPECT_NE(
      server.messages.find("limit handshakes_per_address: 127.0.0.1 begins more than 2 TLS handshakes a second; more are reset"),
      std::string::npos)
      << server.messages;
}

TEST(https, a_drain_does_not_wait_for_half_open_handshakes) {
  limits caps;
  caps.handshake_time = 1h;
  secure_server server(caps);
  server.core.drain_time = 1h;
  server.start();
  const auto idle = connect(server);
  server.loop->run_for(10ms);
  const auto began = server.loop->now();
  server.worker->drain();
  server.loop->run_until_idle();
  EXPECT_LT(server.loop->now() - began, 10s);
}

TEST(https, a_drain_waits_for_a_client_that_has_begun) {
  limits caps;
  caps.handshake_time = 3s;
  secure_server server(caps);
  server.core.drain_time = 1h;
  server.start();
  net_tests::end_of_talk slow(connect(server));
  slow.read();
  slow.write({"\x16\x03\x01\x02\x00\x01", 6});  // a record that is yet to come
  server.loop->run_for(10ms);
  server.worker->drain();
  server.loop->run_for(2s);
  EXPECT_FALSE(slow.ended || slow.failure);
  server.loop->run_until_idle();
  EXPECT_TRUE(slow.ended || slow.failure) << "but no longer than handshake_time";
}

TEST(https, the_handshake_is_seen) {
  secure_server server;
  recorder seen;
  server.core.observer = seen.sink();
  server.start();
  secure_peer client(server);
  client.ask(get);
  client.talk.stream->close();
  server.loop->run_until_idle();
  const std::string timeline = seen.timeline(timeline_options().width(200));
  EXPECT_NE(timeline.find("TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, http/1.1"), std::string::npos) << timeline;

  seen.clear();
  tls::client_settings strict = server.trusting();
  strict.authorities.clear();
  secure_peer stranger(server, strict);
  EXPECT_EQ(stranger.result->code, tls::errc::unknown_authority) << stranger.result->message;
  stranger.talk.stream->close();
  server.loop->run_until_idle();
  EXPECT_NE(seen.timeline(timeline_options().width(200)).find("does not accept our certificate"), std::string::npos)
      << seen.timeline();
}

}  // namespace
}  // namespace parley::testing
