#include <parley/service.hpp>

#include <parley/client.hpp>
#include <parley/server.hpp>

#include "net/listen_socket.hpp"
#include "server/shared_socket.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace {

class service : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
    folder = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

TEST_F(service, sockets_are_for_the_process_that_they_name) {
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_PID", "1", 1);
  EXPECT_TRUE(parley::inherited_sockets().empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
  for (const char* wrong : {"", "x", "-1", "4000000000"}) {
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", wrong, 1);
    EXPECT_TRUE(parley::inherited_sockets().empty()) << wrong;
  }
  EXPECT_TRUE(parley::inherited_sockets().empty()) << "without any variable";
}

TEST_F(service, nobody_is_told_where_nobody_waits) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(parley::notify_service_manager("READY=1"));
  for (const std::string& wrong : {std::string(), std::string("relative"), std::string("@"), "/" + std::string(200, 'x')}) {
    ::setenv("NOTIFY_SOCKET", wrong.c_str(), 1);
    EXPECT_FALSE(parley::notify_service_manager("READY=1")) << wrong;
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_F(service, run_tells_what_it_does) {
  const std::string path = (folder / "notify").string();
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(manager, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto next = [&] {
    std::string text(200, '\0');
    const ssize_t n = ::recv(manager, text.data(), text.size(), 0);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
  };

  parley::server app;
  std::string said;
  int reloads = 0;
  app.threads(1).on_message([&](std::string_view text) { said += text; });
  app.on_reload([&] {
    if (++reloads == 2) throw std::runtime_error("it is wrong");
  });
  app.listen("http://127.0.0.1:0");
  std::thread watcher([&] {
    EXPECT_EQ(next(), "READY=1");
    for (int i = 0; i < 2; ++i) {
      ::kill(::getpid(), SIGHUP);
      EXPECT_TRUE(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
      EXPECT_EQ(next(), "READY=1");
    }
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(next(), "STOPPING=1");
  });
  EXPECT_EQ(app.run(), 0);
  watcher.join();
  ::unsetenv("NOTIFY_SOCKET");
  ::close(manager);
  EXPECT_EQ(reloads, 2);
  EXPECT_EQ(said, "the reload failed, and what was before stays: it is wrong");
}

TEST_F(service, an_inherited_socket_is_served_by_all_threads) {
  auto made = parley::net::open_listen_socket({"127.0.0.1", 0, false}, {});
  ASSERT_TRUE(made);
  parley::server app;
  app.threads(3);
  app.route("GET /", [](const parley::request&) { return parley::text("hello"); });
  EXPECT_THROW(app.listen(-1), parley::listen_error);
  EXPECT_THROW(app.listen(STDERR_FILENO), parley::listen_error);
  EXPECT_THROW(app.listen(made->socket.get(), "ftp"), std::invalid_argument);
  app.listen(made->socket.release());
  EXPECT_EQ(app.addresses().at(0), "http://" + made->local.to_string());
  app.start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(parley::fetch(app.addresses().at(0) + "/").content(), "hello");
  app.stop();
  EXPECT_THROW(parley::fetch(app.addresses().at(0) + "/"), parley::fetch_error);
}

TEST_F(service, a_unix_socket_at_both_ends) {
  const std::string path = (folder / "talk.sock").string();
  parley::server app;
  app.threads(3);
  app.route("GET /", [](const parley::request& req) { return parley::text(std::string(req.header("Host"))); });
  app.listen("unix:" + path + "?mode=0600");
  EXPECT_EQ(app.addresses().at(0), "unix:" + path);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  app.start();
  const auto how = parley::options().unix_socket(path);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(parley::fetch("http://a.example:81/", how).content(), "a.example:81");
  app.stop();
  EXPECT_FALSE(std::filesystem::exists(path));
  try {
    parley::fetch("http://a.example/", how);
    FAIL() << "somebody answers";
  } catch (const parley::fetch_error& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot connect to a.example on unix:" + path + ": there is no such socket (is the server running?)");
  }
}

TEST(unix_url, takes_permissions_and_names) {
  using parley::server_room::parse_unix_url;
  EXPECT_EQ(parse_unix_url("unix:/a%3Fb%25").path, "/a?b%");
  const auto whole = parse_unix_url("unix:/run/x?mode=0660&user=0&group=0");
  EXPECT_EQ(whole.path, "/run/x");
  EXPECT_EQ(whole.access.mode, 0660);
  EXPECT_EQ(whole.access.user, 0U);
  EXPECT_EQ(whole.access.group, 0U);
  EXPECT_EQ(parse_unix_url("unix:x?user=root").access.user, 0U);
  EXPECT_EQ(parse_unix_url("unix:x?").access.mode, -1);
  for (const char* wrong :
       {"unix:", "unix:?mode=0600", "unix:%zz", "unix:x?mode=", "unix:x?mode=8", "unix:x?mode=01777", "unix:x?mode=-1",
        "unix:x?group=", "unix:x?user=no-such-user-here", "unix:x?owner=root", "unix:x?mode", "unix:x?&"}) {
    EXPECT_THROW(static_cast<void>(parse_unix_url(wrong)), parley::listen_error) << wrong;
  }
}

}  // namespace
