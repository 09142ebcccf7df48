// Frames that are not as they must be (RFC 9113 §4, §6), whatever their streams' states.
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::role;

constexpr auto settings_type = frame_type::settings;
constexpr auto priority_type = frame_type::priority;
constexpr auto continuation = frame_type::continuation;

constexpr std::uint8_t end = flag::end_stream;
constexpr std::uint8_t whole = flag::end_headers;

std::string open_block(std::uint32_t stream) {
  return frame(frame_type::headers, 0, stream,
               block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}));
}

const rule_row frame_rules[] = {
    // sizes
    {"4.2 DATA above the largest frame costs its stream", role::server,
     post(1) + window_update(0, 9) + data(1, std::string(16'385, 'x')) + ping("12345678"),
     "RST_STREAM 1 FRAME_SIZE_ERROR\nPING ACK 12345678\n", "data-frame-too-large"},
    {"4.2 HEADERS above the largest frame", role::server, frame(frame_type::headers, whole, 1, std::string(16'385, 'x')),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "frame-too-large"},
    {"4.2 SETTINGS above the largest frame", role::server, frame(settings_type, 0, 0, std::string(16'386, '\0')),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "frame-too-large"},
    {"4.2 an unknown frame above the largest frame", role::server,
     frame(static_cast<frame_type>(0x7f), 0, 0, std::string(16'385, 'x')), "GOAWAY last 0 FRAME_SIZE_ERROR\n", "frame-too-large"},
    {"4.2 HEADERS too small for their priority", role::server, frame(frame_type::headers, whole | flag::priority, 1, "1234"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"4.2 DATA too small for its padding's length", role::server, post(1) + frame(frame_type::data, flag::padded, 1),
     "GOAWAY last 1 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"6.4 RST_STREAM of 3 bytes", role::server, get(1) + frame(frame_type::rst_stream, 0, 1, "123"),
     "GOAWAY last 1 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"6.5 SETTINGS of 5 bytes", role::server, frame(settings_type, 0, 0, "12345"), "GOAWAY last 0 FRAME_SIZE_ERROR\n",
     "bad-frame-size"},
    {"6.5 SETTINGS ACK with a payload", role::server, frame(settings_type, flag::ack, 0, "123456"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "settings-ack-with-payload"},
    {"6.7 PING of 7 bytes", role::server, ping("1234567"), "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"6.8 GOAWAY of 7 bytes", role::server, frame(frame_type::goaway, 0, 0, "1234567"), "GOAWAY last 0 FRAME_SIZE_ERROR\n",
     "bad-frame-size"},
    {"6.9 WINDOW_UPDATE of 3 bytes", role::server, frame(frame_type::window_update, 0, 0, "123"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"6.3 PRIORITY of 4 bytes costs its stream", role::server, get(1) + frame(priority_type, 0, 1, "1234") + ping("12345678"),
     "RST_STREAM 1 FRAME_SIZE_ERROR\nPING ACK 12345678\n", "bad-priority-size"},
    {"6.3 PRIORITY above the largest frame", role::server,
     get(1) + frame(priority_type, 0, 1, std::string(16'385, 'x')) + ping("12345678"),
     "RST_STREAM 1 FRAME_SIZE_ERROR\nPING ACK 12345678\n", "bad-priority-size"},
    {"RFC 7540 5.3.1 PRIORITY of a stream that depends on itself", role::server,
     frame(priority_type, 0, 3, std::string("\x80\0\0\x03\x10", 5)), "GOAWAY last 0 PROTOCOL_ERROR\n", "self-dependency"},
    {"RFC 7540 5.3.1 HEADERS of a stream that depends on itself", role::server,
     frame(frame_type::headers, whole | flag::priority, 1, std::string("\0\0\0\x01\x10\x82\x86\x84", 8)),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "self-dependency"},
    {"RFC 9218 7.1 PRIORITY_UPDATE of 3 bytes", role::server, frame(frame_type::priority_update, 0, 0, "123"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    // streams
    {"6.1 DATA on 0", role::server, data(0, "x"), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-needed"},
    {"6.2 HEADERS on 0", role::server, get(0), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-needed"},
    {"6.3 PRIORITY on 0", role::server, frame(priority_type, 0, 0, "12345"), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-needed"},
    {"6.4 RST_STREAM on 0", role::server, rst_stream(0, error_code::cancel), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-needed"},
    {"6.5 SETTINGS on 1", role::server, frame(settings_type, 0, 1), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-not-allowed"},
    {"6.6 PUSH_PROMISE on 0", role::client, push_promise(0, 2, {}), "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-needed"},
    {"6.7 PING on 1", role::server, frame(frame_type::ping, 0, 1, "12345678"), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "stream-not-allowed"},
    {"6.8 GOAWAY on 1", role::server, frame(frame_type::goaway, 0, 1, "12345678"), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "stream-not-allowed"},
    {"6.10 CONTINUATION on 0", role::server, open_block(1) + frame(continuation, whole, 0), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "field-block-interrupted"},
    {"RFC 9218 7.1 PRIORITY_UPDATE on 1", role::server, frame(frame_type::priority_update, 0, 1, "1234u=1"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "stream-not-allowed"},
    {"RFC 9218 7.1 PRIORITY_UPDATE for 0", role::server, priority_update(0, "u=1"), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "bad-priority-update"},
    {"RFC 9218 7.1 PRIORITY_UPDATE at a client", role::client, priority_update(1, "u=1"), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "bad-priority-update"},
    {"RFC 9218 7.1 PRIORITY_UPDATE for a promise that was not made", role::server, priority_update(2, "u=1"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-priority-update"},
    // padding
    {"6.1 padding as long as its DATA", role::server,
     post(1) + frame(frame_type::data, flag::padded, 1,
                     "\x03"
                     "12"),
     "GOAWAY last 1 PROTOCOL_ERROR\n", "bad-padding"},
    {"6.2 padding as long as its HEADERS", role::server,
     frame(frame_type::headers, whole | flag::padded, 1,
           "\x03"
           "12"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-padding"},
    // field blocks
    {"4.3 DATA within a field block", role::server, open_block(1) + data(1, "x"), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "field-block-interrupted"},
    {"6.2 CONTINUATION of another stream", role::server, open_block(1) + frame(continuation, whole, 3),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "field-block-interrupted"},
    {"6.10 PING behind a CONTINUATION that goes on", role::server, open_block(1) + frame(continuation, 0, 1) + ping("12345678"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "field-block-interrupted"},
    {"5.5 an unknown frame within a field block", role::server, open_block(1) + frame(static_cast<frame_type>(0x7f), 0, 1),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "field-block-interrupted"},
    {"6.10 CONTINUATION behind nothing", role::server, frame(continuation, whole, 1), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "unexpected-continuation"},
    {"6.10 CONTINUATION behind END_HEADERS", role::server, get(1) + frame(continuation, whole, 1), "GOAWAY last 1 PROTOCOL_ERROR\n",
     "unexpected-continuation"},
    {"4.3 a block that cannot be decompressed", role::server, frame(frame_type::headers, whole, 1, "\xff\xff\xff\xff\xff"),
     "GOAWAY last 0 COMPRESSION_ERROR\n", "bad-field-block"},
    {"4.3 nor for a stream that is gone", role::server,
     get(1) + rst_stream(1, error_code::cancel) + frame(frame_type::headers, whole, 1, "\xff\xff\xff\xff\xff"),
     "RST_STREAM 1 STREAM_CLOSED\nGOAWAY last 1 COMPRESSION_ERROR\n", "after-reset bad-field-block"},
};

TEST(h2_frames, what_must_not_come) { check_rules(frame_rules); }

// --- what must be taken ------------------------------------------------------------------------------------------------------------

TEST(h2_frames, unknown_types_flags_and_the_reserved_bit_are_ignored) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    std::string request = get(1, end | 0x40 | 0x02);
    request[5] = static_cast<char>(request[5] | 0x80);
    t.feed(frame(static_cast<frame_type>(0x7f), 0xff, 5, "something") + request + frame(static_cast<frame_type>(0xee), 0, 0), size);
    EXPECT_EQ(t.only_events(), "request 1 GET / a | end\n");
    EXPECT_EQ(t.engine.error(), nullptr);
  }
}

TEST(h2_frames, the_largest_frame_is_taken) {
  tester t(role::server);
  t.start();
  t.feed(post(1) + data(1, std::string(16'384, 'x'), end), 1000);
  EXPECT_EQ(t.only_events(), "request 1 POST / a\ndata 1 " + std::string(16'384, 'x') + "\ncomplete 1\n");
}

TEST(h2_frames, padding_and_rfc7540_priorities_are_skipped) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    const std::string fields = block({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
    t.feed(frame(frame_type::headers, whole | flag::padded | flag::priority, 1,
                 "\x02"
                 "12345" +
                     fields + "..") +
               frame(frame_type::data, flag::padded, 1,
                     "\x05"
                     "hello.....") +
               frame(frame_type::data, flag::padded | end, 1, std::string("\0bye", 4)) + frame(priority_type, 0, 9, "12345"),
           size);
    EXPECT_EQ(t.only_events(), "request 1 POST / a\ndata 1 hellobye\ncomplete 1\n");
  }
}

TEST(h2_frames, blocks_go_on_in_continuations) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    const std::string fields = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/x"}});
    t.feed(frame(frame_type::headers, end, 1, fields.substr(0, 7)) + frame(continuation, 0, 1, fields.substr(7, 1)) +
               frame(continuation, 0, 1) + frame(continuation, whole, 1, fields.substr(8)),
           size);
    EXPECT_EQ(t.only_events(), "request 1 GET /x a | end\n");
  }
}

TEST(h2_frames, our_blocks_go_on_in_continuations) {
  tester t(role::server);
  t.start();
  t.on_event = [&t](const engine::event&) {
    const std::string value(15'000, 'v');
    static_cast<void>(
        t.engine.send_response(1, response(200, {{"a", value}, {"b", value}}), engine::content_length::no_content(), t.now));
  };
  EXPECT_EQ(t.feed(get(1)).frames(), "HEADERS 1 END_STREAM goes on\nCONTINUATION 1\n");
}

TEST(h2_frames, ping_is_answered_with_the_same_and_an_answer_is_not) {
  tester t(role::server);
  t.start();
  EXPECT_EQ(t.feed(ping("abcdefgh") + ping("ijklmnop", flag::ack)).frames(), "PING ACK abcdefgh\n");
}

}  // namespace
}  // namespace parley::h2::test
