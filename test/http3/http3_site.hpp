// A server with https and HTTP/3 on the network in memory, and clients of ours that speak HTTP/3 to it.
#pragma once

#include "connection/http3.hpp"
#include "connection/message_access.hpp"
#include "cross/exchanges.hpp"
#include "net/datagram.hpp"
#include "support/certificate_files.hpp"
#include "tls/credentials.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace http3_tests {

namespace net = parley::net;
namespace connection = parley::connection;
namespace engine = parley::engine;
using parley::testing::answered;
using parley::testing::asked;

struct site {
  /// `like`: it shows that site's certificate.
  explicit site(const parley::limits& caps = {}, const site* like = nullptr) : core(caps) {
    core.threads = 1;
    core.message_sink = [this](std::string_view text) { messages.append(text).append("\n"); };
    if (like == nullptr) files.put("server", files.authority.server({"a.example"}));
    const parley::test::certificate_files& from = like == nullptr ? files : like->files;
    core.https.add_certificate(from.certificate("server"), from.key("server"));
  }
  void start() {
    auto made = std::make_unique<net::memory_loop>();
    loop = made.get();
    core.https.prepare();
    worker = std::make_unique<parley::server_room::worker>(core, 0, std::move(made));
    worker->listen({"127.0.0.1", 443, false}, true, true);
    EXPECT_FALSE(worker->open_datagrams({"127.0.0.1", 443, false}, true));
    worker->start_listening();
  }
  ~site() {
    if (!worker) return;
    worker->abort();
    loop->run_until_idle();
  }
  void route(std::string_view what, parley::detail::task_handler handler) { core.routes.add(what, {}, std::move(handler)); }
  void plain(std::string_view what, parley::detail::plain_handler handler) { core.routes.add(what, std::move(handler), {}); }
  [[nodiscard]] std::uint64_t counted(parley::server_room::count what) const { return worker->counted().value(what); }
  [[nodiscard]] std::uint64_t counted(std::string_view name) const {
    for (const auto& c : core.read_counters()) {
      if (c.name == name) return c.value;
    }
    return UINT64_MAX;
  }
  [[nodiscard]] std::shared_ptr<const parley::tls::client_credentials> trusting() const {
    parley::tls::client_settings c;
    c.system_authorities = false;
    c.authorities = {files.authority.pem()};
    return parley::tls::client_credentials::make(c).value();
  }

  parley::test::certificate_files files;
  parley::server_core core;
  std::string messages;
  net::memory_loop* loop = nullptr;
  std::unique_ptr<parley::server_room::worker> worker;
};

/// A client's connection. What it asks for is collected whole.
class client final : private connection::exchange_owner {
 public:
  explicit client(site& to, std::shared_ptr<const parley::tls::client_credentials> with = nullptr, bool push = false,
                  bool early = false, const parley::limits& with_caps = {})
      : caps(with_caps), loop_(*to.loop) {
    const net::ip_endpoint server(net::endpoint{"127.0.0.1", 443, false});
    net::datagram_options how;
    how.peer = server;
    auto socket = net::open_datagrams(loop_, net::ip_endpoint(net::endpoint{"0.0.0.0", 0, false}), how).value();
    local = socket->local();
    connection::http3_client_setup setup;
    setup.credentials = with ? std::move(with) : to.trusting();
    setup.to = {"a.example", 443, {"h3"}};
    setup.peer = server;
    setup.push = push;
    setup.early = early;
    made = connection::make_http3_client(loop_, std::move(socket), std::move(setup), *this, caps, 1,
                                         [this](const connection::http3_outcome& how_it_was) { outcome = how_it_was; });
    made->start();
  }
  ~client() {
    if (made && !made->closed()) made->abort("the test is over");
    loop_.run_until_idle();
  }
  /// Until the handshake has ended.
  void connect() {
    run_until([this] { return outcome.has_value(); });
  }
  void run_until(const std::function<bool()>& done) {
    while (!done() && loop_.run_one_turn()) {
    }
    for (int step = 0; step < 60'000 && !done(); ++step) loop_.run_for(std::chrono::milliseconds(10));
  }

  struct call final : connection::exchange {
    answered answer;
    bool finished = false;
    bool pushed = false;
  };
  struct promise {
    engine::stream_id parent = 0;
    parley::semantics::request_head head;
    call* response = nullptr;  // null: refused
  };
  /// The head alone, and content to follow if it has any. Not sent: null.
  call* begin(const asked& what) { return begin(what, parley::testing::engine_peer::head_of(what)); }
  call* begin(const asked& what, const parley::semantics::request_head& head) {
    if (made == nullptr || !made->can_send_request()) return nullptr;
    call& x = calls_.emplace_back();
    auto length = engine::content_length::no_content();
    if (what.content) length = what.chunked ? engine::content_length::stream() : engine::content_length::of(what.content->size());
    if (!made->send_request(x, head, length)) return nullptr;
    x.incoming().collect(std::size_t{1} << 30);
    return &x;
  }
  /// Not sent: null.
  call* ask(const asked& what) {
    call* const begun = begin(what);
    if (begun == nullptr) return nullptr;
    call& x = *begun;
    if (what.content) {
      parley::fields lines;
      for (const auto& [name, value] : what.trailers) lines.add(name, value);
      if (!lines.empty()) x.outgoing().trailers(std::move(lines));
      made->send(x, {engine::chunk::owned{*what.content}});
      static_cast<void>(made->end(x));
    }
    return &x;
  }
  answered exchange(const asked& what) {
    run_until([this] { return made == nullptr || made->can_send_request(); });
    call* const x = ask(what);
    if (x == nullptr) return {};
    run_until([x] { return x->finished; });
    return x->answer;
  }

  parley::limits caps;
  net::ip_endpoint local;
  std::optional<connection::http3_outcome> outcome;
  std::unique_ptr<connection::http_connection> made;
  bool draining = false;
  bool closed = false;
  bool refuse_pushes = false;
  std::deque<promise> promises;

 private:
  static call& of(connection::exchange& x) { return static_cast<call&>(x); }
  void end(call& x) {
    x.answer.content = x.incoming().collected();
    if (const auto* lines = x.incoming().trailers()) x.answer.trailers = *lines;
    x.finished = true;
    x.connection().finish(x);
  }

  connection::exchange& on_request(connection::http_connection&, engine::request_event&&) override { std::abort(); }
  void on_begin(connection::exchange&) override {}
  void on_refused(connection::http_connection&, engine::stream_id, const engine::protocol_error&) override {}
  void on_response(connection::exchange& x, engine::response_event&& response) override {
    answered& a = of(x).answer;
    if (response.informational) {
      a.interim.push_back(std::move(response.head));
      return;
    }
    if (of(x).pushed) x.incoming().collect(std::size_t{1} << 30);
    a.status = response.head.status;
    a.fields = std::move(response.head.fields);
  }
  void on_received(connection::exchange& x) override {
    of(x).answer.whole = true;
    end(of(x));
  }
  void on_too_large(connection::exchange&) override {}
  void on_detached(connection::exchange&) override {}
  void on_reset(connection::exchange& x) override {
    of(x).answer.lost = x.error() != nullptr ? *x.error() : engine::protocol_error{};
    of(x).answer.unprocessed = x.unprocessed();
    end(of(x));
  }
  connection::exchange* on_push(connection::http_connection&, engine::push_event&& push) override {
    call* const x = refuse_pushes ? nullptr : &calls_.emplace_back();
    if (x != nullptr) x->pushed = true;
    promises.push_back({push.parent, std::move(push.head), x});
    return x;
  }
  void on_idle(connection::http_connection&) override {}
  void on_draining(connection::http_connection&) override { draining = true; }
  void on_closed(connection::http_connection&) override {
    closed = true;
    loop_.defer([this] { made.reset(); });
  }

  net::memory_loop& loop_;
  std::deque<call> calls_;
};

}  // namespace http3_tests
