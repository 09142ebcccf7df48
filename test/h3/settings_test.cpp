// SETTINGS: what we say, what a peer may say, and what is remembered for early data (RFC 9114 §7.2.4).
#include <gtest/gtest.h>

#include "h3/tester.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

TEST(h3_settings, ours_are_said_at_once) {
  options how;
  how.extended_connect = how.datagrams = true;
  how.seed = 1234567;
  tester t(role::server, tester::default_limits(), how);
  t.engine.start(false, t.now);
  EXPECT_EQ(t.sent(), "");  // no stream is allowed yet
  t.engine.stream_limits(0, 3);
  EXPECT_EQ(t.sent(),
            "3 SETTINGS QPACK_MAX_TABLE_CAPACITY=4096 QPACK_BLOCKED_STREAMS=16 MAX_FIELD_SECTION_SIZE=65536 "
            "ENABLE_CONNECT_PROTOCOL=1 H3_DATAGRAM=1\n");
  options push;
  push.push = true;
  tester c(role::client, tester::default_limits(), push);
  c.engine.stream_limits(10, 3);
  c.engine.start(false, c.now);
  EXPECT_EQ(c.sent(),
            "2 SETTINGS QPACK_MAX_TABLE_CAPACITY=4096 QPACK_BLOCKED_STREAMS=16 MAX_FIELD_SECTION_SIZE=65536\n"
            "2 MAX_PUSH_ID 31\n");
}

// RFC 9114 §6.2.3, §7.2.8, §7.2.4.1: reserved ones are sent, so that peers keep ignoring them.
TEST(h3_settings, grease_is_sent) {
  tester t(role::client);
  t.engine.stream_limits(10, 10);
  t.engine.start(false, t.now);
  std::array<std::string_view, 4> pieces;
  ASSERT_EQ(t.engine.next_stream(), 2u);
  const auto out = t.engine.output(2, pieces);
  ASSERT_EQ(out.pieces, 1u);
  std::string_view bytes = pieces[0].substr(1);
  bool setting_seen = false;
  bool frame_seen = false;
  std::uint64_t type = 0;
  std::uint64_t size = 0;
  while (read_varint(bytes, type) && read_varint(bytes, size)) {
    std::string_view payload = bytes.substr(0, size);
    bytes.remove_prefix(size);
    frame_seen = frame_seen || is_grease(type);
    std::uint64_t id = 0;
    std::uint64_t value = 0;
    while (type == 4 && read_varint(payload, id) && read_varint(payload, value)) setting_seen = setting_seen || is_grease(id);
  }
  EXPECT_TRUE(setting_seen);
  EXPECT_TRUE(frame_seen);
  static_cast<void>(t.sent());
  t.feed(3, varint(0) + settings_frame());
  const auto spare = t.engine.next_stream();
  ASSERT_EQ(spare, 14u);
  ASSERT_EQ(t.engine.output(14, pieces).fin, true);
  std::string_view first = pieces[0];
  ASSERT_TRUE(read_varint(first, type));
  EXPECT_TRUE(is_grease(type));
  t.engine.accepted(14, pieces[0].size(), true, t.now);
  t.stop(14, error_code::stream_creation_error);  // whoever likes it less may say so
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_settings, what_must_not_be_said) {
  const struct {
    std::string frame;
    std::string_view name;
    std::uint32_t code;
  } rows[] = {
      {settings_frame({{0x01, 1}, {0x01, 1}}), "duplicate-setting", 0x109},
      {settings_frame({{0x77, 1}, {0x77, 1}}), "duplicate-setting", 0x109},
      {settings_frame({{0x00, 1}}), "http2-setting", 0x109},
      {settings_frame({{0x02, 1}}), "http2-setting", 0x109},
      {settings_frame({{0x03, 1}}), "http2-setting", 0x109},
      {settings_frame({{0x04, 1}}), "http2-setting", 0x109},
      {settings_frame({{0x05, 1}}), "http2-setting", 0x109},
      {settings_frame({{0x08, 2}}), "bad-connect-setting", 0x109},
      {settings_frame({{0x33, 2}}), "bad-datagram-setting", 0x109},
      {frame(frame_type::settings, varint(1)), "bad-settings-frame", 0x106},
      {frame(frame_type::settings, "\x40"), "bad-settings-frame", 0x106},
      {frame(frame_type::settings, std::string(5'000, 'x')), "control-frame-too-large", 0x107},
  };
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(role::server);
      t.engine.stream_limits(10, 3);
      t.engine.start(false, t.now);
      t.feed(2, varint(0) + row.frame, false, size);
      ASSERT_NE(t.engine.error(), nullptr) << row.name;
      EXPECT_EQ(t.engine.error()->name, row.name);
      EXPECT_EQ(t.engine.error()->code, row.code);
    }
  }
}

TEST(h3_settings, unknown_ones_are_ignored) {
  tester t(role::server);
  t.start({{0x21, 5}, {0x1f'ffff'ffff, 7}, {0x06, 100}});
  ASSERT_NE(t.engine.peer_settings(), nullptr);
  EXPECT_EQ(t.engine.peer_settings()->max_field_section_size, 100u);
}

TEST(h3_settings, they_must_come_in_time) {
  tester t(role::client);
  t.engine.stream_limits(10, 3);
  t.engine.start(false, t.now);
  t.pass(t.caps.settings_time);
  EXPECT_EQ(t.engine.error()->limit, "settings_time");
  EXPECT_EQ(t.sent(), "close H3_MISSING_SETTINGS settings-not-received\n");
}

// --- early data ----------------------------------------------------------------------------------------------------------------

options with_remembered(settings remembered) {
  options how;
  how.remembered = remembered;
  return how;
}

TEST(h3_settings, early_requests_wait_for_nothing) {
  tester t(role::client, tester::default_limits(), with_remembered({.enable_connect_protocol = true}));
  t.engine.stream_limits(10, 3);
  t.acknowledges = false;
  t.engine.start(true, t.now);
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  const std::string first = t.sent();
  EXPECT_NE(first.find("0 HEADERS | :method: GET"), std::string::npos);
  EXPECT_EQ(t.sent(), "");
  t.engine.start(false, t.now);
  t.feed(3, varint(0) + settings_frame({{8, 1}}));
  t.feed(0, headers({{":status", "200"}}), true);
  EXPECT_EQ(t.events(), "response 1 200 | end\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_settings, refused_early_data_is_sent_again) {
  tester t(role::client, tester::default_limits(), with_remembered({.enable_connect_protocol = true}));
  t.engine.stream_limits(10, 3);
  t.acknowledges = false;
  t.engine.start(true, t.now);
  const auto id = t.engine.send_request(request(parley::method::post, "/"), content_length::stream(), t.now);
  ASSERT_TRUE(t.engine.send_data(*id, {chunk::owned{std::string(10'000, 'x')}}, t.now).has_value());
  ASSERT_TRUE(t.engine.send_end(*id, nullptr, t.now));
  const std::string first = t.sent();
  EXPECT_NE(first.find("0 DATA (10000)\n0 end\n"), std::string::npos);
  t.engine.early_data_rejected(t.now);
  t.engine.stream_limits(10, 3);
  t.engine.start(false, t.now);
  std::array<std::string_view, 8> pieces;
  std::map<std::uint64_t, std::string> bytes;
  std::map<std::uint64_t, bool> ended;
  while (const auto stream = t.engine.next_stream()) {
    const auto out = t.engine.output(*stream, pieces);
    std::size_t n = 0;
    for (std::size_t i = 0; i < out.pieces; ++i) {
      bytes[*stream] += pieces[i];
      n += pieces[i].size();
    }
    ended[*stream] = out.fin;
    t.engine.accepted(*stream, n, out.fin, t.now);
    t.engine.acknowledged(*stream, n);
  }
  EXPECT_EQ(bytes[2].substr(0, 2), std::string("\0\x04", 2));
  EXPECT_GT(bytes[0].size(), 10'000u);
  EXPECT_TRUE(bytes[0].ends_with(std::string(10'000, 'x')));
  EXPECT_TRUE(ended[0]);
  // What was remembered means nothing then.
  t.feed(3, varint(0) + settings_frame());
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_settings, requests_beyond_what_is_granted_after_a_refusal_wait_for_more) {
  tester t(role::client, tester::default_limits(), with_remembered({}));
  t.engine.stream_limits(10, 3);
  t.acknowledges = false;
  t.engine.start(true, t.now);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  }
  t.engine.reset(5, t.now);
  static_cast<void>(t.sent());
  t.engine.early_data_rejected(t.now);
  EXPECT_FALSE(t.engine.next_stream().has_value()) << "nothing is granted yet";
  t.engine.stream_limits(3, 3);
  t.engine.start(false, t.now);
  t.feed(3, varint(0) + settings_frame());
  EXPECT_FALSE(t.engine.can_send_request());
  const auto requests_sent = [&t] {
    std::string all;
    std::array<std::string_view, 8> pieces;
    while (const auto stream = t.engine.next_stream()) {
      const auto out = t.engine.output(*stream, pieces);
      std::size_t n = 0;
      for (std::size_t i = 0; i < out.pieces; ++i) n += pieces[i].size();
      t.engine.accepted(*stream, n, out.fin, t.now);
      if ((*stream & 3) == 0) all += std::to_string(*stream) + ' ';
    }
    return all;
  };
  EXPECT_EQ(requests_sent(), "0 8 ");
  // What was given up is so on the new stream as well.
  std::string given_up;
  while (const auto a = t.engine.next_action()) {
    if (const auto* r = std::get_if<engine::transport_action::reset>(&*a)) given_up += "reset " + std::to_string(r->stream) + ' ';
    if (const auto* s = std::get_if<engine::transport_action::stop>(&*a)) given_up += "stop " + std::to_string(s->stream) + ' ';
  }
  EXPECT_EQ(given_up, "reset 4 stop 4 ");
  // Waiting for a stream is not waiting for a window.
  t.now += 2 * t.caps.stall_time;
  t.engine.acknowledged(0, 1'000);
  t.engine.acknowledged(8, 1'000);
  t.engine.acknowledged(2, 1'000);
  t.engine.expired(t.now);
  EXPECT_EQ(t.engine.error(), nullptr);
  t.engine.stream_limits(4, 3);
  EXPECT_EQ(requests_sent(), "12 ");
  t.engine.stream_limits(20, 3);
  EXPECT_EQ(requests_sent(), "16 ");
  EXPECT_TRUE(t.engine.can_send_request());
}

TEST(h3_settings, a_server_that_took_early_data_keeps_its_word) {
  const struct {
    settings remembered;
    setting_values said;
    std::string_view name;
  } rows[] = {
      {{.max_field_section_size = 1000}, {{6, 999}}, "settings-below-remembered"},
      {{.qpack_blocked_streams = 5}, {{7, 4}}, "settings-below-remembered"},
      {{.enable_connect_protocol = true}, {}, "settings-below-remembered"},
      {{.h3_datagram = true}, {}, "settings-below-remembered"},
      {{.qpack_max_table_capacity = 100}, {{1, 200}}, "table-capacity-changed"},
      {{.qpack_max_table_capacity = 100}, {}, "table-capacity-changed"},
      {{.qpack_max_table_capacity = 0}, {{1, 200}}, ""},
      {{.max_field_section_size = 1000}, {{6, 2000}}, ""},
  };
  for (const auto& row : rows) {
    tester t(role::client, tester::default_limits(), with_remembered(row.remembered));
    t.engine.stream_limits(10, 3);
    t.engine.start(true, t.now);
    t.engine.start(false, t.now);
    t.feed(3, varint(0) + settings_frame(row.said));
    EXPECT_EQ(t.engine.error() != nullptr ? t.engine.error()->name : "", row.name);
  }
}

TEST(h3_settings, they_survive_being_kept) {
  const settings all{.qpack_max_table_capacity = 7,
                     .max_field_section_size = 9,
                     .qpack_blocked_streams = 3,
                     .enable_connect_protocol = true,
                     .h3_datagram = true};
  settings read;
  EXPECT_EQ(read_settings(read, to_bytes(all)), nullptr);
  EXPECT_EQ(read, all);
  settings none;
  EXPECT_EQ(read_settings(none, to_bytes({})), nullptr);
  EXPECT_EQ(none, settings{});
}

}  // namespace
}  // namespace parley::h3::test
