#include "tool/output.hpp"

#include "tool/exit_code.hpp"
#include "tool/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace parley::tool {
namespace {

TEST(Displayable, TextIsAndEscapeSequencesAreNot) {
  EXPECT_TRUE(is_displayable("plain\ttext\r\n"));
  EXPECT_TRUE(is_displayable("gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(is_displayable(""));
  EXPECT_FALSE(is_displayable(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_displayable("\x1b[31mred"));
  EXPECT_FALSE(is_displayable("\x89PNG\r\n\x1a\n"));
  EXPECT_FALSE(is_displayable("\x7f"));
}

TEST(Output, AFileAppearsOnceItIsWhole) {
  const tool_test::temporary_folder folder;
  output to(folder.path("page"));
  to.begin();
  to.write("hello ");
  EXPECT_FALSE(std::filesystem::exists(folder.path("page")));
  to.write("world");
  to.commit();
  EXPECT_EQ(folder.read("page"), "hello world");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Output, WhatWasNotCommittedIsGone) {
  const tool_test::temporary_folder folder;
  folder.write("page", "old");
  {
    output to(folder.path("page"));
    to.begin();
    to.write("half of the new");
  }
  EXPECT_EQ(folder.read("page"), "old");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Output, ReplacesAFileAndKeepsItsPermissions) {
  const tool_test::temporary_folder folder;
  const std::string path = folder.write("page", "old");
  ::chmod(path.c_str(), 0600);
  std::filesystem::create_symlink("page", folder.path("link"));
  output to(folder.path("link"));
  to.begin();
  to.write("new");
  to.commit();
  EXPECT_EQ(folder.read("page"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(Output, DevicesAreWrittenToAndNotReplaced) {
  output to("/dev/null");
  to.begin();
  to.write("nothing");
  to.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Output, RefusesWhatCannotBeWritten) {
  const tool_test::temporary_folder folder;
  for (const auto& [path, why] : {std::pair(folder.path(), std::string("Is a directory")),
                                  std::pair(folder.path("no/such/page"), std::string("No such file or directory"))}) {
    output to(path);
    try {
      to.begin();
      ADD_FAILURE() << path;
    } catch (const refusal& error) {
      EXPECT_EQ(error.code(), exit_local);
      EXPECT_EQ(error.what(), "cannot write " + path + ": " + why);
    }
  }
}

}  // namespace
}  // namespace parley::tool
