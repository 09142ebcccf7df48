#include "net/gather.hpp"

#include "net/talk.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace parley {
namespace {

using net_tests::pattern;

struct file_of {
  explicit file_of(const std::string& content) {
    const auto path = folder.path() / "content";
    std::ofstream(path, std::ios::binary) << content;
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  ~file_of() { close(descriptor); }
  file_of(const file_of&) = delete;
  file_of& operator=(const file_of&) = delete;
  [[nodiscard]] base::segment slice(std::uint64_t offset, std::uint64_t length) const { return {{}, descriptor, offset, length}; }

  test::scratch_folder folder;
  int descriptor = -1;
};

TEST(gather, bytes_and_slices_in_their_order_for_every_room_and_place) {
  const std::string content = pattern(300);
  const file_of file(content);
  const file_of other("another");
  // Slices that follow one another, with bytes between; then a gap, another file, an empty slice and empty bytes.
  const std::array segments{base::segment{"<1>"}, file.slice(0, 100),    base::segment{"<2>"}, file.slice(100, 50),
                            file.slice(150, 10),  base::segment{},       file.slice(10, 20),   other.slice(2, 5),
                            file.slice(5, 0),     base::segment{"<end>"}};
  const std::string all =
      "<1>" + content.substr(0, 100) + "<2>" + content.substr(100, 60) + content.substr(10, 20) + "other" + "<end>";
  std::size_t before = 0;
  for (std::size_t first = 0; first < segments.size(); ++first) {
    for (const std::uint64_t skip : {std::uint64_t{0}, segments[first].size() / 2}) {
      for (std::size_t room = 0; room <= all.size() + 1; ++room) {
        std::string into(room, '\0');
        const net::gathered got = net::gather(std::span(segments).subspan(first), skip, into);
        EXPECT_FALSE(got.error);
        ASSERT_EQ(into.substr(0, got.size), all.substr(before + skip, room)) << first << " " << skip << " " << room;
      }
    }
    before += segments[first].size();
  }
}

TEST(gather, many_slices) {
  const std::string content = pattern(1000);
  const file_of file(content);
  std::vector<base::segment> segments;
  std::string all;
  for (std::size_t i = 0; i < 100; ++i) {
    segments.push_back(file.slice(i * 10, 10));
    segments.push_back({"-"});
    all += content.substr(i * 10, 10) + "-";
  }
  std::string into(2000, '\0');
  const net::gathered got = net::gather(segments, 0, into);
  EXPECT_FALSE(got.error);
  EXPECT_EQ(into.substr(0, got.size), all);
}

TEST(gather, what_a_shorter_file_still_has_comes_before_the_error) {
  const file_of file("0123456789");
  const std::array segments{base::segment{"<"}, file.slice(0, 4), base::segment{"|"}, file.slice(4, 20), base::segment{">"}};
  std::string into(100, '\0');
  const net::gathered got = net::gather(segments, 0, into);
  EXPECT_EQ(got.error, std::errc::io_error);
  EXPECT_EQ(into.substr(0, got.size), "<0123|456789");
  const std::array bad{base::segment{"<"}, base::segment{{}, -1, 0, 0}, base::segment{{}, 1 << 20, 0, 5}};
  const net::gathered none = net::gather(bad, 0, into);
  EXPECT_EQ(none.error, std::errc::bad_file_descriptor);
  EXPECT_EQ(none.size, 1U);
}

}  // namespace
}  // namespace parley
