// What a client remembers of Alt-Svc: how long, how many, and in a file that several processes share.
#include "client/alternatives.hpp"

#include "client/alternatives_file.hpp"
#include "support/certificate_files.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using parley::fetching::alternatives;
using parley::fetching::alternatives_file;
using parley::fetching::known_alternative;
namespace semantics = parley::semantics;
using parley::net::time_point;

const time_point start = time_point() + 1000h;

semantics::alt_svc said(const std::string& value) { return semantics::parse_alt_svc(value).value(); }

std::string place(const known_alternative* one) {
  return one == nullptr ? "none" : one->at_host + ":" + std::to_string(one->at_port);
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(alternatives, count_until_they_are_too_old) {
  alternatives known;
  EXPECT_EQ(place(known.usable("a.example", 443, start)), "none");
  known.learn("a.example", 443, said(R"(h3=":8443"; ma=60)"), start);
  EXPECT_EQ(place(known.usable("a.example", 443, start)), ":8443");
  EXPECT_EQ(place(known.usable("a.example", 444, start)), "none");
  EXPECT_EQ(place(known.usable("b.example", 443, start)), "none");
  EXPECT_EQ(place(known.usable("a.example", 443, start + 58s)), ":8443");
  EXPECT_EQ(place(known.usable("a.example", 443, start + 60s)), "none");
}

TEST(alternatives, what_is_said_last_counts_alone) {
  alternatives known;
  known.learn("a.example", 443, said(R"(h3=":8443", h3="b.example:1")"), start);
  EXPECT_EQ(place(known.usable("a.example", 443, start)), ":8443") << "the server's favourite";
  known.learn("a.example", 443, said(R"(h2=":444", h3="b.example:1")"), start);
  EXPECT_EQ(place(known.usable("a.example", 443, start)), "b.example:1");
  known.learn("a.example", 443, said(R"(h3="a.example:8443")"), start);
  EXPECT_EQ(place(known.usable("a.example", 443, start)), ":8443") << "its own name is no other host";
  for (const std::string none : {"clear", R"(h2=":443")", R"(h3=":443"; ma=0)"}) {
    known.learn("a.example", 443, said(R"(h3=":8443")"), start);
    known.learn("a.example", 443, said(none), start);
    EXPECT_EQ(place(known.usable("a.example", 443, start)), "none") << none;
    EXPECT_TRUE(known.all().empty());
  }
}

TEST(alternatives, one_that_failed_rests_longer_each_time) {
  alternatives known;
  known.learn("a.example", 443, said(R"(h3=":443")"), start);
  time_point now = start;
  for (const auto pause : {60s, 120s, 240s, 480s}) {
    known.failed("a.example", 443, now);
    EXPECT_EQ(place(known.usable("a.example", 443, now + pause - 2s)), "none");
    // That it is announced all the while says nothing about the way there.
    known.learn("a.example", 443, said(R"(h3=":443")"), now + pause - 2s);
    EXPECT_EQ(place(known.usable("a.example", 443, now + pause - 2s)), "none");
    EXPECT_EQ(place(known.usable("a.example", 443, now + pause)), ":443");
    now += pause;
  }
  for (int i = 0; i < 40; ++i) known.failed("a.example", 443, now);
  EXPECT_EQ(known.all().front().paused_until - known.all().front().learned, 24h + 15min) << "within a day of the last time";
  known.worked("a.example", 443);
  EXPECT_EQ(place(known.usable("a.example", 443, now)), ":443");
  known.failed("a.example", 443, now);
  EXPECT_EQ(place(known.usable("a.example", 443, now + 60s)), ":443") << "counted from the start again";
  known.failed("a.example", 443, now);
  known.learn("a.example", 443, said(R"(h3=":444")"), now);
  EXPECT_EQ(place(known.usable("a.example", 443, now)), ":444") << "another place is another matter";
}

TEST(alternatives, the_oldest_are_forgotten_when_there_are_too_many) {
  alternatives known;
  for (std::size_t i = 0; i < alternatives::most + 10; ++i) {
    known.learn("h" + std::to_string(i), 443, said(R"(h3=":443")"), start);
  }
  EXPECT_EQ(known.all().size(), alternatives::most);
  EXPECT_EQ(known.all().front().host, "h10");
  known.learn(std::string(alternatives::longest_host + 1, 'x'), 443, said(R"(h3=":443")"), start);
  EXPECT_EQ(known.all().back().host, "h" + std::to_string(alternatives::most + 9)) << "no name is so long";
}

TEST(alternatives, are_kept_in_a_private_file) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data/client";
  {
    alternatives known;
    EXPECT_EQ(known.keep_in(folder, start), "");
    EXPECT_FALSE(std::filesystem::exists(folder)) << "nothing to keep yet";
    known.learn("a.example", 443, said(R"(h3=":8443"; ma=60)"), start);
    known.learn("b.example", 444, said(R"(h3="c.example:1"; persist=1)"), start);
    known.failed("b.example", 444, start);
  }
  struct stat about{};
  ASSERT_EQ(::stat(folder.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0700U);
  ASSERT_EQ(::stat((folder + "/alternatives").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  alternatives next;
  EXPECT_EQ(next.keep_in(folder, start), "");
  ASSERT_EQ(next.all().size(), 2U);
  EXPECT_EQ(place(next.usable("a.example", 443, start)), ":8443");
  EXPECT_EQ(place(next.usable("a.example", 443, start + 61s)), "none") << "the age goes along";
  EXPECT_EQ(place(next.usable("b.example", 444, start)), "none") << "and so does that it failed";
  EXPECT_EQ(place(next.usable("b.example", 444, start + 61s)), "c.example:1");
  EXPECT_TRUE(next.all().back().persist);
  next.forget("a.example", 443);
  alternatives last;
  EXPECT_EQ(last.keep_in(folder, start), "");
  EXPECT_EQ(last.all().size(), 1U);
}

TEST(alternatives, the_file_is_not_written_for_each_response) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  alternatives known;
  known.keep_in(folder, start);
  known.learn("a.example", 443, said(R"(h3=":443"; ma=1000)"), start);
  const std::string before = text_of(folder + "/alternatives");
  known.learn("a.example", 443, said(R"(h3=":443"; ma=1000)"), start + 50s);
  EXPECT_EQ(text_of(folder + "/alternatives"), before);
  known.learn("a.example", 443, said(R"(h3=":443"; ma=1000)"), start + 200s);
  EXPECT_NE(text_of(folder + "/alternatives"), before);
}

TEST(alternatives, a_damaged_file_is_told_and_written_anew) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  alternatives first;
  first.keep_in(folder, start);
  first.learn("a.example", 443, said(R"(h3=":443")"), start);
  const std::string path = folder + "/alternatives";
  const std::string good = text_of(path);
  std::vector<std::string> damaged{"",
                                   "x",
                                   "\n",
                                   good.substr(0, good.size() - 1),
                                   good + "x",
                                   good + "\n",
                                   good + good,
                                   "# another\n" + good,
                                   std::string(3000, '\0')};
  for (std::size_t i = 0; i < good.size(); i += 3) damaged.push_back(good.substr(0, i) + '\1' + good.substr(i + 1));
  for (const std::string& text : damaged) {
    parley::test::write_file(path, text);
    alternatives next;
    EXPECT_EQ(next.keep_in(folder, start), path + " is damaged, and is written anew with the next news") << text;
    EXPECT_TRUE(next.all().empty());
  }
  parley::test::write_file(path, std::string(100 * 1024, 'x'));
  alternatives next;
  EXPECT_NE(next.keep_in(folder, start), "") << "nothing of ours is so large";
  next.learn("b.example", 443, said(R"(h3=":443")"), start);
  alternatives last;
  EXPECT_EQ(last.keep_in(folder, start), "");
  EXPECT_EQ(place(last.usable("b.example", 443, start)), ":443");
}

TEST(alternatives, a_folder_that_others_can_change_is_not_used) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  std::filesystem::create_directory(folder);
  parley::test::write_file(folder + "/alternatives", "");
  ::chmod(folder.c_str(), 0777);
  alternatives known;
  EXPECT_NE(known.keep_in(folder, start).find("can be changed by other users"), std::string::npos);
}

TEST(alternatives, the_file_stays_small) {
  std::vector<known_alternative> all;
  for (std::size_t i = 0; i < alternatives::most; ++i) {
    known_alternative one;
    one.host = std::to_string(i) + std::string(alternatives::longest_host - 5, 'h');
    one.at_host = std::string(alternatives::longest_host, 'a');
    one.port = one.at_port = 443;
    all.push_back(one);
  }
  const std::string text = alternatives_file::to_text(all);
  EXPECT_LE(text.size(), alternatives_file::most_bytes);
  const auto back = alternatives_file::from_text(text);
  ASSERT_TRUE(back);
  EXPECT_GT(back->size(), 50U);
  EXPECT_EQ(back->back(), all.back()) << "the newest are kept";
}

TEST(alternatives, several_processes_add_to_one_file) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  constexpr int processes = 8;
  constexpr int each_learns = 12;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      alternatives known;
      bool well = known.keep_in(folder, start).empty();
      for (int i = 0; i < each_learns && well; ++i) {
        known.learn("h" + std::to_string(p * 100 + i), 443, said(R"(h3=":443")"), start);
        well = alternatives_file(folder).read().has_value();
      }
      ::_exit(well ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "at no time is the file anything but whole";
  }
  const auto all = alternatives_file(folder).read();
  ASSERT_TRUE(all) << all.error();
  // Who waits for its turn too long keeps its news to itself: the first of each at least came through.
  EXPECT_GT(all->size(), 1U);
}

TEST(alternatives, one_who_holds_the_file_holds_nobody_up) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  alternatives known;
  known.keep_in(folder, start);
  known.learn("a.example", 443, said(R"(h3=":443")"), start);
  known.learn("b.example", 443, said(R"(h3=":443")"), start);  // the lock is there now
  const std::string before = text_of(folder + "/alternatives");
  const int lock = ::open((folder + "/lock").c_str(), O_RDWR);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  known.learn("c.example", 443, said(R"(h3=":443")"), start);
  EXPECT_EQ(text_of(folder + "/alternatives"), before);
  EXPECT_EQ(place(known.usable("c.example", 443, start)), ":443") << "it is known here all the same";
  ::close(lock);
}

}  // namespace
