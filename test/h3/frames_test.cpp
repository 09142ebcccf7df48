// Frames where they may not come, or not as they must be (RFC 9114 §4.1, §6, §7); streams of all kinds.
#include <gtest/gtest.h>

#include "h3/frame_order.hpp"
#include "h3/rules.hpp"

namespace parley::h3::test {
namespace {

using engine::role;

constexpr std::string_view unexpected = "close H3_FRAME_UNEXPECTED frame-unexpected\n";
constexpr std::string_view bad_content = "close H3_FRAME_ERROR bad-frame-content\n";

std::string final_head() { return headers({{":status", "200"}}); }
std::string trailers() { return headers({{"a", "b"}}); }

const rule_row frame_rules[] = {
    {"4.1 DATA before the head of a request", role::server, 0, data_frame("x"), false, unexpected, "frame-unexpected"},
    {"4.1 HEADERS behind trailers", role::server, 0, post() + trailers() + trailers(), false, unexpected, "frame-unexpected"},
    {"4.1 DATA behind trailers", role::server, 0, post() + trailers() + data_frame("x"), false, unexpected, "frame-unexpected"},
    {"4.1 DATA before the head of a response", role::client, 0, data_frame("x"), false, unexpected, "frame-unexpected"},
    {"4.1 DATA behind an interim response", role::client, 0, headers({{":status", "100"}}) + data_frame("x"), false, unexpected,
     "frame-unexpected"},
    {"4.1 HEADERS behind a response's trailers", role::client, 0, final_head() + trailers() + trailers(), false, unexpected,
     "frame-unexpected"},
    {"4.4 HEADERS within a tunnel", role::server, 0, headers({{":method", "CONNECT"}, {":authority", "a:1"}}) + trailers(), false,
     unexpected, "frame-unexpected"},
    {"6.1 a stream in both directions from a server", role::client, 1, "x", false,
     "close H3_STREAM_CREATION_ERROR server-request-stream\n", "server-request-stream"},
    {"6.2.1 a second control stream", role::server, 6, varint(0), false, "close H3_STREAM_CREATION_ERROR second-control-stream\n",
     "second-control-stream"},
    {"6.2.1 a control stream that ends", role::server, 2, "", true, "close H3_CLOSED_CRITICAL_STREAM critical-stream-closed\n",
     "critical-stream-closed"},
    {"6.2.2 a push stream from a client", role::server, 6, varint(1), false,
     "close H3_STREAM_CREATION_ERROR push-stream-from-client\n", "push-stream-from-client"},
    {"7.1 a stream that ends within HEADERS", role::server, 0, get().substr(0, 20), true, "close H3_FRAME_ERROR frame-truncated\n",
     "frame-truncated"},
    {"7.1 a stream that ends within DATA", role::server, 0, post() + data_frame("abc").substr(0, 3), true,
     "close H3_FRAME_ERROR frame-truncated\n", "frame-truncated"},
    {"7.1 a stream that ends within a frame's header", role::server, 0, post() + "\x40", true,
     "close H3_FRAME_ERROR frame-truncated\n", "frame-truncated"},
    {"7.1 a response that ends within a frame", role::client, 0, final_head() + data_frame("abc").substr(0, 3), true,
     "close H3_FRAME_ERROR frame-truncated\n", "frame-truncated"},
    {"7.1 GOAWAY that is too long", role::client, 3, frame(frame_type::goaway, varint(0) + "x"), false, bad_content,
     "bad-frame-content"},
    {"7.1 GOAWAY that is empty", role::client, 3, frame(frame_type::goaway), false, bad_content, "bad-frame-content"},
    {"7.1 GOAWAY that is too short", role::client, 3, frame(frame_type::goaway, "\x40"), false, bad_content, "bad-frame-content"},
    {"7.1 MAX_PUSH_ID that is too long", role::server, 2, frame(frame_type::max_push_id, varint(0) + "x"), false, bad_content,
     "bad-frame-content"},
    {"7.1 GOAWAY of a client that is too long", role::server, 2, frame(frame_type::goaway, varint(0) + "x"), false, bad_content,
     "bad-frame-content"},
    {"7.1 MAX_PUSH_ID that is empty", role::server, 2, frame(frame_type::max_push_id), false, bad_content, "bad-frame-content"},
    {"7.1 CANCEL_PUSH that is too long", role::server, 2, frame(frame_type::cancel_push, varint(0) + "x"), false, bad_content,
     "bad-frame-content"},
    {"7.1 CANCEL_PUSH that is too short", role::server, 2, frame(frame_type::cancel_push), false, bad_content, "bad-frame-content"},
    {"7.2.1 DATA on a control stream", role::server, 2, data_frame("x"), false, unexpected, "frame-unexpected"},
    {"7.2.2 HEADERS on a control stream", role::server, 2, get(), false, unexpected, "frame-unexpected"},
    {"7.2.3 CANCEL_PUSH on a request's stream", role::server, 0, get() + cancel_push(0), false, unexpected, "frame-unexpected"},
    {"7.2.3 CANCEL_PUSH of what nobody promised", role::server, 2, cancel_push(0), false,
     "close H3_ID_ERROR push-id-not-promised\n", "push-id-not-promised"},
    {"7.2.4 SETTINGS twice", role::server, 2, settings_frame(), false, unexpected, "frame-unexpected"},
    {"7.2.4 SETTINGS on a request's stream", role::server, 0, settings_frame(), false, unexpected, "frame-unexpected"},
    {"7.2.4 SETTINGS on a response's stream", role::client, 0, final_head() + settings_frame(), false, unexpected,
     "frame-unexpected"},
    {"7.2.5 PUSH_PROMISE on a control stream", role::client, 3, push_promise(0, {}), false, unexpected, "frame-unexpected"},
    {"7.2.5 PUSH_PROMISE from a client", role::server, 0, get() + push_promise(0, {}), false, unexpected, "frame-unexpected"},
    {"7.2.6 GOAWAY on a request's stream", role::server, 0, get() + goaway(0), false, unexpected, "frame-unexpected"},
    {"7.2.6 GOAWAY on a response's stream", role::client, 0, goaway(0), false, unexpected, "frame-unexpected"},
    {"7.2.6 GOAWAY that names no request", role::client, 3, goaway(1), false, "close H3_ID_ERROR bad-goaway-id\n", "bad-goaway-id"},
    {"5.2 GOAWAY that rises", role::client, 3, goaway(8) + goaway(12), false, "close H3_ID_ERROR goaway-rises\n", "goaway-rises"},
    {"5.2 GOAWAY of a client that rises", role::server, 2, goaway(1) + goaway(2), false, "close H3_ID_ERROR goaway-rises\n",
     "goaway-rises"},
    {"7.2.7 MAX_PUSH_ID on a request's stream", role::server, 0, get() + max_push_id(1), false, unexpected, "frame-unexpected"},
    {"7.2.7 MAX_PUSH_ID from a server", role::client, 3, max_push_id(1), false, unexpected, "frame-unexpected"},
    {"7.2.7 MAX_PUSH_ID that falls", role::server, 2, max_push_id(5) + max_push_id(4), false,
     "close H3_ID_ERROR max-push-id-falls\n", "max-push-id-falls"},
    {"7.2.8 PRIORITY of HTTP/2", role::server, 0, frame(2, "12345"), false, "close H3_FRAME_UNEXPECTED http2-frame\n",
     "http2-frame"},
    {"7.2.8 PING of HTTP/2", role::server, 2, frame(6, "12345678"), false, "close H3_FRAME_UNEXPECTED http2-frame\n",
     "http2-frame"},
    {"7.2.8 WINDOW_UPDATE of HTTP/2", role::client, 0, frame(8, "1234"), false, "close H3_FRAME_UNEXPECTED http2-frame\n",
     "http2-frame"},
    {"7.2.8 CONTINUATION of HTTP/2", role::server, 0, get() + frame(9, ""), false, "close H3_FRAME_UNEXPECTED http2-frame\n",
     "http2-frame"},
    {"RFC 9218 7.2 PRIORITY_UPDATE from a server", role::client, 3, priority_update(0, "u=1"), false, unexpected,
     "frame-unexpected"},
    {"RFC 9218 7.2 PRIORITY_UPDATE on a request's stream", role::server, 0, priority_update(0, "u=1"), false, unexpected,
     "frame-unexpected"},
    {"RFC 9218 7.2 PRIORITY_UPDATE of no request", role::server, 2, priority_update(1, "u=1"), false,
     "close H3_ID_ERROR bad-priority-element\n", "bad-priority-element"},
    {"RFC 9218 7.2 PRIORITY_UPDATE of a push that was not promised", role::server, 2, priority_update(0, "u=1", true), false,
     "close H3_ID_ERROR bad-priority-element\n", "bad-priority-element"},
    {"RFC 9218 7.2 PRIORITY_UPDATE without an id", role::server, 2, frame(frame_type::priority_update), false, bad_content,
     "bad-frame-content"},
    {"RFC 9204 2.2.3 a section that refers to nothing", role::server, 0, frame(frame_type::headers, std::string("\0\0\x80", 3)),
     false, "close QPACK_DECOMPRESSION_FAILED qpack-index\n", "qpack-index"},
    {"RFC 9204 3.1 a line beyond the static table", role::server, 0, frame(frame_type::headers, std::string("\0\0\xff\x24", 4)),
     false, "close QPACK_DECOMPRESSION_FAILED qpack-index\n", "qpack-index"},
    {"RFC 9204 3.1 a name beyond the static table", role::server, 0, frame(frame_type::headers, std::string("\0\0\x5f\x54\1a", 6)),
     false, "close QPACK_DECOMPRESSION_FAILED qpack-index\n", "qpack-index"},
    {"RFC 9204 2.2.3 a section without its prefix", role::server, 0, frame(frame_type::headers), false,
     "close QPACK_DECOMPRESSION_FAILED qpack-truncated\n", "qpack-truncated"},
};

TEST(h3_frames, what_must_not_come) { check_rules(frame_rules); }

// RFC 9114 §6.2.1: whatever comes first, if it is not SETTINGS.
TEST(h3_frames, settings_come_first) {
  for (const std::string& first :
       {data_frame("x"), goaway(0), frame(0x21, "grease"), frame(frame_type::headers, "x"), max_push_id(1)}) {
    for (const std::size_t size : fragment_sizes) {
      tester t(role::server);
      t.engine.stream_limits(100, 3);
      t.engine.start(false, t.now);
      t.feed(2, varint(0) + first, false, size);
      ASSERT_NE(t.engine.error(), nullptr);
      EXPECT_EQ(t.engine.error()->name, "no-settings-first");
    }
  }
}

// RFC 9114 §9, §7.2.8, §6.2.3: what is unknown is ignored, wherever it stands and however it is cut.
TEST(h3_frames, what_is_unknown_is_ignored) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    answer_all(t);
    const std::string odd = frame(0x21, "grease") + frame(0x1f'0000'0021, "") + frame(0x40, std::string(200, 'x'));
    t.feed(2, odd, false, size);
    t.feed(6, varint(0x21) + "whatever", false, size);
    t.feed(10, varint(0x3f'ffff) + "more of it", true, size);
    t.feed(0, odd + post() + odd + data_frame("abc") + odd + headers({{"t", "1"}}) + odd, true, size);
    EXPECT_EQ(t.events(), "request 1 POST / a\ndata 1 abc\ntrailers 1 | t: 1\ncomplete 1\n");
    EXPECT_EQ(t.engine.error(), nullptr);
    const std::string sent = t.sent();
    EXPECT_NE(sent.find("6 stop H3_STREAM_CREATION_ERROR\n"), std::string::npos) << sent;
    EXPECT_NE(sent.find("0 HEADERS | :status: 200\n0 end\n"), std::string::npos) << sent;
  }
}

// RFC 9114 §6.2: a stream may end, or be reset, before it has said what it is.
TEST(h3_frames, streams_without_a_type) {
  tester t(role::server);
  t.start();
  t.feed(6, "", true);
  t.feed(10, "\x40", true);
  t.reset(14);
  t.feed(18, "\x40").reset(18);
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_EQ(t.sent(), "");
}

TEST(h3_frames, critical_streams_stay_open) {
  for (const std::uint64_t type : {0u, 2u, 3u}) {
    for (const bool by_reset : {false, true}) {
      tester t(role::server);
      t.engine.stream_limits(100, 3);
      t.engine.start(false, t.now);
      t.feed(2, varint(type) + (type == 0 ? settings_frame() : std::string()));
      by_reset ? t.reset(2) : t.feed(2, "", true);
      ASSERT_NE(t.engine.error(), nullptr) << type;
      EXPECT_EQ(t.engine.error()->name, "critical-stream-closed");
    }
  }
  // Nor may ours be refused.
  for (const std::uint64_t ours : {3u, 7u, 11u}) {
    tester t(role::server);
    t.start();
    t.stop(ours);
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->name, "critical-stream-closed");
  }
}

TEST(h3_frames, qpack_has_one_stream_of_each_kind) {
  for (const std::uint64_t type : {2u, 3u}) {
    tester t(role::server);
    t.start();
    t.feed(6, varint(type)).feed(10, varint(type));
    EXPECT_EQ(t.sent(), "close H3_STREAM_CREATION_ERROR second-qpack-stream\n");
  }
}

TEST(h3_frames, bad_instructions_cost_the_connection) {
  const std::pair<std::uint64_t, std::string> rows[] = {
      {2, "\x3f\xff\xff\x7f"},    // a capacity above what we allow
      {2, "\xff\x24\x01z"},       // a name beyond the static table
      {2, "\x80\x01z"},           // a name of the dynamic table, which is empty
      {2, std::string("\0", 1)},  // a copy of an entry that is not there
      {3, "\x80"},                // acknowledges what was not sent
      {3, std::string("\0", 1)},  // an increment of 0
      {3, "\x01"},                // of more than was sent
  };
  for (const auto& [kind, instruction] : rows) {
    tester t(role::server);
    t.start();
    t.feed(6, varint(kind) + instruction);
    const std::string sent = t.sent();
    EXPECT_TRUE(sent.starts_with(kind == 2 ? "close QPACK_ENCODER_STREAM_ERROR" : "close QPACK_DECODER_STREAM_ERROR"))
        << testing::PrintToString(instruction) << ": " << sent;
  }
}

// Every place of the table has an answer for every kind, and only the control stream's start asks for SETTINGS.
TEST(h3_frames, the_table_is_whole) {
  for (std::size_t place = 0; place < frame_place_count; ++place) {
    for (std::size_t kind = 0; kind < frame_kind_count; ++kind) {
      const auto at = static_cast<frame_place>(place);
      const auto verdict = judge(at, static_cast<frame_kind>(kind));
      EXPECT_EQ(verdict == frame_verdict::missing_settings, place == 0 && static_cast<frame_kind>(kind) != frame_kind::settings);
      const bool unknown = place != 0 && static_cast<frame_kind>(kind) == frame_kind::unknown;
      EXPECT_EQ(verdict == frame_verdict::skip, unknown) << name(at);
      EXPECT_FALSE(static_cast<frame_kind>(kind) == frame_kind::reserved && verdict == frame_verdict::take) << name(at);
    }
  }
}

}  // namespace
}  // namespace parley::h3::test
