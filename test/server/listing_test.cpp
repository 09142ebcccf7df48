#include "server/listing.hpp"

#include "support/html_check.hpp"
#include "support/scratch_folder.hpp"

#include <parley/files.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>

#include "base/unique_fd.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace parley::server_room {
namespace {

struct listed_folder {
  listed_folder() {
    std::filesystem::create_directories(folder / "site/Sub/empty");
    write("b.txt", 1500);
    write("A.txt", 0);
    write(".hidden", 1);
    write("<b>&\"'.txt", 1);
    write("a:b?#%2f c.txt", 1);
    write("line\nfeed\x1b[31m\xff.txt", 1);
    write("turn\xe2\x80\xae.txt", 1);
    write("Sub/in.txt", 1);
    std::filesystem::create_symlink("b.txt", folder / "site/link");
    std::filesystem::create_symlink("../outside", folder / "site/out");
    std::filesystem::create_symlink("loop", folder / "site/loop");
    std::ofstream(folder / "outside") << "x";
    root.reset(::open((folder / "site").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void write(const std::string& name, std::size_t size) { std::ofstream(folder / ("site/" + name)) << std::string(size, 'x'); }

  test::scratch_folder folder;
  base::unique_fd root;
};

TEST(Listing, WhatMayBeHadFoldersFirst) {
  const listed_folder at;
  std::vector<std::string> names;
  for (const auto& n : read_folder(at.root.get(), "").names) names.push_back(n.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Sub", "<b>&\"'.txt", "A.txt", "a:b?#%2f c.txt", "b.txt", "line\nfeed\x1b[31m\xff.txt",
                                             "link", "turn\xe2\x80\xae.txt"}));
  EXPECT_EQ(read_folder(at.root.get(), "missing/").error, ENOENT);
  EXPECT_NE(read_folder(at.root.get(), "../").error, 0);
}

TEST(Listing, IsAPageWhateverTheNames) {
  const listed_folder at;
  for (const std::string path : {"", "Sub/", "Sub/empty/"}) {
    const std::string page = listing_page(path, read_folder(at.root.get(), path));
    EXPECT_EQ(demo_test::html_fault(page, true), "") << page;
  }
  const std::string page = listing_page("", read_folder(at.root.get(), ""));
  for (const char c : {'\x1b', '\xff'}) EXPECT_EQ(page.find(c), std::string::npos);
  EXPECT_EQ(page.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("href=\"./a%3Ab%3F%23%252f%20c.txt\""), std::string::npos) << page;
  EXPECT_NE(page.find("href=\"./line%0Afeed%1B%5B31m%FF.txt\""), std::string::npos) << page;
  EXPECT_NE(page.find("1.5 kB"), std::string::npos);
}

TEST(Listing, IsBounded) {
  const test::scratch_folder folder;
  folder_list list;
  for (std::size_t i = 0; i < most_listed; ++i) {
    const std::string number = std::to_string(i);
    list.names.push_back({std::string(255 - number.size(), '"') + number, false, i, {}});
  }
  const std::string page = listing_page("", list);
  EXPECT_LT(page.size(), most_listing_bytes + 8192);
  EXPECT_NE(page.find("There is more"), std::string::npos);
  EXPECT_EQ(demo_test::html_fault(page, true), "");
  for (std::size_t i = 0; i <= most_listed; ++i) std::ofstream(folder / std::to_string(i)).flush();
  const base::unique_fd root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const folder_list read = read_folder(root.get(), "");
  EXPECT_EQ(read.names.size(), most_listed);
  EXPECT_TRUE(read.cut);
}

TEST(Listing, IsAChoice) {
  const listed_folder at;
  server app;
  app.files("/shown/{path...}", files(at.folder / "site").listing(true));
  app.files("/plain/{path...}", at.folder / "site");
  EXPECT_EQ(app.handle(request(method::get, "/plain/")).status(), 404);
  const response page = app.handle(request(method::get, "/shown/"));
  EXPECT_EQ(page.status(), 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(app.handle(request(method::get, "/shown/Sub")).status(), 301);
  request again(method::get, "/shown/");
  again.header("If-None-Match", page.header("ETag"));
  EXPECT_EQ(app.handle(std::move(again)).status(), 304);
  std::ofstream(at.folder / "site/index.html") << "index";
  EXPECT_EQ(app.handle(request(method::get, "/shown/")).content(), "index");
}

}  // namespace
}  // namespace parley::server_room
