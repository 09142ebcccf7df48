// What those who look on are told.
#include <gtest/gtest.h>

#include "h3/tester.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

struct observation_text {
  static std::string way(engine::direction d) { return d == engine::direction::in ? "in " : "out "; }
  std::string operator()(const engine::observed_frame& f) const {
    std::string s = way(f.way) + "frame " + std::string(f.type) + " " + std::to_string(f.size);
    if (!f.about.empty()) s.append(" ").append(f.about);
    return s;
  }
  std::string operator()(const engine::observed_head& h) const {
    return way(h.way) + "head " +
           (h.request != nullptr ? std::string(h.request->method.name()) : std::to_string(h.response->status)) + " " +
           std::to_string(h.size);
  }
  std::string operator()(const engine::observed_data& d) const { return way(d.way) + "data " + std::to_string(d.size); }
  std::string operator()(const engine::observed_trailers& t) const { return way(t.way) + "trailers"; }
  std::string operator()(const engine::observed_end& e) const { return way(e.way) + "end"; }
  std::string operator()(const engine::observed_push& p) const { return way(p.way) + "push " + describe_id(p.promised); }
  std::string operator()(const engine::observed_state& s) const {
    return std::string(s.machine) + " " + std::string(s.from) + " -> " + std::string(s.to);
  }
  std::string operator()(const engine::observed_error& e) const { return "error " + std::string(e.error.name); }
  template <class Other>
  std::string operator()(const Other&) const {
    return "other";
  }
};

/// Every observation as a line: stream, then what it was.
class note_taker : public engine::observer {
 public:
  void observe(const engine::observation& seen) noexcept override {
    log += std::to_string(seen.stream) + ": " + std::visit(observation_text{}, seen.what) + "\n";
  }
  std::string log;
};

TEST(h3_observer, an_exchange_at_a_server) {
  tester t(role::server);
  t.start();
  note_taker seen;
  t.engine.observe(&seen, 1);
  t.feed(0, post() + data_frame("abc") + headers({{"t", "1"}}), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(2), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"ok"}}, t.now).value());
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  static_cast<void>(t.sent());
  const std::string head = std::to_string(post().size());
  EXPECT_EQ(seen.log, "1: in frame HEADERS " + std::to_string(post().size() - 2) +
                          "\n"
                          "1: stream request head -> request content\n"
                          "1: in head POST " +
                          head +
                          "\n"
                          "1: in frame DATA 3\n"
                          "1: in data 3\n"
                          "1: in frame HEADERS 6\n"
                          "1: stream request content -> request end\n"
                          "1: in trailers\n"
                          "1: in end\n"
                          "1: out frame HEADERS 6\n"
                          "1: out head 200 8\n"
                          "1: out data 2\n"
                          "1: out frame DATA 2\n"
                          "1: out end\n");
}

// What a head costs is also what goes into the table for it, on another stream.
TEST(h3_observer, a_heads_size_has_what_the_table_gets_for_it) {
  tester t(role::server);
  t.start();
  note_taker seen;
  t.engine.observe(&seen, 1);
  const std::string insertion = std::string("\x3f\xe1\x1f", 3) + std::string("\x41x\x01y", 4);
  t.feed(6, varint(2) + insertion);
  t.feed(0, post() + data_frame("abc"), true);
  t.feed(4, post() + data_frame("abc"), true);
  EXPECT_NE(seen.log.find("1: in head POST " + std::to_string(post().size() + insertion.size()) + "\n"), std::string::npos)
      << seen.log;
  EXPECT_NE(seen.log.find("5: in head POST " + std::to_string(post().size()) + "\n"), std::string::npos) << seen.log;
}

TEST(h3_observer, control_frames_in_words) {
  options how;
  how.push = true;
  tester t(role::client, tester::default_limits(), how);
  note_taker seen;
  t.engine.observe(&seen, 1);
  t.engine.stream_limits(10, 3);
  t.engine.start(false, t.now);
  t.feed(3, varint(0) + settings_frame({{1, 4096}, {0x4242, 7}}) + frame(0x21, "grease") + goaway(8));
  EXPECT_EQ(seen.log,
            "0: out frame SETTINGS 12 QPACK_MAX_TABLE_CAPACITY=4096 QPACK_BLOCKED_STREAMS=16 "
            "MAX_FIELD_SECTION_SIZE=65536 0x21=0\n"
            "0: out frame 0x21 4\n"
            "0: out frame MAX_PUSH_ID 1 push=31\n"
            "0: in frame SETTINGS 8 QPACK_MAX_TABLE_CAPACITY=4096 0x4242=7\n"
            "0: in frame 0x21 6\n"
            "0: in frame GOAWAY 1 id=8\n");
}

}  // namespace
}  // namespace parley::h3::test
