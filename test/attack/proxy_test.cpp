// Attacks on a forward proxy, by its clients and by the servers behind it, over sockets.
#include "attack/arena.hpp"
#include "attack/frames.hpp"

#include <parley/proxy.hpp>

#include <fcntl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace parley::attack {
namespace {

using namespace std::chrono_literals;

constexpr const char* attackers_address = "127.0.0.2";
constexpr const char* neighbours_address = "127.0.0.3";

std::string connect_to(std::string_view where) {
  return "CONNECT " + std::string(where) + " HTTP/1.1\r\nHost: " + std::string(where) + "\r\n\r\n";
}

/// A proxy, and a server behind it that must not be reached by everybody.
struct proxied {
  explicit proxied(const limits& caps = {}) : on(caps) { inside.open(); }
  void open(forward_proxy how) {
    how.tunnel_ports({inside.port}).http_ports({inside.port}).name("proxy-1").serve(on.app);
    on.open();
  }
  [[nodiscard]] std::string at(std::string_view host) const { return std::string(host) + ":" + std::to_string(inside.port); }
  /// Whether somebody else has a tunnel to the server behind, and is served there; and by the proxy's own server.
  bool serves_others() const {
    raw other(on.port, neighbours_address);
    other.send(connect_to(at("127.0.0.1")));
    if (other.response() != 200) return false;
    other.send("GET / HTTP/1.1\r\nHost: other\r\n\r\n");
    return other.response() == 200 && other.last_content == "hello" && on.serves_others(neighbours_address);
  }
  arena inside;
  arena on;
};

// --- where to ------------------------------------------------------------------------------------------------------------------

// Whoever may go anywhere gets nowhere inside, whatever the address is called; what the system makes of a name is looked at, not the name.
TEST(attack_proxy, private_addresses_in_every_notation) {
  proxied site;
  site.open(forward_proxy().allow("*"));
  const struct {
    const char* host;
    bool is_host;  // else it is no authority at all
  } rows[] = {
      {"127.0.0.1", true},
      {"127.0.0.1.", true},
      {"127.1", true},
      {"127.0.1", true},
      {"2130706433", true},
      {"0x7f000001", true},
      {"0x7f.0.0.1", true},
      {"0X7F.1", true},
      {"017700000001", true},
      {"0177.0.0.1", true},
      {"0177.0.0.01", true},
      {"%31%32%37.0.0.1", true},
      {"127.0.0.%31", true},
      {"0", true},
      {"0.0.0.0", true},
      {"127.255.255.254", true},
      {"localhost", true},
      {"localhost.", true},
      {"LocalHost", true},
      {"%6cocalhost", true},
      {"169.254.169.254", true},
      {"0xa9fea9fe", true},
      {"10.0.0.1", true},
      {"100.64.0.1", true},
      {"[::1]", true},
      {"[::]", true},
      {"[0:0:0:0:0:0:0:1]", true},
      {"[::ffff:127.0.0.1]", true},
      {"[::ffff:7f00:1]", true},
      {"[::127.0.0.1]", true},
      {"[64:ff9b::127.0.0.1]", true},
      {"[64:ff9b::7f00:1]", true},
      {"[64:ff9b:1::7f00:1]", true},
      {"[2002:7f00:1::]", true},
      {"[2001:0:7f00:1::80ff:fffe]", true},
      {"[fe80::1]", true},
      {"[fd00:ec2::254]", true},
      {"[ff02::1]", true},
      {"[fe80::1%25lo]", false},
      {"[::1%25lo]", false},
      {"[v1.127]", false},
      {"127.0.0.1@example.org", false},
      {"example.org@127.0.0.1", false},
      {"\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1", false},
      {"127.0.0.1 ", false},
      {"", false},
  };
  std::size_t refused = 0;
  for (const auto& row : rows) {
    raw attacker(site.on.port, attackers_address);
    attacker.send(connect_to(site.at(row.host)));
    EXPECT_EQ(attacker.response(), row.is_host ? 403 : 400) << row.host;
    if (row.is_host) {
      EXPECT_NE(attacker.last_head.find("Proxy-Status: proxy-1;error=destination_ip_prohibited"), std::string::npos) << row.host;
    }
    raw another(site.on.port, attackers_address);
    another.send("GET http://" + site.at(row.host) + "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(another.response(), row.is_host ? 403 : 400) << row.host;
    refused += row.is_host ? 2 : 0;
  }
  EXPECT_EQ(site.on.count("proxy_not_public"), refused);
  EXPECT_EQ(site.inside.count("connections_accepted"), 0U);
  EXPECT_TRUE(site.on.serves_others(neighbours_address));
}

// What is no host and port is no tunnel, and never one to somewhere else.
TEST(attack_proxy, targets_that_are_no_authority) {
  proxied site;
  site.open(forward_proxy().allow("127.0.0.1").allow_private());
  const std::string port = std::to_string(site.inside.port);
  const std::string targets[] = {"127.0.0.1",
                                 "127.0.0.1:",
                                 "127.0.0.1:0",
                                 "127.0.0.1:65536",
                                 "127.0.0.1:+" + port,
                                 "127.0.0.1:0x" + port,
                                 "127.0.0.1:" + port + "/",
                                 "127.0.0.1:" + port + "?x",
                                 "127.0.0.1:" + port + "#x",
                                 "/127.0.0.1:" + port,
                                 "http://127.0.0.1:" + port,
                                 "user:password@127.0.0.1:" + port,
                                 "127.0.0.1:22:" + port,
                                 ":" + port,
                                 "[127.0.0.1]:" + port,
                                 "127.0.0.1%0d%0a:" + port,
                                 "*",
                                 "127.0.0.1:" + port + ",127.0.0.1:22"};
  for (const std::string& target : targets) {
    raw attacker(site.on.port, attackers_address);
    attacker.send(connect_to(target));
    const int status = attacker.response();
    EXPECT_TRUE(status == 400 || status == 403) << target << " " << status;
  }
  EXPECT_EQ(site.inside.count("connections_accepted"), 0U);
  EXPECT_EQ(site.on.count("proxy_tunnels"), 0U);
  EXPECT_TRUE(site.serves_others());
}

TEST(attack_proxy, an_open_proxy) {
  proxied closed;
  closed.open(forward_proxy());
  raw attacker(closed.on.port, attackers_address);
  attacker.send(connect_to(closed.at("127.0.0.1")));
  EXPECT_EQ(attacker.response(), 403);
  attacker.send("GET http://" + closed.at("127.0.0.1") + "/ HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(attacker.response(), 403);
  EXPECT_EQ(closed.on.count("proxy_denied"), 2U);
  EXPECT_EQ(closed.inside.count("connections_accepted"), 0U);
  EXPECT_TRUE(closed.on.serves_others(neighbours_address));
}

// --- time and number -----------------------------------------------------------------------------------------------------------

TEST(attack_proxy, tunnels_that_idle) {
  proxied site;
  site.open(forward_proxy().allow("127.0.0.1").allow_private().tunnels(8).tunnels_per_client(4).idle_time(4s));
  std::vector<std::unique_ptr<raw>> attackers;
  int open = 0, refused = 0;
  for (int i = 0; i < 12; ++i) {
    attackers.push_back(std::make_unique<raw>(site.on.port, attackers_address));
    attackers.back()->send(connect_to(site.at("127.0.0.1")));
    const int status = attackers.back()->response();
    open += status == 200 ? 1 : 0;
    refused += status == 429 ? 1 : 0;
  }
  EXPECT_EQ(open, 4);
  EXPECT_EQ(refused, 8);
  EXPECT_EQ(site.on.count("proxy_over_tunnels"), 8U);
  EXPECT_TRUE(site.serves_others());
  EXPECT_TRUE(site.on.counted("proxy_over_time", 4));
  for (int i = 0; i < 4; ++i) attackers[static_cast<std::size_t>(i)]->until_close();
  raw again(site.on.port, attackers_address);
  again.send(connect_to(site.at("127.0.0.1")));
  EXPECT_EQ(again.response(), 200) << "the places are free again";
}

// All of them on one connection: each stream counts, and those beyond the limit cost the connection nothing.
TEST(attack_proxy, tunnels_of_one_http2_connection) {
  proxied site;
  site.open(forward_proxy().allow("127.0.0.1").allow_private().tunnels_per_client(4));
  h2_attacker attacker(site.on.port, {}, attackers_address);
  const auto connect = [&](std::string_view authority) {
    const std::uint32_t id = attacker.next_stream();
    attacker.send(headers_frame, end_headers, id, line(":method", "CONNECT") + line(":authority", authority));
    return id;
  };
  // The next responses' heads; how many of them open a tunnel.
  const auto opened = [&](int heads) {
    int open = 0;
    for (; heads > 0; --heads) {
      const auto head = attacker.until(headers_frame);
      if (!head) return -1;
      open += head->payload.starts_with('\x88') ? 1 : 0;
    }
    return open;
  };
  const std::uint32_t first = connect(site.at("127.0.0.1"));
  EXPECT_EQ(opened(1), 1);
  for (int i = 0; i < 9; ++i) connect(site.at("127.0.0.1"));
  EXPECT_EQ(opened(9), 3);
  connect("127.0.0.1:1");
  connect("[::ffff:10.0.0.1]:443");
  EXPECT_EQ(opened(2), 0);
  EXPECT_EQ(site.on.count("proxy_over_tunnels"), 6U);
  EXPECT_EQ(site.on.count("proxy_denied"), 2U);
  EXPECT_TRUE(site.serves_others());
  // What is open works, and what is given up makes room.
  attacker.send(data_frame, 0, first, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string said;
  while (said.find("hello") == said.npos) {
    const auto f = attacker.next();
    ASSERT_TRUE(f);
    if (f->type == data_frame && f->stream == first) said += f->payload;
  }
  EXPECT_TRUE(said.starts_with("HTTP/1.1 200 ")) << said;
  EXPECT_TRUE(attacker.serves());
  const std::uint64_t broken = site.on.count("proxy_tunnels");
  attacker.send(reset_frame, 0, first, number(cancel_code, 4));
  for (int tries = 0; site.on.count("proxy_tunnels") == broken && tries < 1000; ++tries) {
    connect(site.at("127.0.0.1"));
    if (opened(1) != 0) break;
  }
  EXPECT_EQ(site.on.count("proxy_tunnels"), broken + 1);
}

// One that is busy for ever: its time is over all the same.
TEST(attack_proxy, a_tunnel_without_end) {
  proxied site;
  site.open(forward_proxy().allow("127.0.0.1").allow_private().total_time(5s));
  raw attacker(site.on.port, attackers_address);
  attacker.send(connect_to(site.at("127.0.0.1")));
  ASSERT_EQ(attacker.response(), 200);
  // How many come through depends on the machine; that it ends, though it never idles, does not.
  do {
    attacker.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ::poll(nullptr, 0, 1);
  } while (attacker.response() == 200);
  EXPECT_TRUE(site.on.counted("proxy_over_time", 1));
  EXPECT_TRUE(site.serves_others());
}

TEST(attack_proxy, a_tunnel_that_carries_too_much) {
  proxied site;
  site.inside.app.stop();
  arena endless;
  endless.app.route("GET /endless", [](const request&) {
    return stream(
        [](body_writer& to) -> task<> {
          const std::string piece(64 * 1024, 'x');
          while (true) {
            auto writing = to.write(piece);
            co_await writing;
          }
        },
        "text/plain");
  });
  endless.open();
  arena on;
  forward_proxy().allow("127.0.0.1").allow_private().tunnel_ports({endless.port}).bytes(2'000'000).serve(on.app);
  on.open();
  raw attacker(on.port, attackers_address);
  attacker.send(connect_to("127.0.0.1:" + std::to_string(endless.port)));
  ASSERT_EQ(attacker.response(), 200);
  attacker.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  while (attacker.received.size() <= 2'000'000 && attacker.receive()) {
  }
  EXPECT_LE(attacker.received.size(), 2'000'000U);
  EXPECT_TRUE(on.counted("proxy_over_bytes", 1));
  EXPECT_TRUE(on.serves_others(neighbours_address));
}

// Clients that never say where to.
TEST(attack_proxy, slow_connects) {
  limits caps;
  caps.head_time = 3s;
  proxied site(caps);
  site.open(forward_proxy().allow("127.0.0.1").allow_private());
  std::vector<std::unique_ptr<raw>> attackers;
  for (int i = 0; i < 30; ++i) {
    attackers.push_back(std::make_unique<raw>(site.on.port, attackers_address));
    attackers.back()->send("CONNECT " + site.at("127.0.0.1") + " HTTP/1.1\r\nHost: ");
  }
  EXPECT_TRUE(site.serves_others());
  for (auto& each : attackers) EXPECT_EQ(each->response(), 408);
  EXPECT_TRUE(site.on.counted("limit.head_time", 30));
  EXPECT_EQ(site.inside.count("connections_accepted"), 1U) << "the neighbour's";
  EXPECT_TRUE(site.serves_others());
}

/// A port where nobody takes a connection any more: the system answers nothing.
class silent_port {
 public:
  silent_port() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    socklen_t size = sizeof at;
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(listening_.get(), 0) != 0 ||
        ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("listen");
    port = ntohs(at.sin_port);
    for (int i = 0; i < 64 && !silent; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(waiting_.back().get(), reinterpret_cast<const sockaddr*>(&at), size));
      pollfd wait{waiting_.back().get(), POLLOUT, 0};
      silent = ::poll(&wait, 1, 300) == 0;
    }
  }
  std::uint16_t port = 0;
  bool silent = false;

 private:
  base::unique_fd listening_;
  std::vector<base::unique_fd> waiting_;
};

// A host that does not answer keeps its client's places, for as long as `connect_time` lets it, and nobody else's.
TEST(attack_proxy, hosts_that_never_answer) {
  const silent_port nobody;
  if (!nobody.silent) GTEST_SKIP() << "this system takes connections that nobody accepts";
  proxied site;
  site.open(forward_proxy()
                .allow("127.0.0.1")
                .allow("127.0.0.1:" + std::to_string(nobody.port))
                .allow_private()
                .tunnels_per_client(4)
                .connect_time(3s));
  std::vector<std::unique_ptr<raw>> attackers;
  for (int i = 0; i < 10; ++i) {
    attackers.push_back(std::make_unique<raw>(site.on.port, attackers_address));
    attackers.back()->send(connect_to("127.0.0.1:" + std::to_string(nobody.port)));
  }
  EXPECT_TRUE(site.serves_others());
  int late = 0, refused = 0;
  for (auto& each : attackers) {
    const int status = each->response();
    late += status == 504 ? 1 : 0;
    refused += status == 429 ? 1 : 0;
  }
  EXPECT_EQ(late, 4);
  EXPECT_EQ(refused, 6);
  EXPECT_EQ(site.on.count("proxy_over_tunnels"), 6U);
  EXPECT_TRUE(site.on.counted("proxy_over_time", 4));
  EXPECT_TRUE(site.serves_others());
}

// --- between two parsers ---------------------------------------------------------------------------------------------------------

// What two servers could read in two ways is read by neither, and Connection takes away nothing that the next hop frames by.
TEST(attack_proxy, smuggling_through_it) {
  proxied site;
  site.open(forward_proxy().allow("127.0.0.1").allow_private());
  const std::string to = "POST http://" + site.at("127.0.0.1") + "/ HTTP/1.1\r\nHost: x\r\n";
  const std::string hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string length = std::to_string(hidden.size());
  const std::string refused[] = {
      to + "Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
      to + "Content-Length: 0\r\nContent-Length: " + length + "\r\n\r\n" + hidden,
      to + "Content-Length: 0, " + length + "\r\n\r\n" + hidden,
      to + "Content-Length: +" + length + "\r\n\r\n" + hidden,
      to + "Transfer-Encoding: xchunked\r\n\r\n" + hidden,
      to + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
      to + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden,
      to + "X: y\n" + hidden,
      to + "X: y\rTransfer-Encoding: chunked\r\n\r\n" + hidden,
      "POST http://" + site.at("127.0.0.1") + "/\tx HTTP/1.1\r\nHost: x\r\n\r\n",
  };
  for (const std::string& message : refused) {
    raw attacker(site.on.port, attackers_address);
    attacker.send(message);
    const int status = attacker.response();
    EXPECT_TRUE(status == 400 || status == 501) << message << " " << status;
    attacker.until_close();
  }
  EXPECT_EQ(site.inside.count("requests"), 0U);
  // These are requests with a content that looks like one.
  for (const std::string& lines :
       {"Content-Length: " + length + "\r\nConnection: close, content-length, host, transfer-encoding\r\n\r\n" + hidden,
        "Connection: close, transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string("23\r\n") + hidden +
            "\r\n0\r\n\r\n"}) {
    raw attacker(site.on.port, attackers_address);
    attacker.send(to + lines);
    EXPECT_EQ(attacker.response(), 200) << lines << attacker.received;
  }
  EXPECT_EQ(site.inside.smuggled, 0);
  EXPECT_EQ(site.on.smuggled, 0);
  EXPECT_TRUE(site.serves_others());
}

/// A server behind the proxy whose every byte the test chooses.
class scripted_host {
 public:
  /// `script`: what is done with each connection, in its thread; it gets the socket.
  explicit scripted_host(std::function<void(int)> script) : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    socklen_t size = sizeof at;
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(listening_.get(), 64) != 0 ||
        ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("listen");
    port = ntohs(at.sin_port);
    thread_ = std::thread([this, script = std::move(script)] {
      std::vector<std::thread> each;
      for (int fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC); fd >= 0;
           fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)) {
        ++connections;
        each.emplace_back([fd, &script] {
          const base::unique_fd mine(fd);
          script(fd);
        });
      }
      for (std::thread& one : each) one.join();
    });
  }
  ~scripted_host() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  /// Reads one head; false at the end.
  static bool head(int fd) {
    std::string seen;
    for (char c = 0; ::recv(fd, &c, 1, 0) == 1;) {
      seen += c;
      if (seen.ends_with("\r\n\r\n")) return true;
    }
    return false;
  }
  static bool say(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  std::uint16_t port = 0;
  std::atomic<int> connections{0};

 private:
  base::unique_fd listening_;
  std::thread thread_;
};

struct behind {
  explicit behind(std::function<void(int)> script, const limits& caps = {}) : host(std::move(script)), on(caps) {
    forward_proxy().allow("127.0.0.1").allow_private().http_ports({host.port}).name("proxy-1").serve(on.app);
    on.open();
  }
  std::unique_ptr<raw> ask(const char* from, std::string_view path = "/") const {
    auto one = std::make_unique<raw>(on.port, from);
    one->send("GET http://127.0.0.1:" + std::to_string(host.port) + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return one;
  }
  scripted_host host;
  arena on;
};

TEST(attack_proxy, servers_that_answer_nonsense) {
  const std::string endless_head = "HTTP/1.1 200 OK\r\n";
  const std::pair<const char*, std::string> rows[] = {
      {"two framings", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"},
      {"a split response", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"},
      {"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
      {"a head that is too large", endless_head + "X: " + std::string(100'000, 'x') + "\r\n\r\n"},
      {"too many lines",
       [&] {
         std::string all = endless_head;
         for (int i = 0; i < 200; ++i) all += "X-" + std::to_string(i) + ": y\r\n";
         return all + "\r\n";
       }()},
      {"interim responses without end",
       [] {
         std::string all;
         for (int i = 0; i < 100; ++i) all += "HTTP/1.1 103 Early Hints\r\n\r\n";
         return all + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
       }()},
      {"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
      {"nothing", ""},
  };
  for (const auto& [what, answer] : rows) {
    const behind site([&answer](int fd) {
      if (scripted_host::head(fd)) scripted_host::say(fd, answer);
    });
    const auto client = site.ask(attackers_address);
    int status = client->response();
    for (int interim = 0; status == 103 && interim < 16; ++interim)
      status = client->response();  // `informational` of them are passed on
    EXPECT_EQ(status, 502) << what << client->received;
    EXPECT_NE(client->last_head.find("Proxy-Status: proxy-1;error="), std::string::npos) << what;
    EXPECT_EQ(client->last_head.find("Set-Cookie"), std::string::npos) << what;
    EXPECT_TRUE(site.on.counted("proxy_failed", 1)) << what;
    EXPECT_TRUE(site.on.serves_others(neighbours_address)) << what;
  }
}

// Behind its answer the server writes another one, for whoever asks next on that connection.
TEST(attack_proxy, answers_that_nobody_asked_for) {
  const behind site([](int fd) {
    while (scripted_host::head(fd)) {
      if (!scripted_host::say(fd,
                              "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmineHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"))
        return;
    }
  });
  for (int i = 0; i < 10; ++i) {
    const auto attacker = site.ask(attackers_address);
    EXPECT_EQ(attacker->response(), 200);
    EXPECT_EQ(attacker->last_content, "mine");
    const auto neighbour = site.ask(neighbours_address);
    EXPECT_EQ(neighbour->response(), 200);
    EXPECT_EQ(neighbour->last_content, "mine") << i;
  }
  EXPECT_TRUE(site.on.serves_others(neighbours_address));
}

// What breaks off must not look whole to the client.
TEST(attack_proxy, answers_that_break_off) {
  for (const char* const answer : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
    const behind site([answer](int fd) {
      if (scripted_host::head(fd)) scripted_host::say(fd, answer);
    });
    const auto client = site.ask(attackers_address);
    const std::string& said = client->until_close();
    EXPECT_NE(said.find("half"), std::string::npos) << said;
    EXPECT_EQ(said.find("\r\n0\r\n"), std::string::npos) << "it looks whole";
    EXPECT_TRUE(site.on.serves_others(neighbours_address));
  }
}

}  // namespace
}  // namespace parley::attack
