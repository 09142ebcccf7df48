// Through proxies: which one, absolute-form, and what stands within a tunnel.
#include "scripted_peer.hpp"

#include "client/agent_settings.hpp"
#include "client/proxy_choice.hpp"
#include "semantics/digest_auth.hpp"

#include <parley/cookie_jar.hpp>

#include <cstdlib>
#include <map>

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::fetching::bypasses_proxy;
using parley::fetching::parse_proxy;
using parley::fetching::proxy_for;

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(proxy, urls) {
  const auto plain = parse_proxy("proxy.example:3128");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "proxy.example");
  EXPECT_EQ(plain->port, 3128);
  EXPECT_FALSE(plain->secure);
  const auto full = parse_proxy("https://ada:a%40b%3a@[2001:DB8::1]/");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "2001:db8::1");
  EXPECT_EQ(full->port, 443);
  EXPECT_TRUE(full->secure);
  EXPECT_EQ(full->user, "ada");
  EXPECT_EQ(full->password, "a@b:");
  for (const char* bad : {"", "http://", "socks5://x:1080", "http://x/path", "http://x?y", "http://a:b%zz@x", "http://x:0",
                          "http://x:99999", "a b"}) {
    const auto refused = parse_proxy(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_FALSE(says(refused.error(), "zz")) << "no part of a password is shown";
  }
  EXPECT_THROW(parley::options().proxy("socks5://x:1080"), std::invalid_argument);
}

TEST(proxy, whom_it_is_not_for) {
  struct row {
    const char* list;
    const char* host;
    std::uint16_t port;
    bool bypassed;
  };
  const row rows[] = {
      {"", "a.example", 80, false},
      {"*", "a.example", 80, true},
      {"example", "a.example", 80, true},
      {".example", "a.example", 80, true},
      {"*.example", "a.example", 80, true},
      {"example", "example", 80, true},
      {".example", "example", 80, true},
      {"ample", "a.example", 80, false},
      {"A.Example", "a.eXample.", 80, true},
      {"b.example, a.example", "a.example", 80, true},
      {"a.example:81", "a.example", 80, false},
      {"a.example:80", "a.example", 80, true},
      {"127.0.0.1", "127.0.0.1", 80, true},
      {"127.0.0.0/8", "127.9.9.9", 80, true},
      {"127.0.0.0/9", "127.128.0.1", 80, false},
      {"10.0.0.0/33", "10.0.0.1", 80, false},
      {"0.0.0.0/0", "a.example", 80, false},
      {"::1", "[::1]", 80, true},
      {"[::1]:8080", "::1", 8080, true},
      {"fd00::/8", "fd12::1", 80, true},
      {"1", "127.0.0.1", 80, false},
      {"0.1", "127.0.0.1", 80, false},
      {",, ,", "a", 80, false},
  };
  for (const row& x : rows) EXPECT_EQ(bypasses_proxy(x.list, x.host, x.port), x.bypassed) << x.list << " " << x.host;
}

TEST(proxy, by_the_environment) {
  std::map<std::string, std::string> variables;
  const auto read = [&](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  parley::detail::agent_settings asked;
  const auto http = parley::uri::parse("http://a.example/").value();
  const auto https = parley::uri::parse("https://a.example/").value();
  variables = {{"http_proxy", "p:1"}, {"HTTPS_PROXY", "p:2"}};
  EXPECT_EQ(proxy_for(http, asked, read), "") << "the environment is looked at only when asked for";
  asked.environment = true;
  EXPECT_EQ(proxy_for(http, asked, read), "p:1");
  EXPECT_EQ(proxy_for(https, asked, read), "p:2");
  variables = {{"HTTP_PROXY", "p:1"}};
  EXPECT_EQ(proxy_for(http, asked, read), "") << "a CGI program's client can set HTTP_PROXY";
  variables = {{"all_proxy", "p:3"}, {"no_proxy", "example"}};
  EXPECT_EQ(proxy_for(http, asked, read), "");
  asked.no_proxy = "";
  EXPECT_EQ(proxy_for(http, asked, read), "p:3") << "the options come before the environment";
  asked.proxy = "p:4";
  EXPECT_EQ(proxy_for(https, asked, read), "p:4");
}

TEST(proxy, the_environments_is_not_for_unix_sockets) {
  ASSERT_EQ(::setenv("http_proxy", "http://10.0.0.1", 1), 0);
  world w;
  w.server.answer_all(ok_hello);
  auto straight = w.run(w.http.get("http://a.example/", parley::options().proxy_from_environment().unix_socket("/nobody/here")));
  EXPECT_EQ(straight->kind(), fetch_error::kind::connect) << straight->error();
  auto through = w.run(w.http.get("http://a.example/", parley::options().proxy_from_environment()));
  ASSERT_EQ(::unsetenv("http_proxy"), 0);
  EXPECT_TRUE(through->succeeded()) << through->error();
  EXPECT_EQ(w.server.peers.size(), 1U);
}

TEST(proxy, absolute_form_on_one_connection_for_all) {
  world w;
  w.server.answer_all(ok_hello);
  const auto how = parley::options().proxy("http://ada:secret@10.0.0.1");
  for (const char* url : {"http://one.example/x?y#z", "http://two.example:81/"}) {
    auto got = w.run(w.http.get(url, how));
    ASSERT_TRUE(got->succeeded()) << got->error();
  }
  parley::request whole(parley::method::options, "http://one.example");
  ASSERT_TRUE(w.run(w.http.send(std::move(whole), how))->succeeded());
  ASSERT_EQ(w.server.peers.size(), 1U);
  const std::string& sent = w.server.peers[0]->received;
  EXPECT_TRUE(sent.starts_with("GET http://one.example/x?y HTTP/1.1\r\nHost: one.example\r\n")) << sent;
  EXPECT_TRUE(says(sent, "GET http://two.example:81/ HTTP/1.1\r\nHost: two.example:81\r\n")) << sent;
  EXPECT_TRUE(says(sent, "OPTIONS http://one.example HTTP/1.1\r\nHost: one.example\r\n")) << sent;
  EXPECT_TRUE(says(sent, "Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n")) << sent;
}

TEST(proxy, a_refusal_of_its_own_sets_no_cookies_of_sites) {
  for (const bool by_proxy : {true, false}) {
    world w;
    w.server.answer_all(std::string(by_proxy ? "HTTP/1.1 407 Who" : "HTTP/1.1 404 No") +
                        "\r\nSet-Cookie: a=b; Domain=site.example\r\nContent-Length: 0\r\n\r\n");
    const parley::cookie_jar jar;
    auto got = w.run(w.http.get("http://www.site.example/", parley::options().proxy("http://10.0.0.1").cookies(jar)));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(jar.size(), by_proxy ? 0U : 1U);
  }
}

TEST(proxy, what_is_straight_shares_nothing_with_what_is_relayed) {
  world w;
  w.server.answer_all(ok_hello);
  ASSERT_TRUE(w.run(w.http.get("http://10.0.0.1/"))->succeeded());
  ASSERT_TRUE(w.run(w.http.get("http://one.example/", parley::options().proxy("10.0.0.1")))->succeeded());
  EXPECT_EQ(w.server.peers.size(), 2U);
}

// An http URL goes through a tunnel when it asks for HTTP/2 in cleartext.
parley::options tunnelled() { return parley::options().upgrade().proxy("http://ada:secret@10.0.0.1"); }

TEST(proxy, a_tunnel_that_is_refused) {
  struct row {
    const char* answer;
    const char* says;
  };
  const row rows[] = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", "answered 403 Forbidden (it does not allow this host or port)"},
      {"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n",
       "answered 407 Who (is the password right?)"},
      {"HTTP/1.1 502 Bad\r\n\r\n", "the proxy 10.0.0.1 port 80 opened no tunnel to far.example port 81: it answered 502 Bad"},
  };
  for (const row& x : rows) {
    world w;
    w.server.answer_and_close(x.answer);
    auto got = w.run(w.http.get("http://far.example:81/", tunnelled()));
    EXPECT_EQ(got->kind(), fetch_error::kind::proxy) << got->error();
    EXPECT_TRUE(says(got->error(), x.says)) << got->error();
    EXPECT_FALSE(says(got->error(), "secret"));
    EXPECT_TRUE(w.server.peers[0]->received.starts_with("CONNECT far.example:81 HTTP/1.1\r\nHost: far.example:81\r\n"));
    EXPECT_FALSE(says(w.server.peers[0]->received, "GET "));
  }
}

TEST(proxy, what_is_no_answer_and_what_never_comes) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t n) {
    p.on_news = [n](peer& from) {
      if (n == 0) from.send("SSH-2.0-x\r\n\r\n");
    };
  };
  auto nonsense = w.run(w.http.get("http://far.example/", tunnelled()));
  EXPECT_EQ(nonsense->kind(), fetch_error::kind::protocol) << nonsense->error();
  auto silent = w.run(w.http.get("http://far.example/", tunnelled().connect_timeout(2s)));
  EXPECT_EQ(silent->kind(), fetch_error::kind::timeout) << silent->error();
  EXPECT_TRUE(says(silent->error(), "waiting for a tunnel to far.example port 80")) << silent->error();
}

TEST(proxy, digest_for_a_tunnel) {
  for (const bool stays : {true, false}) {
    world w;
    w.server.on_connection = [stays](peer& p, std::size_t n) {
      p.on_news = [stays, n, asked = 0](peer& from) mutable {
        if (!from.received.ends_with("\r\n\r\n") || from.ended) return;
        if (asked++ > 0 || n > 0) return from.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        from.send(
            std::string(
                "HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"p\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n") +
            (stays ? "Content-Length: 0\r\n\r\n" : "Connection: close\r\n\r\n"));
        if (!stays) from.end();
      };
    };
    auto got = w.run(w.http.get("http://far.example:81/", tunnelled()));
    EXPECT_EQ(got->kind(), fetch_error::kind::proxy) << got->error();
    EXPECT_TRUE(says(got->error(), "403 No")) << got->error();
    ASSERT_EQ(w.server.peers.size(), stays ? 1U : 2U);
    const std::string& sent = w.server.peers.back()->received;
    EXPECT_TRUE(says(sent, "Proxy-Authorization: Digest username=\"ada\", realm=\"p\", uri=\"far.example:81\"")) << sent;
  }
}

/// A proxy that opens every tunnel, behind which a server speaks HTTP/1.1 in pieces of any size.
struct tunnel_world : world {
  explicit tunnel_world(std::string answer) {
    server.on_connection = [text = std::move(answer)](peer& p, std::size_t) {
      p.on_news = [text, answered = std::size_t{0}, open = false](peer& from) mutable {
        for (std::size_t at; (at = from.received.find("\r\n\r\n", answered)) != std::string::npos;) {
          answered = at + 4;
          from.send(std::exchange(open, true) ? text : "HTTP/1.1 200 Fine\r\n\r\n");
        }
      };
    };
  }
};

TEST(proxy, a_tunnel_carries_requests_and_is_used_again) {
  tunnel_world w("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  for (int i = 0; i < 3; ++i) {
    auto got = w.run(w.http.get("http://far.example/" + std::to_string(i), tunnelled()));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(got->value().content().size(), 100'000U);
  }
  ASSERT_EQ(w.server.peers.size(), 1U);
  const std::string& sent = w.server.peers[0]->received;
  EXPECT_TRUE(sent.starts_with("CONNECT far.example:80 HTTP/1.1\r\n")) << sent;
  EXPECT_TRUE(says(sent, "\r\n\r\nGET /2 HTTP/1.1\r\nHost: far.example\r\n")) << sent;
  EXPECT_EQ(sent.find("Proxy-Authorization"), sent.rfind("Proxy-Authorization")) << "what is for the proxy is not told the server";
  // Another server has a tunnel of its own.
  ASSERT_TRUE(w.run(w.http.get("http://near.example/", tunnelled()))->succeeded());
  EXPECT_EQ(w.server.peers.size(), 2U);
}

TEST(proxy, large_content_goes_up_through_a_tunnel) {
  tunnel_world w(ok_hello);
  parley::request req(parley::method::post, "http://far.example/");
  req.content(std::string(3'000'000, 'u'), "text/plain");
  auto got = w.start(w.http.send(std::move(req), tunnelled()));
  w.finish(*got);
  ASSERT_TRUE(got->succeeded()) << got->error();
  w.settle();
  EXPECT_GE(w.server.peers[0]->received.size(), 3'000'000U);
}

TEST(proxy, a_tunnel_that_breaks_off) {
  for (const bool reset : {false, true}) {
    world w;
    w.server.on_connection = [reset](peer& p, std::size_t) {
      p.on_news = [reset, step = 0](peer& from) mutable {
        if (!from.received.ends_with("\r\n\r\n") || from.ended) return;
        if (step++ == 0) return from.send("HTTP/1.1 200 Fine\r\n\r\n");
        from.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        if (!reset) from.end();
        if (reset) from.abort();
      };
    };
    auto got = w.run(w.http.get("http://far.example/", tunnelled()));
    EXPECT_EQ(got->kind(), fetch_error::kind::connection_lost) << got->error();
    EXPECT_TRUE(says(got->error(), "far.example port 80 through the proxy 10.0.0.1 port 80")) << got->error();
  }
}

TEST(proxy, many_tunnels_do_not_wait_for_each_other) {
  tunnel_world w(ok_hello);
  w.http.connections_per_origin(2);
  for (int i = 0; i < 10; ++i) {
    auto got = w.run(w.http.get("http://far" + std::to_string(i) + ".example/", tunnelled()));
    ASSERT_TRUE(got->succeeded()) << i << got->error();
  }
  EXPECT_EQ(w.server.peers.size(), 10U);
  // They go with the client.
  w.http = parley::client();
  w.loop.run_for(5s);
  for (const auto& each : w.server.peers) EXPECT_TRUE(each->ended);
}

TEST(proxy, what_cannot_go_through_one) {
  world w;
  const auto through = [] { return parley::options().proxy("http://10.0.0.1"); };
  EXPECT_EQ(w.run(w.http.get("https://a.example/", through().version(parley::http3)))->kind(), fetch_error::kind::not_supported);
  EXPECT_EQ(w.run(w.http.get("http://a.example/", through().version(parley::http0_9)))->kind(), fetch_error::kind::not_supported);
  EXPECT_EQ(w.run(w.http.get("http://a.example/", through().unix_socket("/x")))->kind(), fetch_error::kind::not_supported);
}

}  // namespace
