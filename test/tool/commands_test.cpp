#include "tool/commands.hpp"

#include <parley/features.hpp>

#include "trace/escape.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace parley::tool {
namespace {

struct said {
  int code = 0;
  std::string out, err;
};

said run(const std::vector<std::string>& words) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  said result;
  result.code = run_command_line(words);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

TEST(Command, AloneItIsAnOverviewThatFitsATerminal) {
  const said alone = run({});
  EXPECT_EQ(alone.code, 0);
  EXPECT_EQ(alone.err, "");
  EXPECT_EQ(alone.out, overview());
  EXPECT_EQ(run({"--help"}).out, overview());
  EXPECT_EQ(run({"help"}).out, overview());
  const auto lines = trace::head_lines(alone.out);
  EXPECT_LE(lines.size(), 24u);
  for (const auto line : lines) EXPECT_LE(trace::columns(line), 80u) << line;
  for (const command& c : commands()) {
    EXPECT_TRUE(c.name == "help" || alone.out.find(c.name) != std::string::npos) << c.name;
  }
}

TEST(Command, OptionsThatAreNearlyThere) {
  EXPECT_EQ(run({"get", "--h3", "localhost"}).err,
            "parley: get: there is no option --h3; did you mean --http3, or --http3-only?\n");
  EXPECT_EQ(run({"get", "--http3only", "localhost"}).err,
            "parley: get: there is no option --http3only; did you mean --http3-only? parley get --help lists them\n");
  EXPECT_EQ(run({"demo", "--http3"}).err,
            "parley: demo: there is no option --http3; HTTP/3 is on by itself where https is; --no-http3 switches it off\n");
}

TEST(Command, Version) {
  const std::string said = run({"--version"}).out;
  EXPECT_TRUE(said.starts_with("parley " PARLEY_VERSION_STRING "\n  HTTP/0.9, 1.0, 1.1, 2\n  ")) << said;
  EXPECT_NE(said.find(parley::has_version(parley::http3) ? "  HTTP/3 by ngtcp2 " : "  no HTTP/3"), std::string::npos) << said;
  EXPECT_NE(said.find("  TLS by GnuTLS 3."), std::string::npos) << said;
}

TEST(Command, EveryOneHasHelpWithExamples) {
  for (const command& c : commands()) {
    if (c.name == "help") continue;
    const said help = run({c.name, "--help"});
    EXPECT_EQ(help.code, 0) << c.name;
    EXPECT_TRUE(help.out.starts_with("parley " + c.name)) << c.name;
    EXPECT_NE(help.out.find("\nExamples\n  parley "), std::string::npos) << c.name;
    EXPECT_EQ(run({"help", c.name}).out, help.out);
    EXPECT_EQ(run({c.name, "-h"}).out, help.out);
    // Only a command line that is meant to be copied may be wider.
    for (const auto line : trace::head_lines(help.out)) {
      const bool copied = line.starts_with("  parley ") || line.starts_with("  tar ");
      EXPECT_TRUE(copied || trace::columns(line) <= 80) << line;
    }
  }
}

TEST(Command, TheReferenceNamesEveryOption) {
  const char* source = std::getenv("PARLEY_SOURCE");
  if (source == nullptr) GTEST_SKIP() << "PARLEY_SOURCE is not set";
  std::ostringstream text;
  text << std::ifstream(std::string(source) + "/docs/command.md").rdbuf();
  const std::string reference = text.str();
  ASSERT_FALSE(reference.empty());
  const std::regex option_name("--?[a-z][a-z0-9.-]*");
  for (const command& c : commands()) {
    const std::string help = run({c.name, "--help"}).out;
    for (const auto line : trace::head_lines(help)) {
      if (!line.starts_with("  -") && !line.starts_with("      --")) continue;
      const std::string left(line.substr(0, 28));
      for (std::sregex_iterator at(left.begin(), left.end(), option_name), end; at != end; ++at) {
        const bool known = reference.find("`" + at->str()) != std::string::npos || at->str() == "-h" || at->str() == "--help";
        EXPECT_TRUE(known) << c.name << " " << at->str();
      }
    }
  }
}

TEST(Command, RefusalsAreOneLineAndTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"gte"}, "parley: there is no command gte; did you mean get?\n"},
      {{"xyzzy"}, "parley: there is no command xyzzy; parley --help lists them\n"},
      {{"a\x1b[2J"}, "parley: there is no command a\\x1b[2J; parley --help lists them\n"},
      {{"--verbose"}, "parley: there is no option --verbose before a command; parley --help lists the commands\n"},
      {{"--verison"}, "parley: there is no option --verison before a command; did you mean --version?\n"},
      {{"version"}, "parley: there is no command version; did you mean --version?\n"},
      {{"--version", "get"}, "parley: --version stands alone; got get as well\n"},
      {{"help", "get", "put"}, "parley: help takes one command; got put as well\n"},
      {{"request", "PATCH"}, "parley: request needs a URL, such as parley request PATCH localhost:8080/\n"},
      {{"post", "--json", "@", "localhost"}, "parley: -d and --json: a file's name must follow @, or - for standard input\n"},
      {{"post", "-F", "a=b;type=text", "localhost"},
       "parley: --form \"a=b;type=text\": \"text\" is no media type; write one such as ;type=text/plain\n"},
      {{"get", "-u", "ada:secret", "--password-file", "x", "localhost"},
       "parley: -u ada:[hidden] has a password already; leave that out, or --password-file\n"},
      {{"get"}, "parley: get needs a URL, such as parley get localhost:8080/\n"},
      {{"request"}, "parley: request needs a URL, such as parley request GET localhost:8080/\n"},
      {{"request", "A", "b", "c"}, "parley: request takes a method and one URL; got 3 words\n"},
      {{"serve"}, "parley: serve needs a folder, such as parley serve .\n"},
      {{"serve", "a", "b"}, "parley: serve takes one folder; got 2\n"},
      {{"demo", "folder"}, "parley: demo takes no folder; parley serve DIR serves a folder\n"},
      {{"get", "--jsn", "x", "localhost"},
       "parley: get: there is no option --jsn; did you mean --json? parley get --help lists them\n"},
      {{"get", "ftp://localhost"}, "parley: ftp://localhost: the scheme is ftp, but parley speaks http and https\n"},
      {{"request", "CONNECT", "localhost:80"}, "parley: CONNECT asks a proxy for a tunnel; -x PROXY goes through one\n"},
  };
  for (const auto& [words, line] : rows) {
    const said refused = run(words);
    EXPECT_EQ(refused.err, line);
    EXPECT_EQ(refused.code, 2) << line;
    EXPECT_EQ(refused.out, "");
  }
}

TEST(Command, AFolderThatIsNotThere) {
  const said refused = run({"serve", "/no/such/folder", "--http", "127.0.0.1:0"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_EQ(refused.err, "parley: cannot serve /no/such/folder: No such file or directory\n");
}

}  // namespace
}  // namespace parley::tool
