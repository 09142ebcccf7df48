#include "server/file_sender.hpp"

#include "memory_server.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace parley::server_room {
namespace {

using namespace std::chrono_literals;
using testing::memory_peer;
using testing::memory_server;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 4096);
  return bytes;
}

class SentFile : public ::testing::Test {
 protected:
  std::string make(std::size_t size) {
    const std::string bytes = pattern(size);
    std::ofstream(folder_ / "file", std::ios::binary | std::ios::trunc) << bytes;
    return bytes;
  }
  /// Asks the kernel to forget the file's pages; whether it did (a file system in memory cannot).
  bool make_cold() {
    const base::unique_fd file(::open((folder_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
    ::fdatasync(file.get());
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    return !is_in_memory(file.get(), 0, std::filesystem::file_size(folder_ / "file"));
  }
  test::scratch_folder folder_;
};

TEST_F(SentFile, IsBroughtIntoMemory) {
  constexpr std::size_t size = 3 * file_piece / 2;
  make(size);
  const base::unique_fd file(::open((folder_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(is_in_memory(file.get(), 0, 0));
  if (!make_cold()) GTEST_SKIP() << "this file system keeps its files in memory";
  bring_into_memory(file.get(), 0, size);
  EXPECT_TRUE(is_in_memory(file.get(), 0, size));
  bring_into_memory(file.get(), size, size);  // behind its end: nothing to do
}

TEST_F(SentFile, IsWholeWarmAndCold) {
  for (const std::size_t size : {std::size_t{100'000}, std::size_t{file_piece}, std::size_t{file_piece} * 5 / 2}) {
    const std::string bytes = make(size);
    for (const bool cold : {false, true}) {
      if (cold) make_cold();
      memory_server server;
      server.files("GET /{path...}", files(folder_.path().string()));
      memory_peer peer(*server.loop, 80);
      peer.send("GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      server.loop->run_for(1s);
      ASSERT_TRUE(peer.ended);
      EXPECT_FALSE(peer.failed);
      EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200")) << peer.received.substr(0, 100);
      EXPECT_TRUE(peer.received.ends_with("\r\n\r\n" + bytes)) << size << " " << peer.received.size();
      EXPECT_EQ(server.messages, "");
    }
  }
}

// What was promised cannot come any more: the client is told by a reset, never by an end that looks in order.
TEST_F(SentFile, ThatShrinksCutsItsAnswerOff) {
  make(4 * file_piece);
  memory_server server;
  server.files("GET /{path...}", files(folder_.path().string()));
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  peer.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(0s);
  std::filesystem::resize_file(folder_ / "file", 1000);
  peer.go_on_reading();
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.failed);
  EXPECT_LT(peer.received.size(), 4 * file_piece);
}

TEST_F(SentFile, WhosePeerLeaves) {
  make(4 * file_piece);
  memory_server server;
  server.files("GET /{path...}", files(folder_.path().string()));
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  peer.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(0s);
  peer.abort();
  server.loop->run_for(1s);
  EXPECT_EQ(server.worker->open_connections(), 0U);
}

}  // namespace
}  // namespace parley::server_room
