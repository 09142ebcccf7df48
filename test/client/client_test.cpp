// What a fetch sends and what it gives back.
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::request;
using parley::response;

TEST(client, sends_a_get_with_default_fields) {
  world w;
  w.server.answer_all(ok_hello);
  auto got = w.run(w.http.get("http://10.0.0.1/a/b?c=d#fragment"));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(w.server.peers[0]->received,
            "GET /a/b?c=d HTTP/1.1\r\n"
            "Host: 10.0.0.1\r\n"
            "User-Agent: parley/" PARLEY_VERSION_STRING
            "\r\n"
            "Accept: */*\r\n"
            "\r\n");
  EXPECT_EQ(got->value().status(), 200);
  EXPECT_EQ(got->value().content(), "hello");
  EXPECT_EQ(got->value().reason(), "OK");
  EXPECT_EQ(got->value().version(), parley::http1_1);
}

TEST(client, requests_as_sent) {
  struct row {
    request req;
    parley::options how;
    const char* sent;
  };
  const auto plain = [](parley::method m, const char* url) {
    request r(m, url);
    r.header("User-Agent", "").header("Accept", "");
    return r;
  };
  std::vector<row> rows;
  rows.push_back({plain(parley::method::head, "http://10.0.0.1:80/x"), {}, "HEAD /x HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n"});
  rows.push_back({plain(parley::method::options, "http://10.0.0.1"), {}, "OPTIONS * HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n"});
  rows.push_back({std::move(plain(parley::method::get, "http://10.0.0.1/").header("Host", "www.example.re")),
                  {},
                  "GET / HTTP/1.1\r\nHost: www.example.re\r\n\r\n"});
  rows.push_back({std::move(plain(parley::method::get, "http://10.0.0.1/").header("Connection", "close")),
                  {},
                  "GET / HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n"});
  rows.push_back({std::move(plain(parley::method::put, "http://10.0.0.1/").content("abc", "text/plain")),
                  {},
                  "PUT / HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"});
  rows.push_back(
      {plain(parley::method::post, "http://10.0.0.1/"), {}, "POST / HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Length: 0\r\n\r\n"});
  rows.push_back({plain(parley::method::get, "http://10.0.0.1/"), parley::options().version(parley::http1_0),
                  "GET / HTTP/1.0\r\nHost: 10.0.0.1\r\n\r\n"});
  rows.push_back(
      {plain(parley::method::get, "http://10.0.0.1/old?q"), parley::options().version(parley::http0_9), "GET /old?q\r\n"});
  for (row& x : rows) {
    world w;
    const bool head = x.req.method() == parley::method::head;
    w.server.on_connection = [&](peer& p, std::size_t) {
      p.on_news = [&](peer& from) {
        if (from.received.size() < std::string_view(x.sent).size()) return;
        from.send(head ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : ok_hello);
        from.end();
      };
    };
    auto got = w.run(w.http.send(std::move(x.req), x.how));
    EXPECT_TRUE(got->succeeded()) << got->error() << x.sent;
    EXPECT_EQ(w.server.peers[0]->received, x.sent);
  }
}

TEST(client, http09_takes_all_until_the_end_as_content) {
  world w;
  w.server.on_connection = [](peer& p, std::size_t) {
    p.on_news = [](peer& from) {
      from.send("<html>HTTP/1.1 200 OK\r\n\r\n");
      from.end();
    };
  };
  auto got = w.run(w.http.get("http://10.0.0.1/old", parley::options().version(parley::http0_9)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(w.server.peers[0]->received, "GET /old\r\n");
  EXPECT_EQ(got->value().status(), 200);
  EXPECT_EQ(got->value().version(), parley::http0_9);
  EXPECT_EQ(got->value().content(), "<html>HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(got->value().fields().empty());
}

TEST(client, responses_at_every_fragment_size) {
  struct row {
    const char* wire;
    parley::method m;
    int status;
    const char* content;
    bool closes;
  };
  const row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", parley::method::get, 200, "hello", false},
      {"HTTP/1.1 404 Gone Fishing\r\nContent-Length: 2\r\n\r\nno", parley::method::get, 404, "no", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n", parley::method::get,
       200, "abcde", false},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", parley::method::get, 200, "until the end", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", parley::method::get, 200, "hi", true},
      {"HTTP/1.1 204 No Content\r\n\r\n", parley::method::get, 204, "", false},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", parley::method::get, 304, "", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", parley::method::head, 200, "", false},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", parley::method::get, 200, "x",
       false},
  };
  for (const row& x : rows) {
    for (const std::size_t fragment : fragment_sizes) {
      world w;
      w.loop.default_link().fragment = fragment;
      if (x.closes) {
        w.server.answer_and_close(x.wire);
      } else {
        w.server.answer_all(x.wire);
      }
      auto got = w.run(w.http.send(request(x.m, "http://10.0.0.1/")));
      ASSERT_TRUE(got->succeeded()) << got->error() << " at " << fragment << ": " << x.wire;
      EXPECT_EQ(got->value().status(), x.status);
      EXPECT_EQ(got->value().content(), x.content) << fragment;
    }
  }
}

TEST(client, gives_trailers) {
  world w;
  w.server.answer_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nChecksum: 7\r\n\r\n");
  auto got = w.run(w.http.get("http://10.0.0.1/"));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().trailers().get("Checksum"), "7");
}

TEST(client, tells_of_interim_responses) {
  world w;
  w.server.answer_all("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + ok_hello);
  std::vector<std::string> seen;
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().on_informational([&](const response& r) {
    seen.push_back(std::to_string(r.status()) + std::string(r.header("Link")));
  })));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(seen, (std::vector<std::string>{"102", "103</style.css>"}));

  auto failed = w.run(w.http.get(
      "http://10.0.0.1/", parley::options().on_informational([](const response&) { throw std::runtime_error("not wanted"); })));
  EXPECT_EQ(failed->error(), "not wanted");
}

TEST(client, convenience_forms) {
  world w;
  w.server.answer_all("HTTP/1.1 204 No Content\r\n\r\n");
  (void)w.run(w.http.head("http://10.0.0.1/h"));
  (void)w.run(w.http.delete_("http://10.0.0.1/d"));
  (void)w.run(w.http.post("http://10.0.0.1/p", "1", "text/plain"));
  (void)w.run(w.http.put("http://10.0.0.1/u", "2", "text/plain"));
  (void)w.run(w.http.patch("http://10.0.0.1/a", "3", "text/plain"));
  std::string all;
  for (const auto& p : w.server.peers) all += p->received;
  for (const char* line : {"HEAD /h ", "DELETE /d ", "POST /p ", "PUT /u ", "PATCH /a "}) {
    EXPECT_NE(all.find(line), std::string::npos) << line;
  }
}

TEST(client, refuses_what_it_cannot_send) {
  struct row {
    request req;
    parley::options how;
    const char* says;
  };
  using parley::options;
  const auto producer = [](parley::body_writer&) -> parley::task<> { co_return; };
  std::vector<row> rows;
  rows.push_back(
      {request(parley::method::post, "http://h/"), options().version(parley::http0_9), "HTTP/0.9 knows GET and nothing else"});
  rows.push_back(
      {std::move(request(parley::method::post, "http://h/").stream(producer)), options().version(parley::http1_0), "length"});
  rows.push_back({std::move(request(parley::method::trace, "http://h/").content("x", "")), options(), "TRACE"});
  rows.push_back({std::move(request(parley::method::get, "http://h/").header("Host", "a b")), options(), "Host"});
  for (row& x : rows) {
    world w;
    auto got = w.run(w.http.send(std::move(x.req), x.how));
    EXPECT_NE(got->error().find(x.says), std::string::npos) << got->error();
    EXPECT_FALSE(got->kind()) << "a program's fault is std::invalid_argument";
  }
}

TEST(client, says_what_is_not_supported_or_no_url) {
  struct row {
    const char* url;
    std::optional<parley::version> version;
    fetch_error::kind kind;
    const char* says;
  };
  const row rows[] = {
      {"ftp://h/", {}, fetch_error::kind::not_supported, "speaks http and https, not ftp"},
      {"http://h/", parley::http3, fetch_error::kind::not_supported, "leave the version out"},
      {"/path", {}, fetch_error::kind::bad_url, "names no host"},
      {"http://h h/", {}, fetch_error::kind::bad_url, "position"},
      {"http://user@h/", {}, fetch_error::kind::bad_url, "Authorization"},
      {"http://h:0/", {}, fetch_error::kind::bad_url, "port 0"},
      {"http://%68/", {}, fetch_error::kind::bad_url, "percent-escapes"},
      {"http://a%00b/", {}, fetch_error::kind::bad_url, "percent-escapes"},
      {"http://[v1.a]/", {}, fetch_error::kind::bad_url, "of a kind that does not exist"},
  };
  for (const row& x : rows) {
    world w;
    parley::options how;
    if (x.version) how.version(*x.version);
    auto got = w.run(w.http.get(x.url, how));
    EXPECT_EQ(got->kind(), x.kind) << x.url << " " << got->error();
    EXPECT_NE(got->error().find(x.says), std::string::npos) << got->error();
  }
  world w;
  auto tunnel = w.run(w.http.send(request(parley::method::connect, "h:443")));
  EXPECT_EQ(tunnel->kind(), fetch_error::kind::not_supported) << tunnel->error();
}

TEST(client, a_switch_of_protocols_is_not_followed) {
  world w;
  w.server.answer_all("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
  request r(parley::method::get, "http://10.0.0.1/");
  r.header("Upgrade", "echo").header("Connection", "upgrade");
  auto got = w.run(w.http.send(std::move(r)));
  EXPECT_EQ(got->kind(), fetch_error::kind::not_supported);
  EXPECT_NE(got->error().find("switched to echo"), std::string::npos) << got->error();
}

TEST(client, collects_up_to_a_limit) {
  for (const char* wire : {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n"}) {
    world w;
    w.server.answer_all(wire);
    auto fits = w.run(w.http.get("http://10.0.0.1/", parley::options().content_limit(6)));
    EXPECT_TRUE(fits->succeeded()) << fits->error();
    auto larger = w.run(w.http.get("http://10.0.0.1/", parley::options().content_limit(5)));
    EXPECT_EQ(larger->kind(), fetch_error::kind::content_too_large) << larger->error();
  }
}

TEST(client, blocking_form_refuses_a_loops_thread) {
  world w;  // its loop is this thread's
  EXPECT_THROW((void)parley::fetch("http://10.0.0.1/"), std::logic_error);
}

TEST(client, needs_a_loop) {
  // Outside of a loop a task never begins; the client itself can be made and destroyed anywhere.
  parley::client http;
  auto never = http.get("http://10.0.0.1/");
  EXPECT_TRUE(static_cast<bool>(never));
}

}  // namespace
