#include "server/access_log.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace parley::server_room {
namespace {

using namespace std::chrono_literals;

const std::chrono::system_clock::time_point noon{1'000'000'000s + 42us};

/// With nothing in it, to be filled.
access_entry entry_at_noon(std::string_view peer, int status) {
  access_entry made;
  made.peer = peer;
  made.time = noon;
  made.status = status;
  return made;
}

std::string json_of(const access_entry& entry) {
  std::string line;
  append_json(line, entry);
  return line;
}

TEST(access_line, json) {
  EXPECT_EQ(
      json_of({.peer = "[::1]:50000",
               .time = noon,
               .method = "GET",
               .target = "/a?b=1&c=<d>",
               .version = "HTTP/1.1",
               .host = "a.example",
               .status = 200,
               .bytes = 18446744073709551615U,
               .duration = 1'000'042us,
               .referer = "",
               .user_agent = "curl/8"}),
      R"({"time":"2001-09-09T01:46:40.000042Z","peer":"::1","method":"GET","target":"/a?b=1&c=<d>","version":"HTTP/1.1",)"
      R"("host":"a.example","status":200,"bytes":18446744073709551615,"duration":1.000042,"referer":null,"user_agent":"curl/8"})"
      "\n");
}

TEST(access_line, json_of_what_was_no_request) {
  EXPECT_EQ(json_of(entry_at_noon("unix:", 400)),
            R"({"time":"2001-09-09T01:46:40.000042Z","peer":"unix:","method":null,"target":null,"version":null,"host":null,)"
            R"("status":400,"bytes":0,"duration":null,"referer":null,"user_agent":null})"
            "\n");
}

TEST(access_line, json_is_escaped) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"\"\\", R"("\"\\")"},
      {std::string_view("\0\x1b[2J\x7f\n\r\t", 9), R"("\u0000\u001b[2J\u007f\u000a\u000d\u0009")"},
      {"\xff\xc0\xaf\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xc2\x80\xc2\x9b\xc2\xa0", "\"\\u0080\\u009b\xc2\xa0\""},
      {"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f", R"("\u202e\u2066\u2028\u061c\u200f")"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& [text, quoted] : rows) {
    access_entry entry = entry_at_noon("", 200);
    entry.user_agent = text;
    const std::string line = json_of(entry);
    EXPECT_NE(line.find("\"user_agent\":" + std::string(quoted) + "}\n"), std::string::npos) << line;
  }
}

TEST(access_line, combined_is_escaped) {
  std::string line;
  access_entry entry = entry_at_noon("127.0.0.1:9", 200);
  entry.method = "GET";
  entry.target = "/\"";
  entry.version = "HTTP/1.1";
  entry.bytes = 7;
  entry.referer = "a\nb\x1b\\";
  entry.user_agent = "\"\"\xc2\x9b";
  append_combined(line, entry);
  EXPECT_TRUE(line.starts_with("127.0.0.1 - - [")) << line;
  EXPECT_TRUE(line.ends_with("] \"GET /\\\" HTTP/1.1\" 200 7 \"a\\x0ab\\x1b\\\\\" \"\\\"\\\"\\xc2\\x9b\"\n")) << line;
}

/// A log in a folder of its own, and what it says.
class logging : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
    folder = mkdtemp(name.data());
    log.emplace([this](std::string_view text) {
      const std::lock_guard lock(mutex);
      said.append(text).append("\n");
    });
  }
  void TearDown() override {
    log.reset();
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] std::string path(const char* name) const { return (folder / name).string(); }
  [[nodiscard]] std::string text_of(const char* name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void line(std::string_view target) {
    access_entry entry = entry_at_noon("a:1", 200);
    entry.method = "GET";
    entry.target = target;
    entry.version = "HTTP/1.1";
    log->write(entry);
  }
  [[nodiscard]] static std::ptrdiff_t lines(const std::string& text) { return std::ranges::count(text, '\n'); }
  [[nodiscard]] bool has_said(std::string_view what) {
    const std::lock_guard lock(mutex);
    return said.find(what) != std::string::npos;
  }
  /// For what another thread does soon.
  template <class Done>
  static void until(Done done) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(done());
  }

  std::filesystem::path folder;
  std::mutex mutex;
  std::string said;
  std::optional<access_log> log;
};

TEST_F(logging, writes_every_line_of_several_threads) {
  log->open(path("log"), log_format::combined);
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([this] {
      for (int i = 0; i < 500; ++i) line("/x");
    });
  }
  for (std::thread& one : writers) one.join();
  log.reset();
  EXPECT_EQ(lines(text_of("log")), 2000);
  EXPECT_EQ(said, "");
}

TEST_F(logging, goes_to_another_file_and_format_from_a_line_on) {
  log->open(path("one"), log_format::combined);
  for (int i = 0; i < 100; ++i) line("/1");
  log->open(path("two"), log_format::json);
  for (int i = 0; i < 100; ++i) line("/2");
  log->open("", log_format::json);
  EXPECT_FALSE(log->on());
  log->open(path("one"), log_format::combined);
  line("/3");
  log.reset();
  EXPECT_EQ(lines(text_of("one")), 101);
  EXPECT_EQ(text_of("one").find("GET /2"), std::string::npos);
  EXPECT_EQ(lines(text_of("two")), 100);
  EXPECT_TRUE(text_of("two").starts_with("{")) << text_of("two");
}

TEST_F(logging, what_cannot_be_opened_changes_nothing) {
  log->open(path("log"), log_format::combined);
  EXPECT_THROW(log->open(path("no/such/folder"), log_format::json), std::system_error);
  line("/x");
  log.reset();
  EXPECT_TRUE(text_of("log").starts_with("a - - ["));
}

TEST_F(logging, is_opened_again) {
  log->open(path("log"), log_format::combined);
  line("/1");
  until([&] { return lines(text_of("log")) == 1; });
  std::filesystem::rename(folder / "log", folder / "log.1");
  log->reopen();
  until([&] { return std::filesystem::exists(folder / "log"); });
  line("/2");
  log.reset();
  EXPECT_NE(text_of("log.1").find("/1"), std::string::npos);
  EXPECT_NE(text_of("log").find("/2"), std::string::npos);
}

TEST_F(logging, keeps_the_old_file_when_it_cannot_be_opened_again) {
  std::filesystem::create_directory(folder / "sub");
  log->open(path("sub/log"), log_format::combined);
  std::filesystem::rename(folder / "sub", folder / "moved");
  log->reopen();
  until([&] { return has_said("cannot reopen the access log"); });
  line("/2");
  log.reset();
  EXPECT_EQ(lines(text_of("moved/log")), 1);
}

TEST_F(logging, loses_and_counts_what_nobody_reads) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  log->open(path("fifo"), log_format::combined);
  const std::string target(8000, 'x');
  std::size_t written = 0;
  while (log->lost() == 0) {
    line(target);
    ++written;
  }
  // More than the queue may still be in the pipe and in the writer's hands.
  EXPECT_LT(written * target.size(), 3 * access_log::waiting_limit);
  for (int i = 0; i < 9; ++i) line(target);
  const std::uint64_t lost = log->lost();

  // A reader comes: what waited is whole, and says what is missing.
  const int reader = ::open(path("fifo").c_str(), O_RDONLY);
  std::string got;
  std::string buffer(65536, '\0');
  while (got.find("lines lost") == std::string::npos) {
    const ssize_t n = ::read(reader, buffer.data(), buffer.size());
    ASSERT_GT(n, 0);
    got.append(buffer, 0, static_cast<std::size_t>(n));
  }
  EXPECT_NE(got.find("\n# " + std::to_string(lost)), std::string::npos);
  until([&] { return has_said("the access log lost"); });
  log.reset();
  ::close(reader);
}

TEST_F(logging, goes_on_where_a_full_disk_stopped_it) {
  // /dev/full stands for the disk; another file for the room that somebody made.
  log->open("/dev/full", log_format::combined);
  line("/1");
  until([&] { return has_said("the access log /dev/full cannot be written: No space left on device"); });
  line("/2");
  log->open(path("log"), log_format::combined);
  until([&] { return lines(text_of("log")) == 2; });
  EXPECT_TRUE(has_said("is written again"));
  EXPECT_EQ(log->lost(), 0U);
}

TEST_F(logging, ends_in_time_though_nobody_reads) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  log->open(path("fifo"), log_format::combined);
  const std::string target(8000, 'x');
  for (int i = 0; i < 100; ++i) line(target);
  log.reset();
  EXPECT_TRUE(has_said("the access log lost"));
}

}  // namespace
}  // namespace parley::server_room
