#include "connection/record_cursor.hpp"

#include "net/talk.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace parley::connection {
namespace {

constexpr std::size_t record = 16 * 1024;

class record_cursor_over_a_file : public ::testing::Test {
 protected:
  record_cursor_over_a_file() {
    const auto path = folder_.path() / "content";
    std::ofstream(path, std::ios::binary) << content;
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  ~record_cursor_over_a_file() override { close(descriptor_); }
  [[nodiscard]] base::segment slice(std::uint64_t offset, std::uint64_t length) const { return {{}, descriptor_, offset, length}; }

  const std::string content = net_tests::pattern(400'000);

 private:
  test::scratch_folder folder_;
  int descriptor_ = -1;
};

std::string text_of(const base::segment& s, const std::string& content) {
  return s.descriptor < 0 ? std::string(s.bytes) : content.substr(s.offset, s.length);
}

TEST_F(record_cursor_over_a_file, takes_everything_in_pieces_as_large_as_asked) {
  const std::string large = net_tests::pattern(50'000);
  const std::string medium = net_tests::pattern(5'000);
  std::vector<base::segment> frames{{"head of the response"}};
  for (std::uint64_t at = 0; at < 300'000; at += 16'375) {
    frames.push_back({"nine  byt"});
    frames.push_back(slice(at, 16'375));
  }
  const std::vector<std::vector<base::segment>> cases{
      frames,
      {{"a"}, slice(0, 300'000), {"b"}},
      {{"head"}, {large}, {"tail"}},
      {{medium}, {medium}, {medium}, {medium}, {large}, slice(7, 13), {large}},
      {slice(399'000, 1000)},
      {{"only"}},
      {{}, {}, {"x"}, {}},
  };
  for (const auto& segments : cases) {
    std::string all;
    for (const base::segment& s : segments) all += text_of(s, content);
    for (const std::size_t most : {std::size_t{100}, std::size_t{4096}, record, std::size_t{200'000}}) {
      for (const std::size_t skip : {0, 1, 30}) {
        if (skip > all.size()) continue;
        record_cursor from(segments);
        from.skip(skip);
        EXPECT_EQ(from.left(SIZE_MAX), all.size() - skip);
        std::string got;
        while (!from.done()) {
          const std::size_t expected = std::min({most, all.size() - skip - got.size(), std::size_t{112 * 1024}});
          EXPECT_EQ(from.left(most), std::min(most, all.size() - skip - got.size()));
          const std::string_view piece = from.take(most);
          ASSERT_FALSE(piece.empty());
          // Only what lies in one piece of memory may be cut where it ends.
          ASSERT_GE(piece.size(), std::min(expected, record));
          ASSERT_LE(piece.size(), most);
          got += piece;
        }
        EXPECT_FALSE(from.error());
        EXPECT_TRUE(from.take(most).empty());
        ASSERT_EQ(got, all.substr(skip)) << most << " " << skip;
      }
    }
  }
}

TEST_F(record_cursor_over_a_file, memory_that_fills_a_record_is_not_copied) {
  const std::string large = net_tests::pattern(50'000);
  const std::vector<base::segment> segments{{"head"}, {large}};
  record_cursor from(segments);
  EXPECT_EQ(from.take(record).substr(0, 4), "head");
  EXPECT_EQ(from.take(record).data(), large.data() + record - 4);
}

TEST_F(record_cursor_over_a_file, a_shorter_file_is_an_error_behind_what_it_has) {
  const std::vector<base::segment> segments{{"head"}, slice(0, 200'000), {"-"}, slice(399'990, 100), {"tail"}};
  record_cursor from(segments);
  std::string got;
  while (!from.error()) {
    const std::string_view piece = from.take(record);
    ASSERT_FALSE(piece.empty());
    got += piece;
  }
  EXPECT_EQ(got, "head" + content.substr(0, 200'000) + "-" + content.substr(399'990));
  EXPECT_TRUE(from.take(record).empty());
}

}  // namespace
}  // namespace parley::connection
