// The short way takes only what the long way would take, byte for byte.
#include "h1/plain_lines.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "h1/head_parser.hpp"
#include "semantics/field_name.hpp"

namespace parley::h1 {
namespace {

const std::string tail = "Accept: a value that is long enough for vectors\r\n\r\n";

/// The lines that the short way takes of a head, behind which no byte can be read.
plain_lines taken_of(std::string_view head, std::vector<parley::detail::field_slot>& slots) {
  const auto exact = std::make_unique<char[]>(head.size());
  head.copy(exact.get(), head.size());
  slots.resize(8);
  plain_lines found = read_plain_lines({exact.get(), head.size()}, 0, 1000, slots.data(), slots.size());
  slots.resize(found.count);
  return found;
}

/// Of a head that begins with `line`.
plain_lines taken(const std::string& line, std::vector<parley::detail::field_slot>& slots) { return taken_of(line + tail, slots); }

bool takes(const std::string& line) {
  std::vector<parley::detail::field_slot> slots;
  return taken(line, slots).count > 0;
}

TEST(h1_plain_lines, every_name_with_every_byte_at_every_place) {
  for (std::size_t i = 1; i < semantics::field_id_count; ++i) {
    const auto id = static_cast<semantics::field_id>(i);
    const std::string name(semantics::canonical_name_of(id));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string changed = name;
        changed[at] = static_cast<char>(c);
        std::vector<parley::detail::field_slot> slots;
        taken(changed + ": value\r\n", slots);
        if (slots.empty()) continue;
        ASSERT_TRUE(base::is_token(changed)) << changed;
        ASSERT_EQ(slots[0].name_length, name.size());
        ASSERT_EQ(slots[0].id, static_cast<std::uint16_t>(semantics::find_field_name(changed))) << changed;
      }
    }
  }
}

#if defined(__SSE2__) && !defined(PARLEY_PORTABLE_SCAN)
TEST(h1_plain_lines, known_names_take_the_short_way) {
  for (std::size_t i = 1; i < semantics::field_id_count; ++i) {
    const std::string name(semantics::canonical_name_of(static_cast<semantics::field_id>(i)));
    EXPECT_EQ(takes(name + ": v\r\n"), name.size() <= 31) << name;
    EXPECT_EQ(takes(base::to_lower(name) + ": v\r\n"), name.size() <= 31) << name;
  }
}

TEST(h1_plain_lines, the_end_is_taken_like_the_rest) {
  const std::string head = "Host: a\r\nAccept: text/html, text/plain\r\nContent-Length: 12\r\n\r\n";
  for (std::size_t size = 0; size <= head.size(); ++size) {
    std::vector<parley::detail::field_slot> slots;
    const plain_lines found = taken_of(std::string_view(head).substr(0, size), slots);
    std::size_t lines = 0;
    std::size_t end = 0;
    for (std::size_t at = head.find("\r\n"); at + 2 <= size && lines < 3; at = head.find("\r\n", end)) {
      end = at + 2;
      ++lines;
    }
    EXPECT_EQ(found.count, lines) << size;
    EXPECT_EQ(found.position, end) << size;
  }
}

TEST(h1_plain_lines, a_request_line) {
  request_line line;
  EXPECT_EQ(read_plain_request_line("GET /a/b?c?d HTTP/1.1\r\nHost: a\r\nAccept: anything that is long\r\n\r\n", 1000, line), 23u);
  EXPECT_EQ(line.target.offset, 4u);
  EXPECT_EQ(line.target.length, 8u);
  EXPECT_EQ(line.parts.path.length, 4u);
  EXPECT_EQ(line.parts.query.offset, 5u);
  EXPECT_EQ(line.parts.query.length, 3u);
}
#endif

TEST(h1_plain_lines, values) {
  for (int c = 0; c < 256; ++c) {
    for (const std::size_t at : {0u, 1u, 15u, 16u, 17u, 39u}) {
      std::string value(40, 'x');
      value[at] = static_cast<char>(c);
      const bool edge = at == 0 || at == 39;
      const bool plain = c >= 0x20 && c < 0x7f && !(edge && c == ' ');
      EXPECT_TRUE(plain || !takes("Host: " + value + "\r\n")) << c << " at " << at;
    }
  }
  for (const std::string_view line : {"Host:a\r\n", "Host:  a\r\n", "Host: \r\n", "Host: a\n", "Host: a\r", "Host: a\rb\r\n",
                                      ": a\r\n", " Host: a\r\n", "Host : a\r\n", "Host: a \r\n", "Hos: a\r\n", "Hostt: a\r\n"}) {
    EXPECT_FALSE(takes(std::string(line))) << line;
  }
}

TEST(h1_plain_lines, the_end_with_every_byte_at_every_place) {
  const std::string head = "Host: a\r\nTE: trailers\r\n\r\n";
  for (std::size_t at = 0; at < head.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = head;
      changed[at] = static_cast<char>(c);
      std::vector<parley::detail::field_slot> slots;
      const plain_lines found = taken_of(changed, slots);
      ASSERT_LE(found.position, changed.size());
      for (const auto& slot : slots) {
        const std::string name = changed.substr(slot.name_offset, slot.name_length);
        const std::string value = changed.substr(slot.value_offset, slot.value_length);
        ASSERT_EQ(slot.id, static_cast<std::uint16_t>(semantics::find_field_name(name))) << changed;
        ASSERT_EQ(changed.substr(slot.name_offset, name.size() + 2 + value.size() + 2), name + ": " + value + "\r\n");
        for (const char v : value) ASSERT_TRUE(v >= 0x20 && v < 0x7f) << changed;
      }
    }
  }
}

TEST(h1_plain_lines, a_line_that_may_not_be_as_long) {
  std::vector<parley::detail::field_slot> slots(8);
  const std::string head = "Host: twenty letters long\r\n\r\n";
  for (std::size_t longest = 0; longest < 23; ++longest) {
    EXPECT_EQ(read_plain_lines(head, 0, longest, slots.data(), slots.size()).count, 0U) << longest;
  }
}

TEST(h1_plain_lines, request_lines_as_the_long_way_reads_them) {
  const std::string rest = "\r\nHost: a\r\nAccept: anything that is long enough\r\n\r\n";
  for (const std::string_view start :
       {"GET /a HTTP/1.1", "POST /a?b HTTP/1.1", "GET /? HTTP/1.1", "GET /a HTTP/1.0", "GET  /a HTTP/1.1", "GET /a  HTTP/1.1",
        "GET * HTTP/1.1", "get /a HTTP/1.1", "GET /a#b HTTP/1.1", "GET /a HTTP/1.1 "}) {
    for (std::size_t at = 0; at < start.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string changed(start);
        changed[at] = static_cast<char>(c);
        request_line quick;
        const std::size_t size = read_plain_request_line(changed + rest, 1000, quick);
        if (size == 0) continue;
        ASSERT_EQ(size, changed.size() + 2) << changed;
        request_line slow;
        ASSERT_FALSE(parse_request_line(changed, false, slow)) << changed;
        EXPECT_EQ(quick.method, slow.method);
        EXPECT_EQ(quick.target.offset, slow.target.offset);
        EXPECT_EQ(quick.target.length, slow.target.length);
        EXPECT_EQ(quick.parts.path.length, slow.parts.path.length) << changed;
        EXPECT_EQ(quick.parts.query.length, slow.parts.query.length) << changed;
        if (slow.parts.query.length > 0) {
          EXPECT_EQ(quick.parts.query.offset, slow.parts.query.offset) << changed;
        }
      }
    }
  }
}

}  // namespace
}  // namespace parley::h1
