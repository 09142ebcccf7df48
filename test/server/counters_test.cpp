#include "server/counters.hpp"

#include "h1/violations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace parley::server_room {
namespace {

std::uint64_t value_of(const std::vector<counter>& all, std::string_view name) {
  const auto at = std::ranges::find(all, name, &counter::name);
  EXPECT_NE(at, all.end()) << name;
  return at == all.end() ? 0 : at->value;
}

std::string file_text(const std::string& name) {
  const char* source = std::getenv("PARLEY_SOURCE");
  std::ifstream file(std::string(source != nullptr ? source : ".") + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(counters, add_up_over_the_loops) {
  counters one, two;
  one.add(count::connections_accepted);
  two.add(count::connections_accepted);
  two.add(count::connections_closed);
  one.add_response(200);
  two.add_response(204);
  two.add_response(503);
  two.add_response(999);
  one.traffic().sent.add(10);
  two.traffic().sent.add(5);
  two.traffic().received.add(3);
  one.add_violation(h1::violation::bare_lf);
  two.add_violation(h1::violation::head_timeout);
  two.add_limit("linger_time");
  two.add_limit("no such limit");
  const counters* const sets[] = {&one, &two};
  const auto all = counters::sum(sets);
  EXPECT_EQ(value_of(all, "connections_accepted"), 2u);
  EXPECT_EQ(value_of(all, "connections_open"), 1u);
  EXPECT_EQ(value_of(all, "responses_2xx"), 2u);
  EXPECT_EQ(value_of(all, "responses_5xx"), 2u);
  EXPECT_EQ(value_of(all, "bytes_sent"), 15u);
  EXPECT_EQ(value_of(all, "bytes_received"), 3u);
  EXPECT_EQ(value_of(all, "violation.bare-lf"), 1u);
  EXPECT_EQ(value_of(all, "violation.head-timeout"), 1u);
  EXPECT_EQ(value_of(all, "limit.head_time"), 1u) << "a violation of a limit counts as that limit too";
  EXPECT_EQ(value_of(all, "limit.linger_time"), 1u);
  EXPECT_EQ(value_of(all, "violation.obs-fold"), 0u);
}

TEST(counters, names_are_unique_and_stay) {
  const auto first = counters::sum({});
  const auto second = counters::sum({});
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(names.insert(first[i].name).second) << first[i].name;
    EXPECT_EQ(first[i].name.data(), second[i].name.data()) << "they live as long as the program";
  }
}

TEST(counters, every_violation_of_http1_is_listed) {
  const std::string text = file_text("src/h1/violations.hpp");
  const std::regex defined(R"(inline constexpr auto (\w+) =)");
  const auto begin = std::sregex_iterator(text.begin(), text.end(), defined);
  EXPECT_EQ(static_cast<std::size_t>(std::distance(begin, std::sregex_iterator())), std::size(h1::violation::all));
  std::set<std::string_view> names;
  for (const engine::protocol_error* v : h1::violation::all) {
    EXPECT_TRUE(names.insert(v->name).second) << v->name << " is there twice";
    if (v->limit.empty() || v->status == 502) continue;
    EXPECT_NE(std::ranges::find(limit_names(), v->limit), limit_names().end()) << v->limit;
  }
}

TEST(counters, every_name_is_documented) {
  const std::string text = file_text("docs/security.md");
  for (const counter& c : counters::sum({})) {
    std::string_view name = c.name;
    // Of limits and violations the part behind the dot has a row or stands in a list.
    if (const auto dot = name.find('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
    EXPECT_NE(text.find("`" + std::string(name) + "`"), std::string::npos) << c.name;
  }
}

TEST(counters, are_read_while_they_count) {
  counters one;
  std::thread counting([&one] {
    for (int i = 0; i < 100'000; ++i) {
      one.add(count::connections_accepted);
      one.add(count::connections_closed);
      one.add(count::requests);
    }
  });
  const counters* const sets[] = {&one};
  std::uint64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    const auto all = counters::sum(sets);
    EXPECT_GE(value_of(all, "requests"), last);
    last = value_of(all, "requests");
    EXPECT_LE(value_of(all, "connections_open"), 100'000u);
  }
  counting.join();
  EXPECT_EQ(value_of(counters::sum(sets), "requests"), 100'000u);
}

}  // namespace
}  // namespace parley::server_room
