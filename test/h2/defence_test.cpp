// Attacks on an HTTP/2 connection, and the bound that each meets.
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

constexpr std::uint8_t end = flag::end_stream;
constexpr std::string_view calm = "ENHANCE_YOUR_CALM";

// Feeds what `next(i)` gives until the connection ends; how often. Output is read or not.
template <class Next>
std::size_t flood(tester& t, std::size_t most, Next&& next, bool read = true) {
  for (std::size_t i = 0; i < most; ++i) {
    t.feed(next(i));
    if (read) static_cast<void>(t.frames());
    if (t.engine.error() != nullptr) return i + 1;
  }
  return most;
}

void let_go(tester& t) {
  t.on_event = [&t](const engine::event& e) {
    if (const auto* r = std::get_if<engine::reset_event>(&e)) t.engine.reset(r->id, t.now);
  };
}

// CVE-2023-44487.
TEST(h2_defence, rapid_reset) {
  tester t(role::server);
  t.start();
  let_go(t);
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  EXPECT_EQ(flood(t, 10'000, [&](std::size_t i) { return get(id(i)) + rst_stream(id(i), error_code::cancel); }), t.caps.resets + 1);
  EXPECT_EQ(t.engine.error()->name, "too-many-resets");
  EXPECT_EQ(t.engine.error()->limit, "resets");
}

TEST(h2_defence, rapid_reset_with_handlers_that_go_on) {
  tester t(role::server);
  t.start();
  std::size_t requests = 0;
  t.on_event = [&](const engine::event& e) { requests += std::holds_alternative<engine::request_event>(e); };
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  flood(t, 10'000, [&](std::size_t i) { return get(id(i)) + rst_stream(id(i), error_code::cancel); });
  EXPECT_EQ(requests, t.caps.streams) << "what runs at once";
  EXPECT_NE(t.engine.error(), nullptr);
}

TEST(h2_defence, resets_now_and_then_are_fine) {
  tester t(role::server);
  t.start();
  let_go(t);
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  EXPECT_EQ(flood(t, 1'000,
                  [&](std::size_t i) {
                    t.now += 200ms;
                    return get(id(i)) + rst_stream(id(i), error_code::cancel);
                  }),
            1'000u);
  EXPECT_EQ(t.engine.error(), nullptr);
}

// CVE-2025-8671: the peer makes us reset.
TEST(h2_defence, made_you_reset) {
  std::string too_many_fields = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  for (int i = 0; i < 101; ++i) too_many_fields += block({{"x", "y"}});
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  const std::function<std::string(std::size_t)> ways[] = {
      [&](std::size_t i) { return get(id(i)) + window_update(id(i), 0); },
      [&](std::size_t i) { return get(id(i)) + window_update(id(i), 0x7fffffff); },
      [&](std::size_t i) { return get(id(i)) + data(id(i), "x"); },
      [&](std::size_t i) { return get(id(i)) + get(id(i)); },
      [&](std::size_t i) { return get(id(i)) + frame(frame_type::priority, 0, id(i), "1234"); },
      [&](std::size_t i) { return headers(id(i), {{"A", "b"}}, end); },
      [&](std::size_t i) { return frame(frame_type::headers, flag::end_headers | end, id(i), too_many_fields); },
      [&](std::size_t i) { return post(id(i), {{"content-length", "1"}}) + data(id(i), "xx"); },
  };
  limits caps;
  caps.resets = 200;  // some of the ways are glitches too, and this is to be met first
  for (const auto& way : ways) {
    tester t(role::server, caps);
    t.start();
    let_go(t);
    EXPECT_EQ(flood(t, 10'000, way), t.caps.resets + 1) << &way - ways;
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->name, "too-many-resets") << &way - ways;
  }
}

TEST(h2_defence, frames_on_streams_that_their_sender_has_reset) {
  tester t(role::server);
  t.start();
  let_go(t);
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  const auto way = [&](std::size_t i) { return post(id(i)) + rst_stream(id(i), error_code::cancel) + data(id(i), "x"); };
  EXPECT_EQ(flood(t, 10'000, way), t.caps.resets / 2 + 1) << "each counts twice";
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "too-many-resets");
}

TEST(h2_defence, refused_streams) {
  tester t(role::server);
  t.start();
  const auto id = [](std::size_t i) { return static_cast<std::uint32_t>(2 * i + 1); };
  EXPECT_EQ(flood(t, 10'000, [&](std::size_t i) { return get(id(i)); }), t.caps.streams + t.caps.resets + 1);
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "too-many-resets");
}

// CVE-2024-27316.
TEST(h2_defence, continuation_flood) {
  tester t(role::server);
  t.start();
  t.feed(frame(frame_type::headers, 0, 1));
  EXPECT_EQ(flood(t, 10'000, [](std::size_t) { return frame(frame_type::continuation, 0, 1); }), t.caps.continuations + 1);
  EXPECT_EQ(t.engine.error()->name, "too-many-continuations");

  limits caps;
  caps.continuations = 1'000;
  tester bytes(role::server, caps);
  bytes.start();
  bytes.feed(frame(frame_type::headers, 0, 1));
  EXPECT_EQ(flood(bytes, 10'000, [](std::size_t) { return frame(frame_type::continuation, 0, 1, std::string(10'000, 'x')); }), 7u);
  EXPECT_EQ(bytes.engine.error()->name, "field-block-too-large");
}

TEST(h2_defence, a_field_block_that_takes_its_time) {
  tester t(role::server);
  t.start();
  t.feed(frame(frame_type::headers, 0, 1));
  t.pass(t.caps.head_time - 1s);
  t.feed(frame(frame_type::continuation, 0, 1));
  t.pass(1s);
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->limit, "head_time");
}

// CVE-2019-9512, 9515, 9518 and their like.
TEST(h2_defence, floods_of_frames_that_bring_nothing) {
  const std::pair<const char*, std::string> ways[] = {
      {"ping", ping("12345678")},
      {"ping answers", ping("12345678", flag::ack)},
      {"settings", settings_frame()},
      {"priority", frame(frame_type::priority, 0, 1, "12345")},
      {"priority updates", priority_update(1, "u=1")},
      {"empty data", data(1, "")},
      {"padded empty data", frame(frame_type::data, flag::padded, 1, std::string(1, '\0'))},
      {"window updates", window_update(1, 1)},
      {"window updates of the connection", window_update(0, 1)},
      {"unknown frames", frame(static_cast<frame_type>(0x99), 0, 1, "x")},
      {"goaway", goaway(0, error_code::no_error)},
      {"resets of what is gone", rst_stream(1, error_code::cancel)},
  };
  for (const auto& [name, bytes] : ways) {
    SCOPED_TRACE(name);
    tester t(role::server);
    t.start();
    t.feed(post(1));
    static_cast<void>(t.frames());
    EXPECT_LE(flood(t, 10'000, [&](std::size_t) { return bytes; }), t.caps.glitches + 5);
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->code, static_cast<std::uint32_t>(error_code::enhance_your_calm));
    EXPECT_NE(t.frames().find(calm), 0u);
  }
}

// CVE-2019-9517 and others: what is caused and not read must be bounded.
TEST(h2_defence, answers_that_nobody_reads) {
  limits caps;
  caps.glitches = 1'000'000;
  tester t(role::server, caps);
  t.start();
  const std::size_t n = flood(t, 100'000, [](std::size_t) { return ping("12345678"); }, false);
  EXPECT_LT(n, 5'000u);
  EXPECT_EQ(t.engine.error()->name, "too-much-control");
  // One that reads may go on.
  tester reader(role::server, caps);
  reader.start();
  EXPECT_EQ(flood(reader, 50'000, [](std::size_t) { return ping("12345678"); }), 50'000u);
}

// CVE-2019-9511: tiny windows make tiny frames.
TEST(h2_defence, data_dribble) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 0}});
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(100'000, 'x')}}, t.now));
  EXPECT_LE(flood(t, 100'000, [](std::size_t) { return window_update(1, 1); }), t.caps.glitches + 5);
  EXPECT_EQ(t.engine.error()->name, "too-many-glitches");
}

// A reader of many small responses, which gives credit for each, is none.
TEST(h2_defence, credit_for_small_responses_is_no_glitch) {
  tester t(role::server);
  t.start();
  answer_all(t, "hello");
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    t.feed(get(2 * i + 1));
    static_cast<void>(t.frames());
    t.feed(window_update(2 * i + 1, 5) + window_update(0, 5));
    ASSERT_EQ(t.engine.error(), nullptr) << i;
  }
}

// CVE-2016-6581: a small block that means much.
TEST(h2_defence, hpack_bomb) {
  tester t(role::server);
  t.start();
  const std::string fields = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  std::string bomb = "\x40\x01x\x7f\xa1\x1e" + std::string(4'000, 'y');  // 0x40: into the table
  bomb += std::string(10'000, '\xbe');
  t.feed(frame(frame_type::headers, flag::end_headers | end, 1, fields + bomb));
  EXPECT_EQ(t.only_events(), "reset 1 head-too-large 431\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h2_defence, cookie_crumbs_count) {
  tester t(role::server);
  t.start();
  std::string fields = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  for (int i = 0; i < 101; ++i) fields += block({{"cookie", "a"}});
  t.feed(frame(frame_type::headers, flag::end_headers | end, 1, fields));
  EXPECT_EQ(t.only_events(), "reset 1 too-many-fields 431\n");
}

TEST(h2_defence, priorities_of_streams_to_come_are_bounded) {
  limits caps;
  caps.glitches = 1'000'000;
  tester t(role::server, caps);
  t.start();
  flood(t, 100'000, [](std::size_t i) { return priority_update(static_cast<std::uint32_t>(2 * i + 1), "u=1"); });
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_LT(t.engine.memory(), 64u * 1024);
}

// --- memory ----------------------------------------------------------------------------------------------------------------------

TEST(h2_defence, what_a_stream_and_an_idle_connection_hold) {
  limits caps;
  caps.streams = 1'000;
  tester t(role::server, caps);
  t.start();
  const std::size_t before = t.engine.memory();
  for (std::uint32_t i = 0; i < 1'000; ++i) t.feed(get(2 * i + 1));
  EXPECT_LE((t.engine.memory() - before) / 1'000, 2'048u);
  static_cast<void>(t.frames());
  for (std::uint32_t i = 0; i < 1'000; ++i) t.engine.reset(2 * i + 1, t.now);
  static_cast<void>(t.only_events());
  t.engine.rest();
  EXPECT_LE(t.engine.memory() + sizeof(connection), 12u * 1024);
}

}  // namespace
}  // namespace parley::h2::test
