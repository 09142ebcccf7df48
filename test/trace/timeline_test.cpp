#include "trace/timeline.hpp"

#include "trace/escape.hpp"
#include "trace/recorder.hpp"
#include "trace/script.hpp"

#include <parley/trace.hpp>

#include <gtest/gtest.h>

namespace parley::trace {
namespace {

std::vector<exchange> played(void (*play)(trace_test::script&)) {
  recorder seen;
  trace_test::script s(seen);
  play(s);
  return fold(seen.records());
}

TEST(Timeline, AWholeGet) {
  const auto all = played([](trace_test::script& s) { s.whole_get(); });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ("\n" + timeline(all[0], "GET http://localhost:8080/hello/ada", {}), R"(
GET http://localhost:8080/hello/ada                              took         at

1 Connect     localhost → 127.0.0.1:8080
│ look-up     ━━╸                                             0.12 ms    0.12 ms
│ TCP           ╺━╸                                           0.08 ms    0.20 ms
│   ✗ [::1]:8080: Connection refused
│ TCP             ╺━━━━                                       0.21 ms    0.41 ms
│
2 Request     101 B head
│ sent                 ━╸                                     0.05 ms    0.46 ms
│   GET /hello/ada HTTP/1.1
│   Host: localhost:8080
│   Authorization: [hidden]
│   Accept: */*
│
3 Response    200 OK, 98 B head + 10 B content
│ first byte            ╺━━━━━━━━━━━━━━━━━━━━━━━━━━╸          1.20 ms    1.66 ms
│ last byte                                        ╺━━━━━━    0.30 ms    1.96 ms
│   HTTP/1.1 200 OK
│   Content-Type: text/plain; charset=utf-8
│   X-Evil: \x1b[31mred
│   Content-Length: 10
│
╰ 1.96 ms in all
)");
}

TEST(Timeline, ThroughAProxysTunnel) {
  const auto all = played([](trace_test::script& s) {
    trace_test::script inner(s, 2);
    s.open_tunnel(0, inner);
    inner.get_on_connection(1000, 1);
  });
  ASSERT_EQ(all.size(), 1u);
  const std::string text = "\n" + timeline(all[0], "GET https://far.example/", {});
  EXPECT_TRUE(text.starts_with(R"(
GET https://far.example/                                         took         at

1 Connect     far.example:443 through the proxy 127.0.0.1:3128
│ TCP         ━━━╸                                            0.20 ms    0.20 ms
│ CONNECT        ╺━━━━━━╸                                     0.40 ms    0.60 ms
│   CONNECT far.example:443 HTTP/1.1
│   Host: far.example:443
│   HTTP/1.1 200 OK
│
2 Request     101 B head
│ sent                  ╺━━━━━━━                              0.43 ms    1.03 ms
)")) << text;
  EXPECT_TRUE(text.ends_with("╰ 2.53 ms in all\n")) << text;
}

TEST(Timeline, InAsciiWithSecretsAndATitleOfItsOwn) {
  const auto all = played([](trace_test::script& s) { s.whole_get(); });
  const std::string text = timeline(all.at(0), {}, {.unicode = false, .show_secrets = true});
  EXPECT_TRUE(text.starts_with("GET localhost:8080/hello/ada   ")) << text;
  EXPECT_NE(text.find("|   Authorization: Basic YWRhOnNlY3JldA=="), std::string::npos) << text;
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80u);
}

TEST(Timeline, AConnectionThatWasKeptAlive) {
  const auto all = played([](trace_test::script& s) {
    s.whole_get();
    s.get_on_connection(5000, 2);
  });
  ASSERT_EQ(all.size(), 2u);
  const std::string text = timeline(all[1], {}, {});
  EXPECT_NE(text.find("1 Connect     127.0.0.1:8080, kept alive: request 2 on this connection\n│\n2 Request"), std::string::npos)
      << text;
}

TEST(Timeline, NobodyListens) {
  const auto all = played([](trace_test::script& s) { s.connect(0, 100, "127.0.0.1:1", "Connection refused"); });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ("\n" + timeline(all[0], "GET http://127.0.0.1:1/", {.width = 60}), R"(
GET http://127.0.0.1:1/                      took         at

1 Connect
│ TCP         ━━━━━━━━━━━━━━━━━━━━━━━━    0.10 ms    0.10 ms
│   ✗ 127.0.0.1:1: Connection refused
│
2 Request     not sent
│
3 Response    none
│
╰ 0.10 ms in all
)");
}

TEST(Timeline, BrokenOff) {
  const auto all = played([](trace_test::script& s) {
    s.connect(0, 100, "127.0.0.1:80");
    s.request(100, direction::out, trace_test::request_text);
    s.end(100, direction::out);
    s.bytes(100, direction::out, trace_test::request_text);
    s.bytes(200, direction::in, trace_test::response_text);
    s.response(200, direction::in, 200, trace_test::response_text);
    s.data(200, direction::in, 3);
    s.close(300, "the peer closed");
  });
  ASSERT_EQ(all.size(), 1u);
  const std::string text = timeline(all[0], {}, {});
  EXPECT_NE(text.find("│ broken off"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("╰ 0.30 ms in all\n  The connection closed: the peer closed\n")) << text;
}

TEST(Timeline, AnErrorIsWrappedAndNotCut) {
  exchange x;
  x.error =
      "The server said something that is far too long for one line of a terminal, at least when that is narrow. (RFC 9112 §4)";
  EXPECT_TRUE(timeline(x, "GET http://a/", {.width = 60})
                  .ends_with("╰ 0.00 ms in all\n"
                             "  The server said something that is far too long for one\n"
                             "  line of a terminal, at least when that is narrow. (RFC\n"
                             "  9112 §4)\n"))
      << timeline(x, "GET http://a/", {.width = 60});
}

TEST(Timeline, NothingIsCut) {
  const auto all = played([](trace_test::script& s) {
    s.connect(0, 100, "127.0.0.1:80");
    const std::string head = "GET /" + std::string(70, 'y') + " HTTP/1.1\r\nHost: a\r\nX-Words: " + std::string(30, 'v') + " " +
                             std::string(90, 'w') + "\r\n\r\n";
    s.request(100, direction::out, head);
    s.end(100, direction::out);
    s.bytes(100, direction::out, head);
  });
  const std::string narrow = timeline(all.at(0), {}, {.width = 64});
  EXPECT_TRUE(narrow.starts_with("GET a/" + std::string(58, 'y') + "\n" + std::string(12, 'y') + "\n")) << narrow;
  EXPECT_NE(narrow.find("│   X-Words: " + std::string(30, 'v') + " " + std::string(18, 'w') + "\n│     " + std::string(58, 'w') +
                        "\n│     " + std::string(14, 'w') + "\n"),
            std::string::npos)
      << narrow;
  const std::string file = timeline(all.at(0), {}, {.wrap = false});
  EXPECT_NE(file.find("│   X-Words: " + std::string(30, 'v') + " " + std::string(90, 'w') + "\n"), std::string::npos) << file;
  EXPECT_TRUE(file.starts_with("GET a/" + std::string(70, 'y') + "\n")) << file;
}

TEST(Timeline, InterimResponsesStandApart) {
  exchange x;
  x.request.begun = x.response.begun = true;
  x.interim_heads.emplace_back(":status: 103\r\nlink: </a>\r\n\r\n");
  x.response.head = ":status: 200\r\n\r\n";
  const std::string text = timeline(x, "GET http://a/", {});
  EXPECT_NE(text.find("│   link: </a>\n│\n│   :status: 200\n"), std::string::npos) << text;
}

TEST(Timeline, NeverWiderThanAsked) {
  const auto all = played([](trace_test::script& s) {
    s.resolve(0, 5);
    s.connect(5, 100, "127.0.0.1:80");
    const std::string long_line(300, 'x');
    const std::string head = "GET /" + long_line + " HTTP/1.1\r\nHost: " + long_line + "\r\nA: \xc3\xa4" + long_line + "\r\n\r\n";
    s.request(100, direction::out, head);
    s.end(100, direction::out);
    s.bytes(100, direction::out, head);
  });
  for (const std::size_t width : {60u, 72u, 80u}) {
    const std::string text = timeline(all.at(0), {}, {.width = width});
    for (const std::string_view line : head_lines(text)) EXPECT_LE(columns(line), width) << line;
  }
}

TEST(Timeline, ColoursOnlyWhenAsked) {
  const auto all = played([](trace_test::script& s) { s.whole_get(); });
  EXPECT_EQ(timeline(all.at(0), {}, {}).find('\x1b'), std::string::npos);
  EXPECT_NE(timeline(all.at(0), {}, {.colour = true}).find("\x1b[36m"), std::string::npos);
}

TEST(ServerLines, AStepALine) {
  const auto all = played([](trace_test::script& s) {
    s.see(0, 0, engine::observed_connect{"127.0.0.1:54321", true, {}});
    for (const int from : {100, 1000}) {
      const std::uint64_t stream = from == 100 ? 1 : 2;
      s.bytes(from, direction::in, trace_test::request_text);
      s.request(from, direction::in, trace_test::request_text, stream);
      s.end(from, direction::in, stream);
      s.response(from + 200, direction::out, 200, trace_test::response_text, stream);
      s.data(from + 200, direction::out, 10, stream);
      s.end(from + 200, direction::out, stream);
      s.bytes(from + 250, direction::out, std::string(trace_test::response_text) + "0123456789");
    }
  });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ("\n" + server_lines(all[0], {}) + server_lines(all[1], {}), R"(
╭ 1 connect   from 127.0.0.1:54321, new connection 1
├ 2 request   GET /hello/ada HTTP/1.1                           101 B    0.00 ms
╰ 3 response  HTTP/1.1 200 OK                                   108 B    0.25 ms
╭ 1 connect   from 127.0.0.1:54321, kept alive: request 2 of connection 1
├ 2 request   GET /hello/ada HTTP/1.1                           101 B    0.00 ms
╰ 3 response  HTTP/1.1 200 OK                                   108 B    0.25 ms
)");
}

TEST(ServerLines, AForgedLineStaysOnItsLine) {
  exchange x;
  x.role = engine::role::server;
  x.peer = "127.0.0.1:1";
  x.request.begun = true;
  x.request.head = "GET /\x1b[2J HTTP/1.1\r\n\r\n";
  x.closed = "the client left";
  const std::string text = server_lines(x, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("3 response  none; the client left"), std::string::npos) << text;
}

TEST(Texts, DurationsAndSizes) {
  using namespace std::chrono_literals;
  EXPECT_EQ(duration_text(0us), "0.00 ms");
  EXPECT_EQ(duration_text(1234us), "1.23 ms");
  EXPECT_EQ(duration_text(999ms), "999.00 ms");
  EXPECT_EQ(duration_text(61234ms), "61.234 s");
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(9999), "9999 B");
  EXPECT_EQ(size_text(12'800), "12.5 KiB");
  EXPECT_EQ(size_text(1024ull * 1024 * 1024), "1.0 GiB");
}

TEST(PublicRecorder, DrawsWhatItSaw) {
  parley::recorder seen;
  trace_test::script play(*seen.sink());
  play.whole_get();
  EXPECT_NE(seen.timeline().find("3 Response    200 OK"), std::string::npos);
  EXPECT_EQ(seen.timeline(timeline_options().unicode(false)).find("│"), std::string::npos);
  ASSERT_EQ(seen.heads().size(), 2u);
  EXPECT_EQ(seen.heads()[0], trace_test::request_text);
  seen.clear();
  EXPECT_EQ(seen.timeline(), "");
}

}  // namespace
}  // namespace parley::trace
