// Hints over HTTP/3: pushed to clients that take pushed responses, else told by 103 (RFC 9114 §4.6, RFC 8297).
#include "http3/http3_site.hpp"
#include "http3/raw_client.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include <chrono>
#include <fstream>
#include <iterator>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;
using parley::server_room::count;

struct pushing_site : site {
  explicit pushing_site(const parley::limits& caps = {}) : site(caps) {
    plain("GET /page", [](const parley::request& req) {
      req.hint("/style.css?v=1", parley::as::style);
      return parley::text("page");
    });
    plain("GET /two", [](const parley::request& req) {
      req.hint("/style.css?v=1", parley::as::style);
      req.hint("/script.js", parley::as::script);
      return parley::text("two");
    });
    plain("GET /style.css", [this](const parley::request& req) {
      style_fields = req.fields();
      style_version = req.version();
      req.hint("/deeper.css", parley::as::style);  // a pushed request cannot push
      return parley::text(std::string(req.query()) + " of " + std::string(req.authority()));
    });
    plain("GET /script.js", [](const parley::request&) { return parley::text("script"); });
    plain("GET /deeper.css", [](const parley::request&) { return parley::text("deeper"); });
    route("GET /slow.css", [this](parley::request&) -> parley::task<parley::response> {
      try {
        auto pause = parley::sleep_for(std::chrono::hours(1));
        co_await pause;
      } catch (const parley::cancelled&) {
        cancelled = true;
        throw;
      }
      co_return parley::text("slow");
    });
    plain("GET /with-slow", [](const parley::request& req) {
      req.hint("/slow.css", parley::as::style);
      return parley::text("with slow");
    });
  }
  parley::fields style_fields;
  parley::version style_version = parley::http1_1;
  bool cancelled = false;
};

asked page(std::string path, std::string_view agent = {}) {
  asked what;
  what.path = std::move(path);
  what.scheme = "https";
  if (!agent.empty()) what.fields.emplace_back("User-Agent", agent);
  return what;
}

TEST(http3_push, a_hint_pushes) {
  pushing_site to;
  to.start();
  client peer(to, nullptr, true);
  auto what = page("/page", "tool/1");
  what.fields.emplace_back("Accept-Encoding", "br");
  what.fields.emplace_back("Cookie", "a=b");
  const answered a = peer.exchange(what);
  EXPECT_EQ(a.content, "page");
  EXPECT_TRUE(a.interim.empty()) << "pushed, so not hinted";
  ASSERT_EQ(peer.promises.size(), 1U);
  const client::promise& p = peer.promises.front();
  peer.run_until([&] { return p.response->finished; });
  EXPECT_EQ(p.parent, 1U);
  EXPECT_EQ(p.head.method, parley::method::get);
  EXPECT_EQ(p.head.target(), "/style.css?v=1");
  EXPECT_EQ(p.head.authority(), "a.example");
  EXPECT_EQ(p.head.scheme(), "https");
  EXPECT_EQ(p.response->answer.status, 200);
  EXPECT_EQ(p.response->answer.content, "v=1 of a.example");
  EXPECT_TRUE(p.response->answer.whole);
  EXPECT_EQ(to.style_version, parley::http3);
  EXPECT_EQ(to.style_fields.get("Accept-Encoding"), "br");
  EXPECT_EQ(to.style_fields.get("User-Agent"), "tool/1");
  EXPECT_FALSE(to.style_fields.get("Cookie"));
  EXPECT_EQ(to.counted(count::pushes), 1U);
  EXPECT_EQ(to.counted(count::requests), 2U);
  EXPECT_TRUE(peer.exchange(page("/page")).interim.empty());
  EXPECT_EQ(peer.promises.size(), 1U) << "nothing is pushed twice on a connection";
}

TEST(http3_push, who_takes_no_push_gets_a_link) {
  struct row {
    const char* name;
    bool push;
    std::string_view agent;
    bool to_browsers;
    bool pushed;
  };
  for (const row& r : {row{"it allows none", false, "tool/1", false, false}, row{"a browser", true, "Mozilla/5.0", false, false},
                       row{"a browser, and the server means it", true, "Mozilla/5.0", true, true}}) {
    pushing_site to;
    to.core.push_to_browsers = r.to_browsers;
    to.start();
    client peer(to, nullptr, r.push);
    const answered a = peer.exchange(page("/page", r.agent));
    EXPECT_EQ(a.content, "page");
    EXPECT_EQ(peer.promises.size(), r.pushed ? 1U : 0U) << r.name;
    ASSERT_EQ(a.interim.size(), r.pushed ? 0U : 1U) << r.name;
    if (r.pushed) continue;
    EXPECT_EQ(a.interim.front().status, 103);
    EXPECT_EQ(a.interim.front().fields.get("Link"), "</style.css?v=1>; rel=preload; as=style");
    EXPECT_EQ(to.counted(count::early_hints), 1U);
  }
}

// MAX_PUSH_ID 0 allows one push, the one of id 0 (RFC 9114 §7.2.7).
TEST(http3_push, beyond_what_is_allowed_hints_are_links) {
  pushing_site to;
  to.start();
  raw_client peer(*to.loop, {.credentials = to.trusting()});
  peer.streams.open(control_stream({}, frame(0x0d, number(0))), false, true);
  peer.go();
  to.loop->run_for(1s);
  peer.streams.open(request_frame("GET", "/two"));
  peer.go();
  to.loop->run_for(2s);
  EXPECT_TRUE(peer.on(0).in_fin);
  EXPECT_EQ(to.counted(count::pushes), 1U);
  EXPECT_EQ(to.counted(count::early_hints), 1U);
  EXPECT_NE(peer.on(0).in.find("two"), std::string::npos);
}

TEST(http3_push, a_refused_push_is_cancelled) {
  pushing_site to;
  to.start();
  client peer(to, nullptr, true);
  peer.refuse_pushes = true;
  EXPECT_EQ(peer.exchange(page("/with-slow")).content, "with slow");
  to.loop->run_for(1s);
  EXPECT_EQ(peer.promises.size(), 1U);
  EXPECT_TRUE(to.cancelled);
  EXPECT_EQ(peer.exchange(page("/script.js")).status, 200);
}

TEST(http3_push, a_cancelled_push_costs_its_handler_alone) {
  pushing_site to;
  to.start();
  raw_client peer(*to.loop, {.credentials = to.trusting()});
  const auto control = peer.streams.open(control_stream({}, frame(0x0d, number(9))), false, true);
  peer.go();
  to.loop->run_for(1s);
  peer.streams.open(request_frame("GET", "/with-slow"));
  peer.go();
  to.loop->run_for(1s);
  EXPECT_EQ(to.counted(count::pushes), 1U);
  EXPECT_FALSE(to.cancelled);
  peer.streams.add(control, frame(0x03, number(0)), false);  // CANCEL_PUSH
  peer.go();
  to.loop->run_for(1s);
  EXPECT_TRUE(to.cancelled);
  peer.streams.open(request_frame("GET", "/script.js"));
  peer.go();
  to.loop->run_for(1s);
  EXPECT_NE(peer.on(4).in.find("script"), std::string::npos);
}

TEST(http3_push, pushes_have_a_bound) {
  parley::limits caps;
  caps.pushes = 2;
  pushing_site to(caps);
  to.plain("GET /many", [](const parley::request& req) {
    for (const char* one : {"/late/a", "/late/b", "/late/c", "/late/d"}) req.hint(one, parley::as::script);
    return parley::text("many");
  });
  to.route("GET /late/{what}", [](parley::request&) -> parley::task<parley::response> {
    auto pause = parley::sleep_for(1s);
    co_await pause;
    co_return parley::text("late");
  });
  to.start();
  client peer(to, nullptr, true);
  const answered a = peer.exchange(page("/many"));
  EXPECT_EQ(peer.promises.size(), 2U);
  ASSERT_EQ(a.interim.size(), 1U) << "the others are linked";
  EXPECT_EQ(a.interim.front().fields.get("Link"), "</late/c>; rel=preload; as=script, </late/d>; rel=preload; as=script");
}

TEST(http3_push, a_pushed_request_passes_through_middleware_and_log) {
  const parley::test::scratch_folder folder;
  const std::string file = folder / "access.log";
  pushing_site to;
  std::string seen;
  to.core.middleware.push_back([&](parley::request& req, parley::next next) -> parley::task<parley::response> {
    seen += std::string(req.path()) + " ";
    auto going_on = next(req);
    parley::response r = co_await going_on;
    r.header("X-Seen", "yes");
    co_return r;
  });
  to.core.log.open(file, parley::log_format::json);
  to.start();
  client peer(to, nullptr, true);
  static_cast<void>(peer.exchange(page("/page")));
  ASSERT_EQ(peer.promises.size(), 1U);
  peer.run_until([&] { return peer.promises.front().response->finished; });
  EXPECT_EQ(seen, "/page /style.css ");
  EXPECT_EQ(peer.promises.front().response->answer.fields.get("X-Seen"), "yes");
  // A thread of the log's own writes it.
  std::string text;
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (text.find("/style.css?v=1") == std::string::npos && std::chrono::steady_clock::now() < until) {
    std::ifstream in(file);
    text.assign(std::istreambuf_iterator<char>(in), {});
    ::poll(nullptr, 0, 1);
  }
  EXPECT_NE(text.find("/style.css?v=1"), std::string::npos) << text;
  EXPECT_NE(text.find("HTTP/3"), std::string::npos) << text;
}

}  // namespace
}  // namespace http3_tests
