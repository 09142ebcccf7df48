// The parts by themselves: integers, the frame reader, what waits to be acknowledged, push ids.
#include <gtest/gtest.h>

#include <random>

#include "h3/message_faults.hpp"
#include "h3/push_ids.hpp"
#include "h3/tester.hpp"
#include "h3/violations.hpp"

namespace parley::h3::test {
namespace {

// RFC 9000 §16, Appendix A.1.
TEST(h3_parts, integers) {
  EXPECT_EQ(varint(151'288'809'941'952'652), "\xc2\x19\x7c\x5e\xff\x14\xe8\x8c");
  EXPECT_EQ(varint(494'878'333), "\x9d\x7f\x3e\x7d");
  EXPECT_EQ(varint(15'293), "\x7b\xbd");
  EXPECT_EQ(varint(37), "\x25");
  for (const std::uint64_t v :
       {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{64}, std::uint64_t{16'383}, std::uint64_t{16'384},
        std::uint64_t{1'073'741'823}, std::uint64_t{1'073'741'824}, largest_varint}) {
    const std::string text = varint(v) + "rest";
    for (std::size_t n = 0; n < varint_size(v); ++n) {
      std::string_view part = std::string_view(text).substr(0, n);
      std::uint64_t got = 0;
      EXPECT_FALSE(read_varint(part, got));
      EXPECT_EQ(part.size(), n);
    }
    std::string_view all = text;
    std::uint64_t got = 0;
    ASSERT_TRUE(read_varint(all, got));
    EXPECT_EQ(got, v);
    EXPECT_EQ(all, "rest");
  }
  std::string_view longer("\x40\x25", 2);  // not the shortest form, and allowed
  std::uint64_t v = 0;
  ASSERT_TRUE(read_varint(longer, v));
  EXPECT_EQ(v, 37u);
}

TEST(h3_parts, reserved_values) {
  EXPECT_TRUE(is_grease(0x21));
  EXPECT_TRUE(is_grease(0x21 + 0x1f * 1'000'000ull));
  EXPECT_FALSE(is_grease(0x22));
  EXPECT_FALSE(is_grease(0x02));
  for (std::uint64_t i = 0; i < 5'000; ++i) EXPECT_TRUE(is_grease(grease(i)));
}

TEST(h3_parts, frames_in_pieces) {
  const std::string bytes = data_frame("abc") + frame(0x1234'5678, "") + frame(0x21, std::string(100, 'x')) + data_frame("");
  for (const std::size_t size : fragment_sizes) {
    frame_reader reader;
    std::string seen;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      std::string_view piece = rest.substr(0, size == 0 ? rest.size() : size);
      rest.remove_prefix(piece.size());
      while (true) {
        const auto r = reader.read(piece);
        piece.remove_prefix(r.consumed);
        if (r.what == frame_reader::step::more) break;
        if (r.what == frame_reader::step::header) {
          seen += "[" + std::to_string(static_cast<std::uint64_t>(reader.type())) + " " + std::to_string(reader.size()) + "]";
        } else {
          seen += r.payload;
        }
      }
      EXPECT_TRUE(piece.empty());
    }
    EXPECT_EQ(seen, "[0 3]abc[305419896 0][33 100]" + std::string(100, 'x') + "[0 0]");
    EXPECT_FALSE(reader.within_frame());
  }
}

/// A buffer, and what it must hold.
class buffer_model {
 public:
  send_buffer buffer;
  std::string all;
  std::size_t sent = 0;
  std::size_t acknowledged = 0;

  void check() {
    EXPECT_EQ(buffer.unsent(), all.size() - sent);
    EXPECT_EQ(buffer.unacknowledged(), sent - acknowledged);
    std::array<std::string_view, 64> pieces;
    std::string shown;
    const std::size_t n = buffer.peek(pieces);
    for (std::size_t i = 0; i < n; ++i) shown += pieces[i];
    EXPECT_EQ(shown, all.substr(sent, shown.size()));
    EXPECT_TRUE(n == pieces.size() || shown.size() == all.size() - sent);
  }
};

TEST(h3_parts, what_is_sent_stays_until_acknowledged) {
  std::mt19937 random(7);  // NOLINT: the same run each time
  for (int round = 0; round < 50; ++round) {
    buffer_model m;
    char next = 'a';
    for (int i = 0; i < 200; ++i) {
      const std::size_t n = random() % 4 == 0 ? 3'000 + random() % 5'000 : random() % 200;
      const std::string text(n, next);
      next = next == 'z' ? 'a' : static_cast<char>(next + 1);
      switch (random() % 8) {
        case 0:
          m.buffer.copy(text);
          m.all += text;
          break;
        case 1:
          m.buffer.append({engine::chunk::view{text}});
          m.all += text;
          break;
        case 2: {
          const auto kept = std::make_shared<const std::string>(text);
          m.buffer.append({engine::chunk::shared{*kept, kept}});
          m.all += text;
          break;
        }
        case 3: {
          char* const p = m.buffer.reserve(n + 10) + random() % 10;
          text.copy(p, n);
          m.buffer.commit(p, n);
          m.all += text;
          break;
        }
        case 4:
        case 5: {
          const std::size_t part = random() % (m.all.size() - m.sent + 1);
          m.buffer.sent(part);
          m.sent += part;
          break;
        }
        case 6: {
          const std::size_t part = random() % (m.sent - m.acknowledged + 1);
          m.buffer.acknowledged(part);
          m.acknowledged += part;
          break;
        }
        default:
          if (m.acknowledged == 0 && random() % 4 == 0) {
            m.buffer.rewind();
            m.sent = 0;
          }
      }
      m.check();
    }
    m.buffer.sent(m.all.size() - m.sent);
    m.buffer.acknowledged(m.all.size() - m.acknowledged);
    EXPECT_TRUE(m.buffer.empty());
  }
}

TEST(h3_parts, push_ids_move_on) {
  push_ids ids(3);
  EXPECT_EQ(ids.end(), 3u);
  ids.set_streamed(1);
  EXPECT_EQ(ids.end(), 3u);
  EXPECT_TRUE(ids.streamed(1));
  ids.set_cancelled(0);
  EXPECT_EQ(ids.base(), 2u);
  EXPECT_EQ(ids.end(), 5u);
  EXPECT_FALSE(ids.cancelled(4));
  ids.set_cancelled(4);
  EXPECT_TRUE(ids.cancelled(4));
  ids.set_streamed(100);  // nobody may
  EXPECT_EQ(ids.end(), 5u);
}

TEST(h3_parts, every_violation_says_what_where_and_why) {
  for (const engine::protocol_error* v : all_faults()) {
    EXPECT_FALSE(v->name.empty());
    EXPECT_TRUE(v->message.ends_with(".")) << v->name;
    EXPECT_TRUE(v->section.starts_with("RFC 9") || v->section.starts_with("RFC 6265")) << v->name << v->section;
    EXPECT_FALSE(v->section.starts_with("RFC 9113")) << v->name << v->section;
    EXPECT_NE(name(static_cast<error_code>(v->code)), "unknown") << v->name;
  }
}

}  // namespace
}  // namespace parley::h3::test
