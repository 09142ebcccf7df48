#include "h3/repeated_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "h3/wire.hpp"

namespace parley::h3::test {
namespace {

using engine::content_length;
using engine::role;
using parley::detail::ready_lines;

// The lines stay where they are and change as a file and the date do: what a client reads is what they say now.
TEST(h3_repeated_head, what_was_changed_is_not_repeated) {
  wire w(0, 1);
  ready_lines file(parley::fields{{"ETag", "\"first\""}, {"Content-Type", "text/plain"}});
  ready_lines date(parley::fields{{"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}, {"Server", "parley"}});
  int status = 200;
  std::uint64_t length = 13;
  bool with_date = true;
  bool with_field = false;
  w.on_server = [&](engine::event& e) {
    auto* r = std::get_if<engine::request_event>(&e);
    if (r == nullptr) return;
    semantics::response_head head = with_field ? response(status, {{"X-Own", "1"}}) : response(status);
    head.ready = {&file, with_date ? &date : nullptr};
    ASSERT_TRUE(w.server.send_response(r->id, head, content_length::of(length), w.now));
    ASSERT_TRUE(w.server.send_data(r->id, {engine::chunk::owned{std::string(length, 'x')}}, w.now).has_value());
    ASSERT_TRUE(w.server.send_end(r->id, nullptr, w.now));
  };
  std::vector<std::string> got;
  w.on_client = [&](engine::event& e) {
    if (std::get_if<engine::response_event>(&e) != nullptr) got.push_back(describe(e));
  };
  w.client.stream_limits(1000, 100);
  w.start();
  // Twice as many streams at once in every other round, so that some heads are repeated before those before them are acknowledged.
  const auto ask = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      ASSERT_TRUE(w.client.send_request(request(parley::method::get, "/f"), content_length::no_content(), w.now).has_value());
    }
    w.run();
  };
  const auto expect = [&](const std::string& text, std::size_t times) {
    ASSERT_EQ(got.size(), times);
    for (const std::string& each : got) EXPECT_NE(each.find(text), std::string::npos) << each;
    for (std::string& each : got) each = each.substr(each.find(' ', each.find(' ') + 1));  // without the id
    for (const std::string& each : got) EXPECT_EQ(each, got.front());
    got.clear();
  };
  for (const std::size_t times : {6U, 20U}) {
    ask(times);
    expect("etag: \"first\"", times);
  }
  for (int second = 1; second < 20; ++second) {
    const std::string now = "Mon, 23 Nov 2026 12:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second) + " GMT";
    date = ready_lines(parley::fields{{"Date", now}, {"Server", "parley"}});
    ask(7);
    expect("date: " + now, 7);
  }
  file = ready_lines(parley::fields{{"ETag", "\"other\""}, {"Content-Type", "text/plain"}});
  ask(7);
  expect("etag: \"other\"", 7);
  length = 14;
  ask(7);
  expect("content-length: 14", 7);
  status = 404;
  ask(7);
  expect(" 404 ", 7);
  with_field = true;
  ask(7);
  expect("x-own: 1", 7);
  with_field = with_date = false;
  ask(7);
  for (const std::string& each : got) EXPECT_EQ(each.find("date:"), std::string::npos) << each;
  expect("content-length: 14", 7);
  EXPECT_EQ(w.server.error(), nullptr);
  EXPECT_EQ(w.client.error(), nullptr);
}

TEST(h3_repeated_head, equal_is_what_has_the_same_text) {
  const ready_lines a(parley::fields{{"ETag", "\"x\""}});
  const ready_lines same(parley::fields{{"ETag", "\"x\""}});
  const ready_lines other(parley::fields{{"ETag", "\"y\""}});
  const ready_lines date(parley::fields{{"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}});
  const auto head = [](int status, const ready_lines* first, const ready_lines* second) {
    semantics::response_head made = response(status);
    made.ready = {first, second};
    return made;
  };
  const repeated_head kept(head(200, &a, &date), 13, "frame", {});
  EXPECT_EQ(kept.frame(), "frame");
  EXPECT_TRUE(kept.is(head(200, &a, &date), 13));
  EXPECT_TRUE(kept.is(head(200, &same, &date), 13));
  EXPECT_FALSE(kept.is(head(304, &a, &date), 13));
  EXPECT_FALSE(kept.is(head(200, &other, &date), 13));
  EXPECT_FALSE(kept.is(head(200, &a, &date), 14));
  EXPECT_FALSE(kept.is(head(200, &a, &date), std::nullopt));
  EXPECT_FALSE(kept.is(head(200, &a, &a), 13));
  EXPECT_FALSE(kept.is(head(200, &a, nullptr), 13));
  EXPECT_FALSE(kept.is(head(200, nullptr, &date), 13));
  // The same text, cut at another place.
  const ready_lines both(parley::fields{{"ETag", "\"x\""}, {"Date", "Mon, 23 Nov 2026 12:00:00 GMT"}});
  EXPECT_TRUE(repeated_head::possible(head(200, &both, nullptr)));
  EXPECT_FALSE(kept.is(head(200, &both, nullptr), 13));
  semantics::response_head own = response(200, {{"A", "1"}});
  own.ready = {&a, &date};
  EXPECT_FALSE(kept.is(own, 13)) << "it has a line of its own";
}

}  // namespace
}  // namespace parley::h3::test
