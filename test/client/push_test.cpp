// Pushed responses: which are taken, and which request gets them.
#include "frame_peer.hpp"

#include <parley/limits.hpp>

namespace {

using namespace client_tests;
using parley::response;

using resets = std::map<std::uint32_t, std::uint32_t>;
constexpr std::uint32_t cancel_code = 8;

struct push_world : frame_world {
  push_world() { http.push(); }
  /// A first exchange is open: stream 1.
  void open() {
    page = get("/page");
    settle();
    ASSERT_EQ(frames.size(), 1u);
  }
  std::vector<std::string> kept() { return run(http.pushed())->value(); }
  std::unique_ptr<started<response>> page;
};

/// The value of a setting that the client has sent; nothing when it did not.
std::optional<std::uint32_t> setting(frame_peer& of, std::uint32_t id) {
  for (const frame& f : of.received(frame::settings)) {
    for (std::size_t at = 0; at + 6 <= f.payload.size(); at += 6) {
      if (number_at(f.payload, at, 2) == id) return number_at(f.payload, at + 2, 4);
    }
  }
  return std::nullopt;
}

constexpr std::uint32_t enable_push = 2;

TEST(push, is_not_taken_unless_asked_for) {
  frame_world w;
  auto getting = w.get("/");
  w.settle();
  EXPECT_EQ(setting(w.at(0), enable_push), 0u);
  w.at(0).promise(1, 2, "10.0.0.1", "/style.css");
  w.settle();
  EXPECT_EQ(getting->kind(), parley::fetch_error::kind::protocol);
  EXPECT_NE(getting->error().find("RFC 9113 §8.4"), std::string::npos) << getting->error();
}

TEST(push, answers_one_later_request) {
  push_world w;
  w.open();
  EXPECT_NE(setting(w.at(0), enable_push), 0u);
  w.at(0).promise(1, 2, "10.0.0.1", "/style.css");
  w.at(0).answer(1, "page");
  w.at(0).answer(2, "style");
  w.settle();
  ASSERT_TRUE(w.page->succeeded()) << w.page->error();
  EXPECT_EQ(w.kept(), std::vector<std::string>{"http://10.0.0.1/style.css"});
  auto style = w.get("/style.css");
  w.settle();
  ASSERT_TRUE(style->succeeded()) << style->error();
  EXPECT_EQ(style->value().content(), "style");
  EXPECT_EQ(w.at(0).requests().size(), 1u) << "nobody had to ask";
  EXPECT_TRUE(w.kept().empty());
  auto again = w.get("/style.css");
  w.settle();
  EXPECT_EQ(w.at(0).requests().size(), 2u) << "it was used";
  w.at(0).answer(3);
  w.settle();
  EXPECT_TRUE(again->succeeded());
}

TEST(push, is_waited_for_when_it_was_promised) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/style.css");
  w.settle();
  auto style = w.get("/style.css");
  w.settle();
  EXPECT_EQ(w.at(0).requests().size(), 1u);
  w.at(0).answer(2, "style");
  w.settle();
  ASSERT_TRUE(style->succeeded()) << style->error();
  EXPECT_EQ(style->value().content(), "style");
  // And one that fails is asked for.
  w.at(0).promise(1, 4, "10.0.0.1", "/app.js");
  w.settle();
  auto app = w.get("/app.js");
  w.settle();
  w.at(0).reset(4, 2);
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (std::vector<std::uint32_t>{1, 3}));
  w.at(0).answer(3, "app");
  w.settle();
  EXPECT_EQ(app->value().content(), "app");
  w.page->chain.cancel();
  w.settle();
}

// Whoever claims it has waited for long enough, and asks.
TEST(push, that_never_comes_holds_nobody_up) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/style.css");
  w.settle();
  auto style = w.get("/style.css");
  w.settle();
  EXPECT_EQ(w.at(0).requests().size(), 1u) << "it waits";
  w.loop.run_for(4s);
  EXPECT_EQ(w.at(0).resets(), (resets{{2, cancel_code}}));
  w.at(0).answer(3, "asked for");
  w.settle();
  ASSERT_TRUE(style->succeeded()) << style->error();
  EXPECT_EQ(style->value().content(), "asked for");
  w.at(0).promise(1, 4, "10.0.0.1", "/app.js");
  w.settle();
  auto kept = w.start(w.http.pushed());
  w.settle();
  EXPECT_FALSE(kept->ended());
  w.loop.run_for(4s);
  ASSERT_TRUE(kept->ended());
  EXPECT_TRUE(kept->value().empty());
  w.page->chain.cancel();
  w.settle();
}

// One whose head is there is on its way, and may take its time.
TEST(push, that_comes_slowly_is_waited_for) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/style.css");
  w.at(0).send(frame::headers, end_headers, 2, status_200);
  w.settle();
  auto style = w.get("/style.css");
  w.loop.run_for(10s);
  EXPECT_FALSE(style->ended());
  w.at(0).send(frame::data, end_stream, 2, "slow");
  w.settle();
  ASSERT_TRUE(style->succeeded()) << style->error();
  EXPECT_EQ(style->value().content(), "slow");
  w.page->chain.cancel();
  w.settle();
}

TEST(push, what_is_not_wanted_is_cancelled) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/once.css");
  w.at(0).promise(1, 4, "evil.example", "/style.css");  // another origin, which nothing proves
  w.at(0).promise(1, 6, "10.0.0.1:81", "/style.css");
  w.at(0).promise(1, 8, "10.0.0.1", "/once.css");  // a second time
  w.settle();
  EXPECT_EQ(w.at(0).resets(), (resets{{4, cancel_code}, {6, cancel_code}, {8, cancel_code}}));
  w.at(0).answer(1);
  w.at(0).answer(2);
  w.settle();
  EXPECT_TRUE(w.page->succeeded()) << w.page->error();
  EXPECT_EQ(w.kept(), std::vector<std::string>{"http://10.0.0.1/once.css"});
}

TEST(push, is_bounded_in_number_size_and_time) {
  parley::limits caps;
  caps.pushes = 3;
  caps.content = 10;
  push_world w;
  w.http = parley::client(caps);
  w.http.push();
  w.open();
  for (std::uint32_t id = 2; id <= 8; id += 2) w.at(0).promise(1, id, "10.0.0.1", "/" + std::to_string(id));
  w.settle();
  EXPECT_EQ(w.at(0).resets().count(8), 1u) << "a fourth one";
  w.at(0).send(frame::headers, end_headers, 2, status_200);
  w.at(0).send(frame::data, 0, 2, "more than ten bytes");
  w.at(0).send(frame::headers, end_headers, 4, std::string(status_200) + literal("content-length", "11"));
  w.at(0).answer(6, "ten bytes.");
  w.settle();
  EXPECT_EQ(w.at(0).resets().count(2), 1u);
  EXPECT_EQ(w.at(0).resets().count(4), 1u);
  EXPECT_EQ(w.kept(), std::vector<std::string>{"http://10.0.0.1/6"});
  w.loop.run_for(59s);
  EXPECT_EQ(w.kept().size(), 1u);
  w.loop.run_for(2s);
  EXPECT_TRUE(w.kept().empty());
  w.page->chain.cancel();
  w.settle();
}

TEST(push, is_for_requests_that_ask_for_the_same) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/a");
  w.at(0).answer(2, "pushed", literal("vary", "accept"));
  w.settle();
  const auto get_with = [&](std::string_view name, std::string_view value) {
    parley::request req(parley::method::get, "http://10.0.0.1/a");
    if (!name.empty()) req.fields().add(name, value);
    return w.start(w.http.send(std::move(req), frame_world::http2()));
  };
  std::vector<std::unique_ptr<started<response>>> others;
  others.push_back(get_with("Accept", "text/html"));
  others.push_back(get_with("Cookie", "who=ada"));
  others.push_back(get_with("Authorization", "Basic YWRhOnNlY3JldA=="));
  others.push_back(get_with("Range", "bytes=0-1"));
  others.push_back(get_with("If-None-Match", "\"x\""));
  others.push_back(get_with("Cache-Control", "no-cache"));
  others.push_back(w.start(w.http.head("http://10.0.0.1/a", frame_world::http2())));
  w.settle();
  EXPECT_EQ(w.at(0).requests().size(), 1 + others.size());
  auto same = get_with("X-Other", "1");
  w.settle();
  ASSERT_TRUE(same->succeeded()) << same->error();
  EXPECT_EQ(same->value().content(), "pushed");
  for (auto& each : others) each->chain.cancel();
  w.page->chain.cancel();
  w.settle();
}

TEST(push, goes_with_its_client) {
  push_world w;
  w.open();
  w.at(0).promise(1, 2, "10.0.0.1", "/a");
  w.at(0).answer(1);
  w.settle();
  w.http = parley::client();
  w.settle();
  EXPECT_TRUE(w.at(0).resets().count(2) == 1 || w.at(0).on().ended);
  EXPECT_TRUE(w.at(0).on().ended) << "nobody waits for what nobody can use";
}

}  // namespace
