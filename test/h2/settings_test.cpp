// SETTINGS (RFC 9113 §6.5, RFC 8441 §3, RFC 9218 §2.1).
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::role;

const rule_row setting_rules[] = {
    {"6.5.2 ENABLE_PUSH of 2", role::server, settings_frame({{setting::enable_push, 2}}), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "bad-setting"},
    {"6.5.2 ENABLE_PUSH of 1 from a server", role::client, settings_frame({{setting::enable_push, 1}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"6.5.2 INITIAL_WINDOW_SIZE of 2^31", role::server, settings_frame({{setting::initial_window_size, 0x80000000}}),
     "GOAWAY last 0 FLOW_CONTROL_ERROR\n", "window-setting-too-large"},
    {"6.5.2 MAX_FRAME_SIZE of 16383", role::server, settings_frame({{setting::max_frame_size, 16'383}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"6.5.2 MAX_FRAME_SIZE of 2^24", role::server, settings_frame({{setting::max_frame_size, 1 << 24}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"RFC 8441 3 ENABLE_CONNECT_PROTOCOL of 2", role::client, settings_frame({{setting::enable_connect_protocol, 2}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"RFC 8441 3 ENABLE_CONNECT_PROTOCOL taken back", role::client,
     settings_frame({{setting::enable_connect_protocol, 1}, {setting::enable_connect_protocol, 0}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"RFC 9218 2.1 NO_RFC7540_PRIORITIES of 2", role::server, settings_frame({{setting::no_rfc7540_priorities, 2}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"RFC 9218 2.1 NO_RFC7540_PRIORITIES changed", role::server, settings_frame({{setting::no_rfc7540_priorities, 1}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-setting"},
    {"6.5.3 an acknowledgement of nothing", role::server, settings_ack(), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "unexpected-settings-ack"},
};

TEST(h2_settings, what_must_not_come) { check_rules(setting_rules); }

TEST(h2_settings, unknown_ones_are_ignored) {
  tester t(role::server);
  t.start();
  t.feed(settings_frame({{static_cast<setting>(0x0a0a), 7}, {static_cast<setting>(0xffff), 0xffffffff}}));
  EXPECT_EQ(t.frames(), "SETTINGS ACK\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h2_settings, values_are_taken_in_order) {
  tester t(role::server);
  t.start();
  t.feed(settings_frame({{setting::initial_window_size, 100}, {setting::initial_window_size, 2}}));
  static_cast<void>(t.frames());
  answer_all(t, "abc");
  EXPECT_EQ(t.feed(get(1)).frames(), "HEADERS 1 | :status: 200 | content-length: 3\nDATA 1 ab\n");
}

TEST(h2_settings, an_acknowledgement_that_does_not_come) {
  limits caps;
  caps.settings_time = 3s;
  tester t(role::server, caps);
  t.feed(client_preface).feed(settings_frame());
  static_cast<void>(t.frames());
  t.pass(3s - 1ms);
  EXPECT_EQ(t.frames(), "");
  t.pass(1ms);
  EXPECT_EQ(t.frames(), "GOAWAY last 0 SETTINGS_TIMEOUT\n");
}

// RFC 9113 §4.3.1: the table of our decoder shrinks with the acknowledgement, and the next block must say so.
TEST(h2_settings, a_smaller_table_must_be_confirmed) {
  limits caps;
  caps.field_table = 0;
  tester t(role::server, caps);
  t.feed(client_preface).feed(settings_frame());
  t.feed(get(1));
  EXPECT_EQ(t.engine.error(), nullptr);
  t.feed(settings_ack());
  static_cast<void>(t.frames());
  t.feed(get(3));
  EXPECT_EQ(t.frames(), "GOAWAY last 1 COMPRESSION_ERROR\n");

  tester other(role::server, caps);
  other.start();
  const std::string fields = block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  other.feed(frame(frame_type::headers, flag::end_headers | flag::end_stream, 1, "\x20" + fields));
  EXPECT_EQ(other.only_events(), "request 1 GET / a | end\n");
}

// RFC 7541 §4.2: ours says so too when the peer wants a smaller one.
TEST(h2_settings, our_table_follows_the_peers) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(settings_frame({{setting::header_table_size, 0}}));
  static_cast<void>(t.frames());
  t.feed(get(1));
  const std::string bytes = t.take_bytes();
  ASSERT_GT(bytes.size(), frame_header_size);
  EXPECT_EQ(bytes[frame_header_size], '\x20') << "a table size update to 0";
}

// It is our memory: the peer cannot make it larger than `limits::field_table`.
TEST(h2_settings, our_table_grows_no_further_than_we_want) {
  for (const std::size_t ours : {4'096, 8'192}) {
    limits caps;
    caps.field_table = ours;
    tester t(role::server, caps);
    t.start();
    answer_all(t);
    t.feed(settings_frame({{setting::header_table_size, 1'000'000}}));
    static_cast<void>(t.frames());
    t.feed(get(1));
    const std::string bytes = t.take_bytes();
    ASSERT_GT(bytes.size(), frame_header_size);
    const std::string block = bytes.substr(frame_header_size, 3);
    if (ours == 4'096) {
      EXPECT_EQ(block[0], '\x88') << "no update: it is as it was, and :status 200 follows";
    } else {
      EXPECT_EQ(block, "\x3f\xe1\x3f") << "a table size update to 8192";
    }
  }
}

}  // namespace
}  // namespace parley::h2::test
