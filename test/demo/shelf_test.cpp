// How much visitors can put onto the shelf.
#include "demo/shelf.hpp"
#include "support/scratch_folder.hpp"

#include <parley/response.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

using demo::shelf;

struct shelf_fixture {
  parley::test::scratch_folder folder;
  std::shared_ptr<shelf> files = std::make_shared<shelf>(folder / "files");

  void put(const std::string& name, std::uintmax_t size) const {
    std::ofstream(files->path_of(name)).close();
    std::filesystem::resize_file(files->path_of(name), size);
  }
  [[nodiscard]] int refusal(std::uint64_t bytes) const {
    try {
      static_cast<void>(files->reserve(bytes));
    } catch (const parley::problem_error& error) {
      return error.what_problem().status();
    }
    return 0;
  }
};

TEST(shelf, room_is_kept_for_who_is_sending) {
  const shelf_fixture f;
  auto first = f.files->reserve(shelf::most_bytes - 10);
  EXPECT_EQ(f.refusal(10), 0);
  EXPECT_EQ(f.refusal(11), 507);
  first.reset();
  EXPECT_EQ(f.refusal(shelf::most_bytes), 0);
}

TEST(shelf, what_lies_there_counts) {
  const shelf_fixture f;
  f.put("a", shelf::most_bytes - 10);
  EXPECT_EQ(f.refusal(10), 0);
  EXPECT_EQ(f.refusal(11), 507);
  f.put("b", 100);  // more than there may be, put there by hand
  EXPECT_EQ(f.refusal(1), 507);
  EXPECT_TRUE(f.files->remove("a"));
  EXPECT_EQ(f.refusal(11), 0);
}

TEST(shelf, the_number_of_files_has_an_end) {
  const shelf_fixture f;
  for (std::size_t i = 1; i < shelf::most_files; ++i) f.put(std::to_string(i), 0);
  {
    const auto last = f.files->reserve(1);
    EXPECT_EQ(f.refusal(1), 507);
  }
  EXPECT_EQ(f.refusal(1), 0);
}

TEST(shelf, only_its_own_files_are_shown_and_removed) {
  const shelf_fixture f;
  f.put("b.txt", 3);
  f.put("a.txt", 2);
  f.put(".hidden", 1);
  std::filesystem::create_directory(f.folder / "files/folder");
  std::filesystem::create_symlink("/etc/passwd", f.folder / "files/link");
  const auto all = f.files->list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a.txt");
  EXPECT_EQ(all[1].size, 3U);
  std::ofstream(f.folder / "outside").close();
  const std::string_view not_there[] = {
      "../outside", "..", ".", "", ".hidden", "none", "folder/x", "/etc/passwd", std::string_view("a.txt\0b", 7)};
  for (const std::string_view name : not_there) {
    EXPECT_FALSE(f.files->remove(name)) << name;
  }
  EXPECT_TRUE(std::filesystem::exists(f.folder / "outside"));
  EXPECT_TRUE(f.files->remove("a.txt"));
}

TEST(shelf, sizes_as_people_read_them) {
  EXPECT_EQ(demo::size_text(0), "0 bytes");
  EXPECT_EQ(demo::size_text(1023), "1023 bytes");
  EXPECT_EQ(demo::size_text(1024), "1 KiB");
  EXPECT_EQ(demo::size_text(1536), "1.5 KiB");
  EXPECT_EQ(demo::size_text(std::uint64_t{3} << 20), "3 MiB");
  EXPECT_EQ(demo::size_text((std::uint64_t{256} << 20) - 1), "255 MiB");
}

}  // namespace
