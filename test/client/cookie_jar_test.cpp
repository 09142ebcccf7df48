// The public jar: suffixes, files, threads. Its rules are tested at the level of values (test/semantics/cookie_jar_test.cpp).
#include <parley/cookie_jar.hpp>

#include "client/public_suffix.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using parley::cookie_jar;

parley::uri url(const char* text) { return parley::uri::parse(text).value(); }

TEST(public_cookie_jar, public_suffixes) {
  for (const char* suffix : {"com", "co.uk", "xn--fiqs8s", "github.io", "unheard-of-tld"})
    EXPECT_TRUE(parley::fetching::is_public_suffix(suffix)) << suffix;
  for (const char* name : {"example.com", "example.co.uk", "someone.github.io"})
    EXPECT_FALSE(parley::fetching::is_public_suffix(name)) << name;
  cookie_jar jar;
  EXPECT_NE(jar.store("a=1; Domain=co.uk", url("https://shop.co.uk/")), "");
  EXPECT_NE(jar.store("a=1; Domain=com", url("https://shop.com/")), "");
  EXPECT_NE(jar.store("a=1; Domain=github.io", url("https://me.github.io/")), "");
  EXPECT_EQ(jar.store("a=1; Domain=shop.co.uk", url("https://www.shop.co.uk/")), "");
  EXPECT_EQ(jar.field_for(url("https://other.shop.co.uk/")), "a=1");
  EXPECT_EQ(jar.store("b=2; Domain=github.io", url("https://github.io/")), "") << "the suffix itself may, for itself alone";
  EXPECT_EQ(jar.field_for(url("https://me.github.io/")), "");
}

TEST(public_cookie_jar, names_beyond_ascii) {
  cookie_jar jar;
  EXPECT_EQ(jar.store("a=1; Domain=xn--bcher-kva.example", url("https://www.xn--bcher-kva.example/")), "");
  EXPECT_EQ(jar.field_for(url("https://xn--bcher-kva.example/")), "a=1");
  EXPECT_NE(jar.store("a=1; Domain=b\xc3\xbc"
                      "cher.example",
                      url("https://xn--bcher-kva.example/")),
            "");
}

TEST(public_cookie_jar, copies_are_the_same_jar) {
  cookie_jar jar;
  cookie_jar same = jar;
  EXPECT_EQ(same.store("a=1", url("http://x.example/")), "");
  EXPECT_EQ(jar.size(), 1U);
  EXPECT_TRUE(jar == same);
  EXPECT_FALSE(jar == cookie_jar());
  same.clear();
  EXPECT_EQ(jar.size(), 0U);
}

TEST(public_cookie_jar, files) {
  const parley::test::scratch_folder folder;
  const std::string file = folder / "cookies.txt";
  cookie_jar jar;
  EXPECT_EQ(jar.load(file), 0U) << "none yet";
  jar.store("plain=1; Max-Age=1000", url("http://x.example/"));
  jar.store("safe=2; Secure; HttpOnly; Path=/deep; Domain=x.example", url("https://a.x.example/"));
  jar.save(file);
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  // A file of others' reading becomes the user's alone when it is written again.
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  jar.save(file);
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);

  cookie_jar again;
  EXPECT_EQ(again.load(file), 0U);
  EXPECT_EQ(again.to_text(), jar.to_text());
  EXPECT_EQ(again.field_for(url("https://b.x.example/deep/er")), "safe=2");

  std::ofstream(folder / "bad") << "# a comment\nx.example\tFALSE\t/\tFALSE\t0\ta\t1\nno cookie at all\n";
  EXPECT_EQ(again.load(folder / "bad"), 1U);
  EXPECT_THROW(again.load(folder.path().string()), std::runtime_error);
  EXPECT_THROW(jar.save(folder / "not/there"), std::runtime_error);
  EXPECT_THROW(jar.save(folder.path().string()), std::runtime_error);

  // What a link leads to is written, not the link.
  std::filesystem::create_symlink(file, folder / "link");
  jar.save(folder / "link");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  // Nothing is left beside it.
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) files += each.is_directory() ? 0 : 1;
  EXPECT_EQ(files, 3U);
}

TEST(public_cookie_jar, a_file_without_bounds_is_not_read) {
  const parley::test::scratch_folder folder;
  const std::string file = folder / "large";
  std::ofstream(file) << std::string(9 << 20, '#');
  cookie_jar jar;
  EXPECT_THROW(jar.load(file), std::runtime_error);
  EXPECT_THROW(jar.load("/dev/zero"), std::runtime_error);
}

TEST(public_cookie_jar, threads) {
  cookie_jar jar;
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t) {
    all.emplace_back([jar, t]() mutable {
      for (int i = 0; i < 300; ++i) {
        jar.store("c" + std::to_string(i % 20) + "=" + std::to_string(t), url("http://x.example/"));
        static_cast<void>(jar.field_for(url("http://x.example/")));
        static_cast<void>(jar.to_text());
      }
    });
  }
  for (std::thread& each : all) each.join();
  EXPECT_EQ(jar.size(), 20U);
}

TEST(public_cookie_jar, caps) {
  cookie_jar jar;
  for (int i = 0; i < 400; ++i) jar.store("c" + std::to_string(i) + "=x", url("http://x.example/"));
  EXPECT_EQ(jar.size(), 180U);
  cookie_jar fat;
  for (int i = 0; i < 100; ++i) fat.store("c" + std::to_string(i) + "=" + std::string(4000, 'x'), url("http://x.example/"));
  EXPECT_LE(fat.field_for(url("http://x.example/")).size(), 16U * 1024);
}

}  // namespace
