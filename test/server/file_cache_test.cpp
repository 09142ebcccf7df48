#include "server/file_cache.hpp"

#include "memory_server.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace parley::server_room {
namespace {

using namespace std::chrono_literals;
using testing::memory_peer;
using testing::memory_server;

std::shared_ptr<const served_file> made_of(std::size_t size) {
  auto file = std::make_shared<served_file>();
  file->bytes.assign(size, 'x');
  return file;
}

TEST(FileCache, IsBoundedInEntries) {
  net::memory_loop loop;
  file_cache cache(loop, 1 << 30, 3);
  for (const std::string name : {"a", "b", "c"}) cache.put(1, name, made_of(10), cache.now());
  EXPECT_NE(cache.find(1, "a"), nullptr);  // so "b" is the one that was used longest ago
  cache.put(1, "d", made_of(10), cache.now());
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.find(1, "b"), nullptr);
  for (const std::string name : {"a", "c", "d"}) EXPECT_NE(cache.find(1, name), nullptr) << name;
  EXPECT_EQ(cache.find(2, "a"), nullptr);  // another folder's
  cache.put(2, "a", made_of(10), cache.now());
  EXPECT_EQ(cache.find(1, "a"), nullptr);  // the bound is one for all folders
  EXPECT_EQ(cache.size(), 3U);
}

TEST(FileCache, IsBoundedInBytes) {
  net::memory_loop loop;
  constexpr std::size_t most = 100'000;
  file_cache cache(loop, most, 1000);
  for (int i = 0; i < 500; ++i) {
    cache.put(1, std::to_string(i), made_of(static_cast<std::size_t>(i) * 40), cache.now());
    EXPECT_LE(cache.bytes(), most);
    EXPECT_NE(cache.find(1, std::to_string(i)), nullptr);
  }
  cache.put(1, "too large", made_of(most), cache.now());
  EXPECT_EQ(cache.find(1, "too large"), nullptr);
  while (cache.size() > 0) {
    for (int i = 0; i < 500; ++i) cache.drop(1, std::to_string(i));
  }
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(FileCache, OfNothing) {
  net::memory_loop loop;
  for (const auto& [bytes, entries] : {std::pair(0, 10), std::pair(1 << 20, 0)}) {
    file_cache cache(loop, static_cast<std::size_t>(bytes), static_cast<std::size_t>(entries));
    cache.put(1, "a", made_of(1), cache.now());
    EXPECT_EQ(cache.find(1, "a"), nullptr);
    EXPECT_EQ(cache.size(), 0U);
  }
}

/// A folder behind a server with virtual time: a second passes when the test says so.
class CachedFiles : public ::testing::Test {
 protected:
  CachedFiles() {
    std::filesystem::create_directories(folder_ / "site/sub");
    write("a.txt", "one");
    write("sub/index.html", "<p>sub</p>");
    server_.files("GET /{path...}", files(folder_ / "site"));
  }
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / ("site/" + name), std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string ask(const std::string& what, const std::string& lines = {}) {
    memory_peer peer(*server_.loop, 80);
    peer.send(what + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + "\r\n");
    while (!peer.ended && peer.received.find("\r\n\r\n") == std::string::npos) server_.loop->run_for(0s);
    server_.loop->run_for(0s);
    return peer.received;
  }
  std::string content(const std::string& path) {
    const std::string answer = ask("GET " + path);
    return answer.starts_with("HTTP/1.1 200") ? answer.substr(answer.find("\r\n\r\n") + 4) : answer.substr(9, 3);
  }
  void a_second() { server_.loop->run_for(1s); }
  file_cache& cache() { return *file_cache::current(); }
  /// The folder's id is its own: the only one that keeps something.
  std::uint64_t cache_id() {
    std::uint64_t id = 1;
    while (cache().find(id, "a.txt") == nullptr) ++id;
    return id;
  }

  test::scratch_folder folder_;
  memory_server server_;
};

TEST_F(CachedFiles, AreTakenFromMemoryForASecond) {
  EXPECT_EQ(content("/a.txt"), "one");
  EXPECT_EQ(cache().size(), 1U);
  write("a.txt", "two");
  EXPECT_EQ(content("/a.txt"), "one");
  a_second();
  // Of the same size and, nearly always, within one tick of the file system's clock.
  EXPECT_EQ(content("/a.txt"), "two");
}

TEST_F(CachedFiles, EveryChangeIsNoticed) {
  const auto site = [&](const std::string& name) { return folder_ / ("site/" + name); };
  EXPECT_EQ(content("/a.txt"), "one");
  write("new.txt", "renamed");
  std::filesystem::rename(site("new.txt"), site("a.txt"));
  a_second();
  EXPECT_EQ(content("/a.txt"), "renamed");

  std::filesystem::remove(site("a.txt"));
  a_second();
  EXPECT_EQ(content("/a.txt"), "404");
  EXPECT_EQ(cache().size(), 0U);

  write("b.txt", "b");
  write("c.txt", "c");
  std::filesystem::create_symlink("b.txt", site("link.txt"));
  EXPECT_EQ(content("/link.txt"), "b");
  std::filesystem::remove(site("link.txt"));
  std::filesystem::create_symlink("c.txt", site("link.txt"));
  a_second();
  EXPECT_EQ(content("/link.txt"), "c");
  std::filesystem::remove(site("link.txt"));
  std::filesystem::create_symlink("../outside", site("link.txt"));
  std::ofstream(folder_ / "outside") << "outside";
  a_second();
  EXPECT_EQ(content("/link.txt"), "404");

  // A folder under the file's feet.
  EXPECT_EQ(content("/sub/"), "<p>sub</p>");
  std::filesystem::rename(site("sub"), site("old"));
  std::filesystem::create_directories(site("sub"));
  write("sub/index.html", "<p>new</p>");
  a_second();
  EXPECT_EQ(content("/sub/"), "<p>new</p>");
  std::filesystem::remove(site("sub/index.html"));
  a_second();
  EXPECT_EQ(content("/sub/"), "404");
}

TEST_F(CachedFiles, WhatIsSettledIsNotReadAgain) {
  const auto kept = [&] { return cache().find(cache_id(), "a.txt")->file; };
  EXPECT_EQ(content("/a.txt"), "one");
  // Until the file system's clock has ticked: then a change must show in the file's times.
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (!kept()->settled && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(10ms);
    a_second();
    EXPECT_EQ(content("/a.txt"), "one");
  }
  const auto settled = kept();
  ASSERT_TRUE(settled->settled);
  a_second();
  EXPECT_EQ(content("/a.txt"), "one");
  EXPECT_EQ(kept(), settled);
  write("a.txt", "two");
  EXPECT_EQ(content("/a.txt"), "one");
  a_second();
  EXPECT_EQ(content("/a.txt"), "two");
  EXPECT_NE(kept(), settled);
}

TEST_F(CachedFiles, PermissionsAreNoticed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  EXPECT_EQ(content("/a.txt"), "one");
  ::chmod((folder_ / "site/a.txt").c_str(), 0);
  a_second();
  EXPECT_EQ(content("/a.txt"), "403");
  ::chmod((folder_ / "site/a.txt").c_str(), 0600);
  EXPECT_EQ(content("/a.txt"), "one");
}

TEST_F(CachedFiles, AnotherFolderUnderTheSamePath) {
  EXPECT_EQ(content("/a.txt"), "one");
  std::filesystem::rename(folder_ / "site", folder_ / "before");
  a_second();
  EXPECT_EQ(content("/a.txt"), "404");
  std::filesystem::create_directory(folder_ / "site");
  write("a.txt", "next release");
  a_second();
  EXPECT_EQ(content("/a.txt"), "next release");
}

TEST_F(CachedFiles, AnswersFromMemoryAreTheSame) {
  const auto without_date = [](std::string text) {
    const auto at = text.find("Date: ");
    return at == std::string::npos ? text : text.erase(at, 37);
  };
  const std::string cold = ask("GET /a.txt");
  EXPECT_EQ(without_date(ask("GET /a.txt")), without_date(cold));
  a_second();
  EXPECT_EQ(without_date(ask("GET /a.txt")), without_date(cold));
  EXPECT_EQ(without_date(ask("GET /%61.txt")), without_date(cold));
  EXPECT_EQ(cache().size(), 1U);
  const std::string head = cold.substr(0, cold.find("\r\n\r\n") + 4);
  EXPECT_EQ(without_date(ask("HEAD /a.txt")), without_date(head));
  const std::string tag = head.substr(head.find("ETag: ") + 6, head.find("\r\n", head.find("ETag: ")) - head.find("ETag: ") - 6);
  const std::string unchanged = ask("GET /a.txt", "If-None-Match: " + tag + "\r\n");
  EXPECT_TRUE(unchanged.starts_with("HTTP/1.1 304 Not Modified\r\nETag: " + tag + "\r\nDate: ")) << unchanged;
  EXPECT_TRUE(unchanged.ends_with("\r\n\r\n"));
  EXPECT_EQ(ask("GET /a.txt", "If-Match: \"x\"\r\n").substr(9, 3), "412");
}

// Neither what is not there nor other spellings take room.
TEST_F(CachedFiles, WhatIsNotThereIsNotKept) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(content("/missing" + std::to_string(i)), "404");
  for (const std::string path : {"/..%2fsite/a.txt", "/%2e%2e/site/a.txt", "/../site/a.txt", "/a.txt%00", "/a%ZZ", "/./a.txt",
                                 "//a.txt", "/sub", "/a.txt/"}) {
    EXPECT_TRUE(content(path) != "one") << path;
  }
  EXPECT_EQ(cache().size(), 0U);
}

TEST_F(CachedFiles, MiddlewareAndObserversSeeTheFields) {
  std::vector<std::string> seen;
  server_.core.middleware.push_back([&](request& req, next go_on) -> task<response> {
    auto answering = go_on(req);
    response answer = co_await answering;
    seen.push_back(std::string(answer.header("Content-Type")) + "," + std::string(answer.content()));
    answer.header("X-Seen", "yes");
    co_return answer;
  });
  for (int i = 0; i < 2; ++i) {
    const std::string answer = ask("GET /a.txt");
    EXPECT_NE(answer.find("X-Seen: yes\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("ETag: \""), std::string::npos) << answer;
  }
  EXPECT_EQ(seen, std::vector<std::string>(2, "text/plain; charset=utf-8,one"));
}

}  // namespace
}  // namespace parley::server_room
