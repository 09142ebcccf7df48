// The end of a server: what has no end of its own, and what is given up. Over loopback, in each version. `drain_time` is so long that whatever
// waits for it hangs.
#include "support/certificate_files.hpp"

#include <parley/client.hpp>
#include <parley/event_stream.hpp>
#include <parley/features.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::testing {
namespace {

using namespace std::chrono_literals;

std::vector<version> all_versions() {
  std::vector<version> all{version::http1_1, http2};
  if (has_version(http3)) all.push_back(http3);
  return all;
}

struct ending_site {
  ending_site() {
    files.put("server", files.authority.server({"localhost"}));
    app.threads(1).drain_time(24h).on_message([](std::string_view) {});
    app.certificate(files.certificate("server"), files.key("server"));
  }
  void start() {
    app.listen("https://127.0.0.1:0");
    app.start();
  }
  /// The content, or why there is none. On a thread of its own.
  std::future<std::string> get(version v, std::string_view path) {
    const std::string base = app.addresses().front();
    const std::string url = "https://localhost" + base.substr(base.rfind(':')) + std::string(path);
    return std::async(std::launch::async, [this, v, url]() -> std::string {
      client http;
      http.trust(files.authority_file());
      try {
        return std::string(run(http.get(url, options().version(v))).content());
      } catch (const fetch_error& e) {
        return std::string("failed: ") + e.what();
      }
    });
  }

  test::certificate_files files;
  server app;
};

TEST(ending, streams_of_events_end_with_the_server_as_whole_messages) {
  for (const auto heartbeat : {15'000ms, 0ms}) {
    for (const version v : all_versions()) {
      ending_site site;
      std::promise<void> begun;
      site.app.route("GET /events", [&](const request& req) {
        return events(
            req,
            [&](event_stream& to) -> task<> {
              auto sending = to.send("hi");
              co_await sending;
              begun.set_value();
              auto nap = sleep_for(24h);
              co_await nap;
            },
            heartbeat);
      });
      site.start();
      auto page = site.get(v, "/events");
      begun.get_future().wait();
      site.app.stop();
      EXPECT_EQ(page.get(), "data: hi\n\n") << name(v);
    }
  }
}

TEST(ending, a_stream_that_ends_by_itself_has_its_time) {
  for (const version v : all_versions()) {
    ending_site site;
    std::promise<void> begun;
    std::promise<void> go_on;
    site.app.route("GET /events", [&](const request& req) {
      return events(req, [&](event_stream& to) -> task<> {
        to.ends_by_itself();
        begun.set_value();
        auto told = server_ending();
        co_await told;
        go_on.set_value();
        auto sending = to.send("last");
        co_await sending;
      });
    });
    site.start();
    auto page = site.get(v, "/events");
    begun.get_future().wait();
    site.app.stop();
    EXPECT_EQ(page.get(), "data: last\n\n") << name(v);
    EXPECT_EQ(go_on.get_future().wait_for(0s), std::future_status::ready);
  }
}

TEST(ending, long_polls_can_await_it) {
  for (const version v : all_versions()) {
    ending_site site;
    std::promise<void> begun;
    site.app.route("GET /news", [&](request&) -> task<response> {
      begun.set_value();
      auto first = when_any(sleep_for(24h), server_ending());
      const auto which = co_await first;
      co_return text(which.index() == 1 ? "nothing new" : "news");
    });
    site.start();
    auto page = site.get(v, "/news");
    begun.get_future().wait();
    site.app.stop();
    EXPECT_EQ(page.get(), "nothing new") << name(v);
  }
}

// Over QUIC a client would wait for `idle_time` otherwise.
TEST(ending, stop_now_gives_up_what_runs_and_tells_its_clients) {
  for (const version v : all_versions()) {
    ending_site site;
    std::promise<void> begun;
    site.app.route("GET /never", [&](request&) -> task<response> {
      begun.set_value();
      auto nap = sleep_for(24h);
      co_await nap;
      co_return text("");
    });
    site.app.stop_now();  // nothing runs
    site.start();
    auto page = site.get(v, "/never");
    begun.get_future().wait();
    auto stopping = std::async(std::launch::async, [&] { site.app.stop(); });
    site.app.stop_now();
    stopping.get();
    const std::string said = page.get();
    EXPECT_TRUE(said.starts_with("failed: ")) << said;
    EXPECT_EQ(said.find("idle"), std::string::npos) << name(v) << ": " << said;
    EXPECT_EQ(said.find("timed out"), std::string::npos) << name(v) << ": " << said;
  }
}

}  // namespace
}  // namespace parley::testing
