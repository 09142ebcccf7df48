// A whole server over the system's sockets: clients that move, loops that get each other's datagrams, restarts, and its end.
#include "http3/live_server.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <linux/filter.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t large = 8'000'000;

/// A download that stops wherever the client gives no more credit, so that things can happen in its midst.
struct download {
  download(client_loop& on, const live_server& from)
      : here(on), peer(on.loop(), {.credentials = from.trusting(), .port = from.port}) {
    peer.streams.gives_credit = false;
    peer.streams.open(control_stream(), false, true);
    peer.streams.open(request_frame("GET", "/large"));
    peer.go();
    // What every stream may begin with.
    EXPECT_TRUE(here.run_until([&] { return length() > 60'000 || peer.done(0); }));
  }
  [[nodiscard]] std::size_t length() { return peer.on(0).in.size(); }
  /// Goes on with so many bytes. The request beside it makes the client speak: who has nothing to say is not found again.
  [[nodiscard]] bool go_on(std::size_t bytes) {
    const std::size_t before = length();
    peer.streams.act(parley::engine::transport_action::credit{0, bytes});
    peer.streams.open(request_frame("GET", "/"));
    peer.go();
    return here.run_until([&] { return length() >= before + bytes / 2 || peer.done(0); }) && !peer.quic->closed();
  }
  client_loop& here;
  raw_client peer;
};

TEST(http3_robust, a_client_that_changes_its_port_finishes_its_transfer) {
  live_server server;
  const std::string content(large, 'x');
  server.app.route("GET /large", [&](const parley::request&) { return parley::text(content); });
  server.open();
  client_loop here;
  download of(here, server);
  ASSERT_TRUE(of.go_on(1'000'000));
  ASSERT_LT(of.length(), large / 2);
  of.peer.change_port();
  ASSERT_TRUE(of.go_on(1'000'000));
  ASSERT_LT(of.length(), large / 2);
  of.peer.change_port();
  ASSERT_TRUE(of.go_on(2 * large));
  ASSERT_TRUE(here.run_until([&] { return of.peer.done(0); }));
  EXPECT_TRUE(of.peer.on(0).in_fin);
  EXPECT_TRUE(of.peer.on(0).in.ends_with(content));
}

// --- several loops ---------------------------------------------------------------------------------------------------------------

/// From now on the system brings all datagrams of that port to the socket of this number, whatever connection they belong to.
void misdirect(std::uint16_t port, unsigned to) {
  sock_filter always{BPF_RET | BPF_K, 0, 0, to};
  const sock_fprog program{1, &always};
  bool done = false;
  for (int fd = 3; fd < 1024; ++fd) {
    int kind = 0;
    socklen_t size = sizeof kind;
    sockaddr_in at{};
    socklen_t length = sizeof at;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_DGRAM) continue;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length) != 0 || at.sin_family != AF_INET || ntohs(at.sin_port) != port)
      continue;
    done = setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0 || done;
  }
  ASSERT_TRUE(done) << "no socket of the server's takes the filter";
}

TEST(http3_robust, datagrams_that_reach_another_loop_are_handed_over) {
  live_server server({}, 4);
  const std::string content(large, 'x');
  server.app.route("GET /large", [&](const parley::request&) { return parley::text(content); });
  server.open();
  client_loop here;
  download of(here, server);
  ASSERT_TRUE(of.go_on(1'000'000));
  // One of the two is not its loop.
  for (const unsigned loop : {1U, 2U}) {
    misdirect(server.port, loop);
    of.peer.change_port();
    ASSERT_TRUE(of.go_on(1'000'000));
  }
  ASSERT_TRUE(of.go_on(2 * large));
  ASSERT_TRUE(here.run_until([&] { return of.peer.done(0); }));
  EXPECT_TRUE(of.peer.on(0).in_fin);
  EXPECT_TRUE(of.peer.on(0).in.ends_with(content));
  EXPECT_GT(server.count("datagrams_handed_over"), 0U);
  EXPECT_EQ(server.count("connections_http3"), 1U);
}

// --- processes -------------------------------------------------------------------------------------------------------------------

/// A server in a process of its own, which can be killed. It listens on `port` (0: any) and tells which.
class server_process {
 public:
  server_process(const identity& as, const std::string& data, std::uint16_t port) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::abort();
    process_ = ::fork();
    if (process_ == 0) {
      ::close(ends[0]);
      ::_exit(serve(as, data, port, ends[1]));
    }
    ::close(ends[1]);
    if (::read(ends[0], &port_, sizeof port_) != sizeof port_) port_ = 0;
    ::close(ends[0]);
  }
  ~server_process() {
    if (process_ > 0) end(SIGKILL);
  }
  /// Its port; 0: it could not listen.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void signal(int number) const { ::kill(process_, number); }
  /// How it ended.
  int end(int number) {
    if (number != 0) signal(number);
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return status;
  }
  /// Whether it has ended by itself, and how.
  bool ended(int& status) {
    if (::waitpid(process_, &status, WNOHANG) != process_) return false;
    process_ = -1;
    return true;
  }

 private:
  static int serve(const identity& as, const std::string& data, std::uint16_t port, int tell) {
    try {
      parley::server app;
      app.threads(2).on_message([](std::string_view) {}).data_folder(data);
      app.certificate(as.files.certificate("server"), as.files.key("server"));
      app.route("GET /", [](const parley::request&) { return parley::text("hello"); });
      app.route("GET /slow", [](parley::request&) -> parley::task<parley::response> {
        auto pause = parley::sleep_for(1500ms);
        co_await pause;
        co_return parley::text("slow");
      });
      app.listen("https://127.0.0.1:" + std::to_string(port));
      const std::uint16_t got = port_of(app.addresses().front());
      if (::write(tell, &got, sizeof got) != sizeof got) return 3;
      ::close(tell);
      return app.run();
    } catch (...) {
      return 2;
    }
  }

  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

/// A client that waits until a server that has only just begun is there.
std::unique_ptr<raw_client> connected(client_loop& here, const raw_setup& how) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto made = std::make_unique<raw_client>(here.loop(), how);
    made->streams.open(control_stream(), false, true);
    made->streams.open(request_frame("GET", "/"));
    made->go();
    here.run_until([&] { return made->done(0); });
    if (made->on(0).in_fin || std::chrono::steady_clock::now() > until) return made;
  }
}

TEST(http3_robust, a_server_that_was_killed_resets_its_old_clients_when_it_is_back) {
  const identity as;
  const parley::test::scratch_folder folder;
  const std::string data = folder / "data";
  std::uint16_t port = 0;
  std::unique_ptr<server_process> first;
  // A port that was free a moment ago, since keys are kept for ports that were asked for.
  for (int tries = 0; tries < 20 && port == 0; ++tries) {
    const std::uint16_t free = server_process(as, folder / "other", 0).port();
    first = std::make_unique<server_process>(as, data, free);
    port = first->port();
  }
  ASSERT_NE(port, 0);
  client_loop here;
  const auto peer = connected(here, {.credentials = as.trusting(), .port = port});
  ASSERT_TRUE(has_content(peer->on(0), "hello"));
  first->end(SIGKILL);
  server_process second(as, data, port);
  ASSERT_EQ(second.port(), port);
  ASSERT_TRUE(has_content(connected(here, {.credentials = as.trusting(), .port = port})->on(0), "hello"));
  peer->streams.open(request_frame("GET", "/"));
  peer->go();
  ASSERT_TRUE(here.run_until([&] { return peer->quic->closed(); }));
  EXPECT_EQ(peer->quic->why().by, parley::quic::ending::cause::reset);
}

TEST(http3_robust, sigterm_loses_no_request) {
  const identity as;
  const parley::test::scratch_folder folder;
  server_process server(as, folder / "data", 0);
  ASSERT_NE(server.port(), 0);
  client_loop here;
  const auto trusting = as.trusting();
  std::vector<std::unique_ptr<raw_client>> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(connected(here, {.credentials = trusting, .port = server.port()}));
    for (int n = 0; n < 8; ++n) peers.back()->streams.open(request_frame("GET", "/slow"));
    peers.back()->go();
  }
  // Their requests are there: a request behind them on the same connection was answered.
  for (auto& p : peers) {
    const auto probe = p->streams.open(request_frame("GET", "/"));
    p->go();
    ASSERT_TRUE(here.run_until([&] { return p->done(probe); }));
  }
  server.signal(SIGTERM);
  // GOAWAY (frame 7) tells each of them that the end is near.
  ASSERT_TRUE(here.run_until([&] {
    return std::ranges::all_of(peers, [](auto& p) { return p->quic->closed() || p->on(3).in.find('\x07') != std::string::npos; });
  }));
  // Nobody comes in any more, as soon as each loop has heard of it.
  bool refused = false;
  const auto in_time = std::chrono::steady_clock::now() + patience;
  while (!refused && std::chrono::steady_clock::now() < in_time) {
    raw_client late(here.loop(), {.credentials = trusting, .port = server.port()});
    late.go();
    ASSERT_TRUE(here.run_until([&] { return late.quic->closed() || late.quic->handshake_done(); }));
    refused = !late.quic->handshake_done();
  }
  EXPECT_TRUE(refused);
  for (auto& p : peers) {
    ASSERT_TRUE(here.run_until([&] { return p->quic->closed(); }));
    for (std::uint64_t n = 0; n < 8; ++n) EXPECT_TRUE(has_content(p->on(4 + 4 * n), "slow")) << n;
    EXPECT_TRUE(p->quic->why().application);
    EXPECT_EQ(p->quic->why().code, 0x100U);
  }
  int status = 1;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!server.ended(status) && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 1);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace http3_tests
