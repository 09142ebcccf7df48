#include "semantics/multipart_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

// `{name:value,...|data}` for each part, `.` for the end, or the status of the fault.
std::string read_parts(std::string_view content, std::size_t fragment, const multipart_caps& caps = {},
                       std::string_view boundary = "b") {
  multipart_reader reader(boundary, caps);
  std::string text;
  for (std::size_t i = 0; i < content.size(); i += fragment) {
    // Memory of exactly that size.
    const std::string piece(content.substr(i, fragment));
    std::string_view bytes(piece);
    for (auto what = reader.next(bytes); what != multipart_event::need_more; what = reader.next(bytes)) {
      if (what == multipart_event::fault) return text + std::to_string(reader.fault().status);
      if (what == multipart_event::head) {
        text += "{";
        for (const auto& line : reader.head()) text.append(line.name).append(":").append(line.value).append(",");
        text += "|";
      }
      if (what == multipart_event::data) {
        EXPECT_FALSE(reader.data().empty());
        text += reader.data();
      }
      if (what == multipart_event::part_end) text += "}";
      if (what == multipart_event::end) text += ".";
    }
    EXPECT_TRUE(bytes.empty());
  }
  if (const auto fault = reader.finish()) return text + std::to_string(fault->status);
  return text;
}

constexpr std::size_t fragments[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100000};

TEST(multipart_reader, at_every_fragment_size) {
  const struct {
    std::string_view content, parts;
  } rows[] = {
      {"--b\r\nA: 1\r\n\r\nhello\r\n--b--\r\n", "{A:1,|hello}."},
      {"--b\r\nA: 1\r\n\r\nhello\r\n--b--", "{A:1,|hello}."},
      {"--b\r\nA: 1\r\nB:2 \r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--", "{A:1,B:2,|x}{|y}."},
      {"\r\n--b\r\n\r\nx\r\n--b--", "{|x}."},
      {"what stands before\r\nis ignored --b\r\n--b\r\n\r\nx\r\n--b--and what follows\r\n--b\r\n", "{|x}."},
      {"--b \t\r\n\r\nx\r\n--b--", "{|x}."},  // blanks behind a boundary (RFC 2046 §5.1.1)
      {"--b--", "."},
      // No content, with a line break of its own and without.
      {"--b\r\nA: 1\r\n\r\n\r\n--b--", "{A:1,|}."},
      {"--b\r\nA: 1\r\n\r\n--b--", "{A:1,|}."},
      {"--b\r\n\r\n--b\r\n\r\n\r\n--b--", "{|}{|}."},
      // Lines that go on in the next one (RFC 5322 §2.2.3).
      {"--b\r\nA: 1\r\n 2\r\n\t3\r\nB:\r\n 4\r\n\r\nx\r\n y\r\n--b--", "{A:1 2\t3,B:4,|x\r\n y}."},
      {"--b\r\nA: 1\r\n \r\n\r\nx\r\n--b--", "{A:1,|x}."},
      // What is nearly a boundary.
      {"--b\r\n\r\n\r\n-\r\n--\r\n--a\r\r\n\r--b\n--b\r\n--b--", "{|\r\n-\r\n--\r\n--a\r\r\n\r--b\n--b}."},
      {"--b\r\n\r\n--a\r\n--b--", "{|--a}."},
      {"--b\r\n\r\n-\r\n--b--", "{|-}."},
      {"--b\r\n\r\n\r\r\n--b--", "{|\r}."},
      {"--b\r\n\r\n\r\n\r\n--b--", "{|\r\n}."},
      // Faults.
      {"", "400"},
      {"hello", "400"},
      {"--b\r\n", "400"},
      {"--b\r\nA: 1\r\n", "400"},
      {"--b\r\n\r\nx", "{|x400"},
      {"--b\r\n\r\nx\r\n--b", "{|x}400"},
      {"--b\r\n\r\nx\r\n--b-", "{|x}400"},
      {"--b\r\n\r\nx\r\n--b-x", "{|x}400"},
      {"--b\r\n\r\nx\r\n--bc\r\n", "{|x}400"},
      {"--b\n\nx\n--b--", "400"},
      {"--b\rx", "400"},
      {"--b\r\nA\r\n\r\n", "400"},
      {"--b\r\nA : 1\r\n\r\n", "400"},
      {"--b\r\n: 1\r\n\r\n", "400"},
      {"--b\r\n A: 1\r\n\r\n", "400"},
      {"--b\r\nA: 1\nB: 2\r\n\r\n", "400"},
      {std::string_view("--b\r\nA: \0\r\n\r\n", 13), "400"},
  };
  for (const auto& row : rows) {
    for (const std::size_t fragment : fragments)
      EXPECT_EQ(read_parts(row.content, fragment), row.parts) << row.content << " by " << fragment;
  }
}

// Every place of a boundary in its fragment, within content that is full of its beginnings.
TEST(multipart_reader, a_boundary_at_every_offset) {
  const std::string boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  std::string data;
  for (std::size_t i = 0; i <= boundary.size() + 4; ++i) data += ("\r\n--" + boundary).substr(0, i) + "#";
  const std::string content = "--" + boundary + "\r\n\r\n" + data + "\r\n--" + boundary + "--\r\n";
  for (std::size_t fragment = 1; fragment < 130; ++fragment) {
    // A whole delimiter stands in the data, so its last piece is a fault; without it all is well.
    EXPECT_EQ(read_parts(content, fragment, {}, boundary).substr(0, 40), ("{|" + data).substr(0, 40));
    const std::string good = data.substr(0, data.size() - boundary.size() - 5);
    EXPECT_EQ(read_parts("--" + boundary + "\r\n\r\n" + good + "\r\n--" + boundary + "--", fragment, {}, boundary),
              "{|" + good + "}.")
        << fragment;
  }
}

TEST(multipart_reader, caps) {
  const multipart_caps caps{.parts = 2, .head = 20, .lines = 2, .total = 100};
  const struct {
    std::string content, result;
  } rows[] = {
      {"--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--", "{|1}{|2}."},
      {"--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b--", "{|1}{|2}413"},
      {"--b\r\nA: 12345678901234567\r\n\r\n\r\n--b--", "{A:12345678901234567,|}."},
      {"--b\r\nA: 123456789012345678901234567890\r\n\r\n\r\n--b--", "413"},
      {"--b\r\nA:1\r\nB:2\r\n\r\n\r\n--b--", "{A:1,B:2,|}."},
      {"--b\r\nA:1\r\nB:2\r\nC:3\r\n\r\n\r\n--b--", "413"},
      {"--b" + std::string(65, ' ') + "\r\n\r\n", "400"},
      {"--b\r\n\r\n1\r\n--b--" + std::string(85, 'x'), "{|1}."},
      {"--b\r\n\r\n1\r\n--b--" + std::string(86, 'x'), "{|1}.413"},
      {std::string(101, 'x'), "413"},
  };
  for (const auto& row : rows) {
    for (const std::size_t fragment : fragments)
      EXPECT_EQ(read_parts(row.content, fragment, caps), row.result) << row.content << " by " << fragment;
  }
}

}  // namespace
}  // namespace parley::semantics
