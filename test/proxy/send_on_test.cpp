// Requests for http URLs through a forward proxy, between two servers of ours on sockets, and its rules over the network in memory.
#include "memory_hosts.hpp"
#include "support/certificate_files.hpp"

#include <parley/client.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace proxy_tests {
namespace {

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1))); }

/// All that comes until the other side closes.
std::string talk(std::uint16_t port, std::string_view said) {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string got;
  if (::connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
      ::send(s, said.data(), said.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(said.size())) {
    char piece[4096];
    for (ssize_t n = 0; (n = ::recv(s, piece, sizeof piece, 0)) > 0;) got.append(piece, static_cast<std::size_t>(n));
  }
  ::close(s);
  return got;
}

struct two_servers {
  two_servers() {
    origin.threads(1).name("").on_message([](std::string_view) {});
    origin.route("* /echo", [](const parley::request& req) {
      std::string lines = std::string(req.method().name()) + " " + std::string(req.target()) + "\n";
      for (const auto& line : req.fields()) lines.append(line.name).append(": ").append(line.value).append("\n");
      return parley::text(lines + std::string(req.content()))
          .header("X-Origin", "yes")
          .header("Connection", "x-hop")
          .header("X-Hop", "1");
    });
    origin.route("GET /large", [](const parley::request&) {
      return parley::stream(
          [](parley::body_writer& to) -> parley::task<> {
            const std::string piece(64 * 1024, 'x');
            for (int i = 0; i < 64; ++i) {
              auto writing = to.write(piece);
              co_await writing;
            }
          },
          "text/plain");
    });
    origin.route("GET /hinted", [](parley::request& req) -> parley::task<parley::response> {
      req.hint("/style.css", parley::as::style);
      auto pause = parley::sleep_for(std::chrono::milliseconds(1));
      co_await pause;
      co_return parley::text("hinted");
    });
    origin.route("GET /none", [](const parley::request&) { return parley::no_content(); });
    origin.listen("http://127.0.0.1:0").start();
    port = port_of(origin.addresses().front());
  }
  ~two_servers() {
    proxy.stop();
    origin.stop();
  }
  void start(parley::forward_proxy how) {
    how.http_ports({port}).name("proxy-1").serve(proxy);
    proxy.threads(1).on_message([](std::string_view) {});
    proxy.listen("http://127.0.0.1:0").start();
  }
  std::string through(std::string_view method, std::string_view path, std::string_view more = {},
                      std::string_view content = {}) const {
    const std::string host = "127.0.0.1:" + std::to_string(port);
    return talk(port_of(proxy.addresses().front()), std::string(method) + " http://" + host + std::string(path) +
                                                        " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" +
                                                        std::string(more) + "\r\n" + std::string(content));
  }
  parley::server origin, proxy;
  std::uint16_t port = 0;
};

TEST(proxy_requests, go_on_without_what_ends_at_this_hop) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  const std::string got =
      s.through("POST", "/echo?a=1",
                "Content-Length: 5\r\nX-End: yes\r\nProxy-Authorization: Basic eA==\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
                "Proxy-Connection: keep-alive\r\nX-Mine: private\r\nVia: 1.0 fred\r\nConnection: x-mine\r\n",
                "hello");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
  EXPECT_NE(got.find("POST /echo?a=1\n"), std::string::npos) << got;
  EXPECT_NE(got.find("X-End: yes\n"), std::string::npos);
  EXPECT_NE(got.find("Via: 1.0 fred, 1.1 proxy-1\n"), std::string::npos) << got;
  EXPECT_NE(got.find("\r\nVia: 1.1 proxy-1\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("\r\nX-Origin: yes\r\n"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\nhello"));
  for (const char* gone :
       {"Proxy-Authorization", "Keep-Alive", "Proxy-Connection", "X-Mine", "TE:", "X-Hop", "User-Agent", "\r\nServer:"}) {
    EXPECT_EQ(got.find(gone), std::string::npos) << gone << "\n" << got;
  }
}

// RFC 9110 §7.7: what browsers send and no URI has goes on too.
TEST(proxy_requests, paths_and_queries_go_on_as_they_came) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  const std::string got = s.through("GET", "/echo?a={b}|c^`&d=100%&e=%zz&f=/../%2e");
  EXPECT_NE(got.find("GET /echo?a={b}|c^`&d=100%&e=%zz&f=/../%2e\n"), std::string::npos) << got;
  const std::string at_once = s.through("GET", "/echo", "Early-Data: what\r\n");
  EXPECT_NE(at_once.find("\nEarly-Data: 1\n"), std::string::npos) << "RFC 8470 5.1\n" << at_once;
}

// RFC 3986 §3.1
TEST(proxy_requests, a_scheme_is_the_same_in_capitals) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  const std::string host = "127.0.0.1:" + std::to_string(s.port);
  const std::string said = "GET HTTP://" + host + "/echo HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  for (const std::uint16_t to : {s.port, port_of(s.proxy.addresses().front())}) {
    const std::string got = talk(to, said);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
  }
  const std::string other =
      talk(s.port, "GET HTTPS://" + host + "/echo HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.starts_with("HTTP/1.1 421 ")) << other;
}

TEST(proxy_requests, content_of_any_length_and_none) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  EXPECT_TRUE(s.through("PUT", "/echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").ends_with("\nabcde"));
  EXPECT_TRUE(s.through("GET", "/none").starts_with("HTTP/1.1 204 "));
  const std::string head = s.through("HEAD", "/echo");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_GT(s.through("GET", "/large").size(), 4U * 1024 * 1024);
  EXPECT_TRUE(s.through("GET", "/nowhere").starts_with("HTTP/1.1 404 "));
  // RFC 9110 7.6.2
  EXPECT_TRUE(s.through("OPTIONS", "/echo", "Max-Forwards: 0\r\n").starts_with("HTTP/1.1 204 "));
  const std::string traced = s.through("TRACE", "/echo", "Max-Forwards: 0\r\n");
  EXPECT_TRUE(traced.starts_with("HTTP/1.1 405 ")) << traced;
  EXPECT_NE(traced.find("\r\nAllow: "), std::string::npos) << "RFC 9110 15.5.6";
  const std::string one = s.through("OPTIONS", "/echo", "Max-Forwards: 1\r\n");
  EXPECT_NE(one.find("Max-Forwards: 0\n"), std::string::npos) << one;
}

TEST(proxy_requests, interim_responses_are_passed_on) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  const std::string got = s.through("GET", "/hinted");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 103 Early Hints\r\n")) << got;
  const std::string early = got.substr(0, got.find("\r\n\r\n"));
  EXPECT_NE(early.find("\r\nLink: </style.css>; rel=preload; as=style"), std::string::npos) << got;
  EXPECT_NE(early.find("\r\nVia: 1.1 proxy-1"), std::string::npos) << got;
  EXPECT_NE(got.find("\r\n\r\nHTTP/1.1 200 OK\r\n"), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("hinted"));
  const std::string host = "127.0.0.1:" + std::to_string(s.port);
  const std::string old = talk(port_of(s.proxy.addresses().front()), "GET http://" + host + "/hinted HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.starts_with("HTTP/1.1 200 ")) << "1.0 knows none\n" << old;
}

TEST(proxy_requests, an_answer_that_goes_no_further_is_cut_off) {
  two_servers s;
  s.origin.stop();
  parley::server silent;
  silent.threads(1).on_message([](std::string_view) {});
  silent.route("GET /half", [](const parley::request&) {
    return parley::stream(
        [](parley::body_writer& to) -> parley::task<> {
          auto writing = to.write("half of it");
          co_await writing;
          auto forever = parley::sleep_for(std::chrono::hours(1));
          co_await forever;
        },
        "text/plain");
  });
  silent.listen("http://127.0.0.1:0").start();
  s.port = port_of(silent.addresses().front());
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private().idle_time(std::chrono::milliseconds(300)));
  const std::string got = s.through("GET", "/half");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
  EXPECT_NE(got.find("half of it"), std::string::npos) << got;
  EXPECT_FALSE(got.ends_with("0\r\n\r\n")) << "it looks whole";
  std::uint64_t counted = 0;
  for (const auto& each : s.proxy.counters()) {
    if (each.name == "proxy_over_time") counted = each.value;
  }
  EXPECT_EQ(counted, 1U);
  silent.stop();
}

TEST(proxy_requests, loops_private_addresses_and_strangers_are_refused) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow("localhost"));
  EXPECT_TRUE(s.through("GET", "/echo").starts_with("HTTP/1.1 403 ")) << "a private address";
  EXPECT_NE(s.through("GET", "/echo").find("destination_ip_prohibited"), std::string::npos);
  const std::string loop = s.through("GET", "/echo", "Via: 1.1 a, HTTP/1.1 Proxy-1 (what)\r\n");
  EXPECT_TRUE(loop.starts_with("HTTP/1.1 502 ")) << loop;
  EXPECT_NE(loop.find("Proxy-Status: proxy-1;error=proxy_loop_detected"), std::string::npos) << loop;
  const std::string far = talk(port_of(s.proxy.addresses().front()),
                               "GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(far.starts_with("HTTP/1.1 403 ")) << far;
  EXPECT_NE(far.find("http_request_denied"), std::string::npos);
  // Requests for the proxy's own server are its routes'.
  EXPECT_EQ(parley::fetch(s.proxy.addresses().front() + "/").status(), 404);
}

TEST(proxy_requests, our_own_client_with_tls_inside_tls) {
  parley::test::certificate_files files;
  files.put("server", files.authority.server({"localhost"}));
  parley::server origin, proxy;
  for (parley::server* const each : {&origin, &proxy}) {
    each->threads(1).on_message([](std::string_view) {});
    each->certificate(files.certificate("server"), files.key("server"));
  }
  origin.route("GET /", [](const parley::request& req) { return std::string(name(req.version())); });
  origin.listen("https://127.0.0.1:0").start();
  const std::uint16_t port = port_of(origin.addresses().front());
  parley::forward_proxy().allow("localhost").allow_private().tunnel_ports({port}).user("ada", "secret").serve(proxy);
  proxy.listen("http://127.0.0.1:0").listen("https://127.0.0.1:0").start();
  const std::string url = "https://localhost:" + std::to_string(port) + "/";
  for (const char* const scheme : {"http", "https"}) {
    const std::string at = "localhost:" + std::to_string(port_of(proxy.addresses().at(std::string_view(scheme) == "http" ? 0 : 1)));
    for (const parley::version v : {parley::http1_1, parley::http2}) {
      parley::client http;
      http.trust(files.authority_file());
      parley::options how;
      how.version(v).timeout(60s).proxy(std::string(scheme) + "://ada:secret@" + at);
      EXPECT_EQ(parley::run(http.get(url, how)).content(), name(v)) << scheme;
    }
    parley::client stranger;
    stranger.trust(files.authority_file());
    parley::options how;
    how.timeout(60s).proxy(std::string(scheme) + "://ada:wrong@" + at);
    EXPECT_THROW(static_cast<void>(parley::run(stranger.get(url, how))), parley::fetch_error);
  }
  proxy.stop();
  origin.stop();
}

TEST(proxy_requests, an_answer_before_the_content_is_whole) {
  two_servers s;
  s.start(parley::forward_proxy().allow("127.0.0.1").allow_private());
  // The origin answers 405 at the head; the rest of the content has nowhere to go.
  const std::string much(8 * 1024 * 1024, 'x');
  const std::string got =
      s.through("PUT", "/none", "Content-Length: " + std::to_string(much.size()) + "\r\n", much.substr(0, 32 * 1024));
  EXPECT_TRUE(got.empty() || got.starts_with("HTTP/1.1 405 ") || got.starts_with("HTTP/1.1 502 ")) << got.substr(0, 200);
  EXPECT_TRUE(s.through("GET", "/none").starts_with("HTTP/1.1 204 ")) << "and others are served";
}

}  // namespace
}  // namespace proxy_tests
