// HTTP/3 over the system's sockets: a server with several loops, and a client of ours.
#include "http3_site.hpp"

#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;

/// One connection, and one request after the other on it.
class socket_client final : private connection::exchange_owner {
 public:
  socket_client(std::uint16_t port, std::shared_ptr<const parley::tls::client_credentials> with) : loop_(net::loop::make()) {
    const net::ip_endpoint server(net::endpoint{"127.0.0.1", port, false});
    net::datagram_options how;
    how.peer = server;
    connection::http3_client_setup setup;
    setup.credentials = std::move(with);
    setup.to = {"a.example", port, {"h3"}};
    setup.peer = server;
    made_ = connection::make_http3_client(
        *loop_, net::open_datagrams(*loop_, net::ip_endpoint(net::endpoint{"127.0.0.1", 0, false}), how).value(), std::move(setup),
        *this, caps_, 1, [this](const connection::http3_outcome& it) { outcome = it; });
    made_->start();
    run_until([this] { return outcome.has_value(); });
  }
  ~socket_client() {
    if (!closed_) made_->abort("done");
    run_until([this] { return closed_; });
    x_.reset();
    made_.reset();
  }
  std::string get(const std::string& path) {
    run_until([this] { return closed_ || made_->can_send_request(); });
    if (closed_) return "closed";
    x_ = std::make_unique<connection::exchange>();
    finished_ = false;
    asked what;
    what.path = path;
    what.scheme = "https";
    if (!made_->send_request(*x_, parley::testing::engine_peer::head_of(what), engine::content_length::no_content()))
      return "not sent";
    x_->incoming().collect(std::size_t{1} << 30);
    run_until([this] { return finished_; });
    return content_;
  }
  std::optional<connection::http3_outcome> outcome;

 private:
  void run_until(const std::function<bool()>& done) {
    net::timer look(*loop_, [this] { loop_->stop(); });
    while (!done()) {
      look.arm(loop_->now() + 1ms);
      loop_->run();
    }
  }
  void end(connection::exchange& x) {
    content_ = x.incoming().collected();
    finished_ = true;
    x.connection().finish(x);
  }
  connection::exchange& on_request(connection::http_connection&, engine::request_event&&) override { std::abort(); }
  void on_begin(connection::exchange&) override {}
  void on_refused(connection::http_connection&, engine::stream_id, const engine::protocol_error&) override {}
  void on_response(connection::exchange&, engine::response_event&&) override {}
  void on_received(connection::exchange& x) override { end(x); }
  void on_too_large(connection::exchange&) override {}
  void on_detached(connection::exchange&) override {}
  void on_reset(connection::exchange& x) override { end(x); }
  void on_idle(connection::http_connection&) override {}
  void on_draining(connection::http_connection&) override {}
  void on_closed(connection::http_connection&) override { closed_ = true; }

  std::unique_ptr<net::loop> loop_;
  parley::limits caps_;
  std::unique_ptr<connection::http_connection> made_;
  std::unique_ptr<connection::exchange> x_;
  std::string content_;
  bool finished_ = false;
  bool closed_ = false;
};

std::uint64_t value_of(const parley::server& app, std::string_view name) {
  for (const auto& c : app.counters()) {
    if (c.name == name) return c.value;
  }
  return UINT64_MAX;
}

TEST(http3_sockets, serves_on_all_loops) {
  parley::test::certificate_files files;
  files.put("server", files.authority.server({"a.example"}));
  parley::server app;
  app.threads(4).on_message([](std::string_view) {});
  app.certificate(files.certificate("server"), files.key("server"));
  const std::string large(2'000'000, 'x');
  app.route("GET /", [](const parley::request&) { return parley::text("hello"); });
  app.route("GET /large", [&](const parley::request&) { return parley::text(large); });
  app.listen("https://127.0.0.1:0");
  const std::string address = app.addresses().front();
  const auto port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  app.start();
  parley::tls::client_settings c;
  c.system_authorities = false;
  c.authorities = {files.authority.pem()};
  const auto trusting = parley::tls::client_credentials::make(c).value();
  for (int i = 0; i < 12; ++i) {
    socket_client peer(port, trusting);
    ASSERT_TRUE(peer.outcome && peer.outcome->done) << peer.outcome->reason << peer.outcome->error.message();
    EXPECT_EQ(peer.get("/"), "hello");
    if (i % 4 == 0) {
      EXPECT_EQ(peer.get("/large"), large);
    }
    EXPECT_EQ(peer.get("/"), "hello");
  }
  app.stop();
  EXPECT_EQ(value_of(app, "requests_http3"), 27U);
  EXPECT_EQ(value_of(app, "connections_http3"), 12U);
  EXPECT_EQ(value_of(app, "datagrams_dropped"), 0U);
}

// What `listen` says of a port that UDP has taken; nothing where TCP's port of that number belongs to somebody else.
std::optional<std::string> refused_for_udp(parley::server& app, const std::string& url) {
  try {
    app.listen(url);
  } catch (const parley::listen_error& error) {
    const std::string said = error.what();
    if (said.find("UDP") == said.npos) return std::nullopt;
    return said;
  }
  return "it listens";
}

TEST(http3_sockets, a_port_that_udp_has_taken_is_told) {
  const auto loop = net::loop::make();
  parley::server app;
  app.threads(1);
  std::optional<std::string> said;
  std::string url;
  for (int i = 0; i < 50 && !said; ++i) {
    const auto taken = net::open_datagrams(*loop, net::ip_endpoint(net::endpoint{"127.0.0.1", 0, false}), {}).value();
    url = "https://127.0.0.1:" + std::to_string(taken->local().port());
    said = refused_for_udp(app, url);
    if (!said) continue;
    EXPECT_NE(said->find("UDP port"), std::string::npos) << *said;
    EXPECT_NE(said->find("HTTP/3 needs the number of https for UDP too"), std::string::npos) << *said;
    app.http3(false).listen(url);
    EXPECT_EQ(app.addresses().size(), 1U);
  }
  EXPECT_TRUE(said) << "fifty ports were taken for TCP";
}

TEST(http3_sockets, a_socket_that_was_handed_over_has_none_and_a_line_says_so) {
  parley::test::certificate_files files;
  files.put("server", files.authority.server({"a.example"}));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(socket, 8), 0);
  for (const bool wanted : {true, false}) {
    std::string said;
    parley::server app;
    app.threads(1).http3(wanted).on_message([&](std::string_view text) { said += text; });
    app.certificate(files.certificate("server"), files.key("server"));
    app.listen(::dup(socket), "https");
    app.start();
    EXPECT_EQ(said.find("HTTP/3 is off on 127.0.0.1:") != std::string::npos, wanted) << said;
    app.stop();
  }
  ::close(socket);
}

TEST(http3_sockets, nobody_there_is_told_at_once) {
  std::uint16_t port = 0;
  {
    const auto loop = net::loop::make();
    port = net::open_datagrams(*loop, net::ip_endpoint(net::endpoint{"127.0.0.1", 0, false}), {}).value()->local().port();
  }
  socket_client peer(port, parley::tls::client_credentials::make({}).value());
  ASSERT_TRUE(peer.outcome.has_value());
  EXPECT_FALSE(peer.outcome->done);
  EXPECT_EQ(peer.outcome->error, std::errc::connection_refused);
}

}  // namespace
}  // namespace http3_tests
