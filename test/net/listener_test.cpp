#include "net/listen.hpp"

#include "net/listen_socket.hpp"
#include "talk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace net_tests {
namespace {

using parley::base::unique_fd;
const net::endpoint any_port{"127.0.0.1", 0, false};

class listening : public testing::Test {
 protected:
  std::unique_ptr<net::loop> loop = net::loop::make();
  acceptor accepts;
  std::vector<std::unique_ptr<net::pending>> connecting;
  std::vector<std::unique_ptr<net::byte_stream>> clients;
  std::vector<std::error_code> refused;

  void connect_to(const net::endpoint& at, int times = 1) {
    for (int i = 0; i < times; ++i) {
      connecting.push_back(net::connect(*loop, at, [this](auto made) {
        if (made) {
          clients.push_back(std::move(*made));
        } else {
          refused.push_back(made.error());
        }
        if (look) look();
      }));
    }
  }
  void run_until(const std::function<bool()>& done) {
    look = accepts.then = [this, done] {
      if (done()) loop->stop();
    };
    loop->run();
    look = accepts.then = nullptr;
  }
  std::function<void()> look;

  /// A folder that is gone when the test ends.
  struct folder {
    std::filesystem::path path;
    folder() {
      std::string name = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
      path = mkdtemp(name.data());
    }
    ~folder() { std::filesystem::remove_all(path); }
  } files;
  [[nodiscard]] net::endpoint socket_path() const { return {(files.path / "talk.sock").string(), 0, true}; }
};

TEST_F(listening, gets_a_port_and_accepts) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    auto at = net::listen(*loop, {host, 0, false});
    if (!at && at.error() == std::errc::address_not_available) continue;  // a machine without IPv6
    ASSERT_TRUE(at) << at.error().message();
    EXPECT_EQ((*at)->local().host, host);
    EXPECT_NE((*at)->local().port, 0);
    (*at)->start(&accepts);
    connect_to((*at)->local(), 20);
    run_until([&] { return accepts.accepted.size() == 20 && clients.size() == 20; });
    accepts.accepted.clear();
    clients.clear();
  }
}

TEST_F(listening, refuses_what_is_no_address) {
  for (const char* host : {"localhost", "", "1.2.3", "[::1]", "127.0.0.1 ", "fe80::1%nowhere"}) {
    const auto at = net::listen(*loop, {host, 0, false});
    ASSERT_FALSE(at) << host;
    EXPECT_EQ(at.error(), std::errc::invalid_argument) << host;
  }
}

TEST_F(listening, two_share_a_port_unless_one_would_be_alone) {
  auto first = net::listen(*loop, any_port);
  ASSERT_TRUE(first);
  const net::endpoint at = (*first)->local();
  auto second = net::listen(*loop, at);
  EXPECT_TRUE(second);
  net::listen_options alone;
  alone.alone = true;
  auto third = net::listen(*loop, at, alone);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), std::errc::address_in_use);
  net::listen_options unshared;
  unshared.share = false;
  auto fourth = net::listen(*loop, at, unshared);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error(), std::errc::address_in_use);
  first->reset();
  second->reset();
  EXPECT_TRUE(net::listen(*loop, at, alone));
}

TEST_F(listening, takes_nothing_while_it_pauses) {
  auto at = net::listen(*loop, any_port);
  (*at)->start(&accepts);
  (*at)->pause();
  connect_to((*at)->local(), 3);
  run_until([&] { return clients.size() == 3; });
  EXPECT_TRUE(accepts.accepted.empty());
  (*at)->resume();
  (*at)->resume();
  run_until([&] { return accepts.accepted.size() == 3; });
}

TEST_F(listening, is_paused_closed_and_destroyed_within_its_callback) {
  for (const int what : {0, 1, 2}) {
    auto at = net::listen(*loop, any_port);
    const net::endpoint local = (*at)->local();
    (*at)->start(&accepts);
    (*at)->pause();
    connect_to(local, 3);
    run_until([&] { return clients.size() == 3; });
    (*at)->resume();
    accepts.then = [&] {
      accepts.then = nullptr;
      if (what == 0) (*at)->pause();
      if (what == 1) (*at)->close();
      if (what == 2) at->reset();
      loop->stop();
    };
    loop->run();
    const std::size_t expected[] = {1, 3, 1};  // closing takes what waits first
    EXPECT_EQ(accepts.accepted.size(), expected[what]);
    accepts.accepted.clear();
    clients.clear();
  }
}

TEST_F(listening, close_accepts_what_waits) {
  auto at = net::listen(*loop, any_port);
  const net::endpoint local = (*at)->local();
  (*at)->start(&accepts);
  (*at)->pause();
  connect_to(local, 5);
  run_until([&] { return clients.size() == 5; });
  (*at)->close();
  EXPECT_EQ(accepts.accepted.size(), 5U);
  connect_to(local);
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused.front(), std::errc::connection_refused);
}

TEST_F(listening, pauses_while_descriptors_are_out_and_goes_on_by_itself) {
  auto at = net::listen(*loop, any_port);
  (*at)->start(&accepts);
  (*at)->pause();
  connect_to((*at)->local(), 2);
  run_until([&] { return clients.size() == 2; });

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // No more descriptors than are open now.
  const unique_fd highest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(highest.get()) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto failed_at = std::chrono::steady_clock::now();
  (*at)->resume();
  run_until([&] { return !accepts.errors.empty(); });
  EXPECT_EQ(accepts.errors.front(), std::errc::too_many_files_open);
  setrlimit(RLIMIT_NOFILE, &before);

  run_until([&] { return accepts.accepted.size() == 2; });
  EXPECT_GE(std::chrono::steady_clock::now() - failed_at, std::chrono::milliseconds(90));
  EXPECT_EQ(accepts.errors.size(), 1U);
}

TEST_F(listening, on_a_path) {
  {
    auto at = net::listen(*loop, socket_path());
    ASSERT_TRUE(at) << at.error().message();
    EXPECT_EQ((*at)->local().to_string(), "unix:" + socket_path().host);
    (*at)->start(&accepts);
    connect_to((*at)->local());
    run_until([&] { return accepts.accepted.size() == 1 && clients.size() == 1; });
    auto second = net::listen(*loop, socket_path());
    ASSERT_FALSE(second) << "somebody answers there";
    EXPECT_EQ(second.error(), std::errc::address_in_use);
  }
  EXPECT_FALSE(std::filesystem::exists(socket_path().host));
}

TEST_F(listening, takes_over_a_path_that_was_left_behind) {
  {
    auto gone = net::open_listen_socket(socket_path(), {});
    ASSERT_TRUE(gone);  // closed without being removed, as by a program that was killed
  }
  ASSERT_TRUE(std::filesystem::exists(socket_path().host));
  auto at = net::listen(*loop, socket_path());
  ASSERT_TRUE(at) << at.error().message();
}

TEST_F(listening, leaves_a_file_that_is_no_socket_alone) {
  std::fclose(std::fopen(socket_path().host.c_str(), "w"));
  auto at = net::listen(*loop, socket_path());
  ASSERT_FALSE(at);
  EXPECT_EQ(at.error(), std::errc::address_in_use);
  EXPECT_TRUE(std::filesystem::exists(socket_path().host));
}

TEST_F(listening, does_not_remove_a_path_that_is_another_s_by_now) {
  auto first = net::listen(*loop, socket_path());
  std::filesystem::remove(socket_path().host);
  auto second = net::listen(*loop, socket_path());
  ASSERT_TRUE(second);
  first->reset();
  EXPECT_TRUE(std::filesystem::exists(socket_path().host));
}

TEST_F(listening, on_loopback_without_pacing) {
  const auto made = net::open_listen_socket(any_port, {});
  ASSERT_TRUE(made);
  char chosen[16] = {};
  socklen_t size = sizeof chosen;
  ASSERT_EQ(getsockopt(made->socket.get(), IPPROTO_TCP, TCP_CONGESTION, chosen, &size), 0);
  EXPECT_FALSE(std::string_view(chosen).starts_with("bbr")) << chosen;
}

TEST_F(listening, on_a_socket_that_was_inherited) {
  auto made = net::open_listen_socket(any_port, {});
  ASSERT_TRUE(made);
  const net::endpoint local = made->local;
  net::listen_options options;
  options.inherited = made->socket.release();
  auto at = net::listen(*loop, {}, options);
  ASSERT_TRUE(at) << at.error().message();
  EXPECT_EQ((*at)->local().to_string(), local.to_string());
  (*at)->start(&accepts);
  connect_to(local);
  run_until([&] { return accepts.accepted.size() == 1; });

  options.inherited = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(net::listen(*loop, {}, options));
  options.inherited = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto idle = net::listen(*loop, {}, options);
  ASSERT_FALSE(idle);
  EXPECT_EQ(idle.error(), std::errc::invalid_argument);
}

TEST_F(listening, connecting_fails_in_words) {
  const net::endpoint closed = (*net::listen(*loop, any_port))->local();
  connect_to(closed);
  connect_to({"no address", 80, false});
  connect_to({(files.path / "nobody.sock").string(), 0, true});
  EXPECT_TRUE(refused.empty()) << "never from within the call";
  run_until([&] { return refused.size() == 3; });
  EXPECT_EQ(std::ranges::count(refused, std::error_code(ECONNREFUSED, std::system_category())), 1);
  EXPECT_EQ(std::ranges::count(refused, make_error_code(std::errc::invalid_argument)), 1);
  EXPECT_EQ(std::ranges::count(refused, std::error_code(ENOENT, std::system_category())), 1);
}

TEST_F(listening, connecting_may_be_given_up) {
  auto at = net::listen(*loop, any_port);
  (*at)->start(&accepts);
  connect_to((*at)->local());
  connect_to({"no address", 80, false});
  connecting.clear();
  at->reset();
  loop->run_until_idle();
  EXPECT_TRUE(clients.empty());
  EXPECT_TRUE(refused.empty());
}

}  // namespace
}  // namespace net_tests
