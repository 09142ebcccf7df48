#include "server/served_file.hpp"

#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <fstream>
#include <set>
#include <string>

namespace parley::server_room {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

file_identity changed_at(std::int64_t nanoseconds) { return {1, 2, 3, nanoseconds, nanoseconds}; }

TEST(ServedFile, SettledOnceTheClockHasTicked) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto at = [](std::int64_t ns) { return system_clock::time_point(std::chrono::nanoseconds(ns)); };
  const std::int64_t fine = 1000 * second + 4'000'000;
  const std::int64_t coarse = 1000 * second;
  EXPECT_FALSE(is_settled(changed_at(fine), at(fine)));
  EXPECT_FALSE(is_settled(changed_at(fine), at(fine + second / 20)));
  EXPECT_TRUE(is_settled(changed_at(fine), at(fine + second / 5)));
  EXPECT_FALSE(is_settled(changed_at(fine), at(fine - second)));  // the clock was set back
  // A file system that only knows seconds, or every other second.
  EXPECT_FALSE(is_settled(changed_at(coarse), at(coarse + 2 * second)));
  EXPECT_TRUE(is_settled(changed_at(coarse), at(coarse + 4 * second)));
}

TEST(ServedFile, ATagOfTheContent) {
  std::set<std::string> tags;
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(tags.insert(tag_of_content(bytes)).second) << i;
    bytes += '\0';
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = 1;
    EXPECT_TRUE(tags.insert(tag_of_content(other)).second) << i;
  }
  EXPECT_EQ(tag_of_content(bytes), tag_of_content(std::string(bytes)));
}

TEST(ServedFile, ATagOfTheIdentity) {
  const auto now = system_clock::now();
  const auto long_ago = std::chrono::nanoseconds((now - 1h).time_since_epoch()).count();
  const file_identity base{1, 2, 3, long_ago, long_ago};
  const std::string tag = tag_of_identity(base, now);
  EXPECT_EQ(tag, tag_of_identity(base, now + 1s));
  std::set<std::string> tags{tag};
  for (int i = 0; i < 5; ++i) {
    file_identity other = base;
    if (i == 0) other.device = 9;
    if (i == 1) other.inode = 9;
    if (i == 2) other.size = 9;
    if (i == 3) other.modified += 1;
    if (i == 4) other.changed += 1;
    EXPECT_TRUE(tags.insert(tag_of_identity(other, now)).second) << i;
  }
  // Whatever may still change behind the same identity: a tag of its own each time.
  const file_identity fresh = changed_at(std::chrono::nanoseconds(now.time_since_epoch()).count());
  EXPECT_NE(tag_of_identity(fresh, now), tag_of_identity(fresh, now + 1ns));
}

TEST(ServedFile, SmallOnesAreReadAndLargeOnesStayOpen) {
  const test::scratch_folder folder;
  const auto write = [&](const std::string& name, std::size_t size) {
    std::ofstream(folder / name, std::ios::binary) << std::string(size, 'x');
  };
  write("empty", 0);
  write("small", small_file);
  write("large", small_file + 1);
  const base::unique_fd root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const reach how : {reach::disk, reach::memory}) {
    const found_file empty = find_file(root.get(), "empty", {}, how);
    if (empty.error == EAGAIN) continue;  // a system that says nothing without waiting
    ASSERT_TRUE(empty.small);
    EXPECT_EQ(empty.small->bytes, "");
    const found_file small = find_file(root.get(), "small", {}, how);
    if (how == reach::disk) {
      ASSERT_TRUE(small.small);
      EXPECT_EQ(small.small->bytes.size(), small_file);
    }
    const found_file large = find_file(root.get(), "large", {}, how);
    EXPECT_FALSE(large.small);
    EXPECT_TRUE(large.large.descriptor);
    EXPECT_EQ(large.large.identity.size, small_file + 1);
    const int missing = find_file(root.get(), "missing", {}, how).error;
    // Some file systems remember only what is there.
    EXPECT_TRUE(missing == ENOENT || (how == reach::memory && missing == EAGAIN)) << missing;
  }
}

}  // namespace
}  // namespace parley::server_room
