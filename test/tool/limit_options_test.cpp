#include "tool/limit_options.hpp"

#include "tool/config_file.hpp"
#include "tool/exit_code.hpp"
#include "tool/serve_plan.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace parley::tool {
namespace {

std::string refused_limit(std::string_view assignment) {
  limits caps;
  try {
    set_limit(caps, assignment, "--limit: ");
  } catch (const refusal& error) {
    EXPECT_EQ(error.code(), exit_usage);
    return error.what();
  }
  return "";
}

TEST(LimitOptions, values_of_every_kind) {
  limits caps;
  set_limit(caps, "head=32KiB", "");
  set_limit(caps, "content=2MiB", "");
  set_limit(caps, "start_line=500", "");
  set_limit(caps, "head_time=500ms", "");
  set_limit(caps, "idle_time=2min", "");
  set_limit(caps, "linger_time=1s", "");
  set_limit(caps, "receive_rate=0", "");
  set_limit(caps, "connections_per_address=7", "");
  set_limit(caps, "requests_per_connection=9", "");
  set_limit(caps, "count_loopback=true", "");
  EXPECT_EQ(caps.head, 32u * 1024);
  EXPECT_EQ(caps.content, 2u * 1024 * 1024);
  EXPECT_EQ(caps.start_line, 500u);
  EXPECT_EQ(caps.head_time, std::chrono::milliseconds(500));
  EXPECT_EQ(caps.idle_time, std::chrono::minutes(2));
  EXPECT_EQ(caps.linger_time, std::chrono::seconds(1));
  EXPECT_EQ(caps.receive_rate, 0u);
  EXPECT_EQ(caps.connections_per_address, 7u);
  EXPECT_EQ(caps.requests_per_connection, 9u);
  EXPECT_TRUE(caps.count_loopback);
}

TEST(LimitOptions, refusals_say_what_would_be_right) {
  EXPECT_EQ(refused_limit("hed_time=1s"), "--limit: there is no limit hed_time; did you mean head_time?");
  const std::string unknown = refused_limit("xyzzy=1s");
  EXPECT_TRUE(unknown.starts_with("--limit: there is no limit xyzzy; there are ")) << unknown;
  for (const std::string& name : limit_names()) EXPECT_NE(unknown.find(" " + name), std::string::npos) << name;
  EXPECT_EQ(refused_limit("head_time"), "--limit: give a name and a value, such as head_time=5s; got \"head_time\"");
  for (const std::string value : {"", "5", "0s", "-1s", "5 s", "5h", "1e3s", "99999999999999999999s", "999999999999min"}) {
    EXPECT_EQ(refused_limit("head_time=" + value),
              "--limit: the limit head_time takes a time, such as 500ms, 10s or 2min; got \"" + value + "\"");
  }
  EXPECT_EQ(refused_limit("head=0"), "--limit: the limit head takes a size, such as 65536 or 64KiB; got \"0\"");
  EXPECT_EQ(refused_limit("head=5s"), "--limit: the limit head takes a size, such as 65536 or 64KiB; got \"5s\"");
  EXPECT_EQ(refused_limit("connections=0"), "--limit: the limit connections takes a whole number from 1 on; got \"0\"");
  EXPECT_EQ(refused_limit("send_rate=x"), "--limit: the limit send_rate takes a whole number, such as 100; got \"x\"");
  EXPECT_EQ(refused_limit("count_loopback=1"), "--limit: the limit count_loopback must be true or false; got \"1\"");
}

TEST(LimitOptions, every_member_has_its_name) {
  std::ifstream file(std::string(std::getenv("PARLEY_SOURCE") != nullptr ? std::getenv("PARLEY_SOURCE") : ".") +
                     "/include/parley/limits.hpp");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::regex member(R"(\n  [\w:]+ (\w+)( = |\{))");
  std::vector<std::string> members;
  for (std::sregex_iterator at(all.begin(), all.end(), member), end; at != end; ++at) {
    if ((*at)[1] != "informational") members.push_back((*at)[1]);
  }
  EXPECT_GT(members.size(), 20u);
  EXPECT_EQ(members, limit_names());
}

TEST(LimitOptions, in_the_configuration_file_the_command_line_wins) {
  serve_options options;
  apply_config(options, "[limits]\nhead_time = \"5s\"\nconnections = 100\ncount_loopback = true\ncontent = \"2MiB\"\n", "p.toml");
  options.limit = {"head_time=7s"};
  options.data = "d";
  const serve_plan plan = make_serve_plan(options);
  EXPECT_EQ(plan.caps.head_time, std::chrono::seconds(7));
  EXPECT_EQ(plan.caps.connections, 100u);
  EXPECT_EQ(plan.caps.content, 2u * 1024 * 1024);
  EXPECT_TRUE(plan.caps.count_loopback);
}

TEST(LimitOptions, refusals_in_the_file_name_the_line) {
  for (const auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"limits = 1", "p.toml line 1: limits is a table, such as [limits] with lines below it"},
           {"[limits]\n\nhead_time = 5", "p.toml line 3: the limit head_time takes a time, such as 500ms, 10s or 2min; got \"5\""},
           {"[limits]\nhaed = 5", "p.toml line 2: there is no limit haed; did you mean head?"},
           {"[limits]\nhead = 1.5", "p.toml line 2: the limit head takes a size, such as 65536 or 64KiB; got \"1.5\""}}) {
    serve_options options;
    try {
      apply_config(options, text, "p.toml");
      ADD_FAILURE() << text;
    } catch (const refusal& error) {
      EXPECT_EQ(error.what(), sentence);
    }
  }
}

}  // namespace
}  // namespace parley::tool
