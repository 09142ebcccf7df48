#include "semantics/alt_svc.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace parley::semantics;
using namespace std::chrono_literals;

/// `h3=host:port ma persist`, one behind the other.
std::string described(std::string_view value) {
  const auto all = parse_alt_svc(value);
  if (!all) return "malformed";
  if (all->clear) return "clear";
  std::string text;
  for (const auto& one : all->services) {
    text += (text.empty() ? "" : ", ") + one.protocol + "=" + one.host + ":" + std::to_string(one.port) + " " +
            std::to_string(one.max_age.count()) + (one.persist ? " persist" : "");
  }
  return text;
}

TEST(alt_svc, what_is_well_formed) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"(h3=":443")", "h3=:443 86400"},
      {R"(h3=":8443"; ma=60)", "h3=:8443 60"},
      {R"(h3="alt.example.org:443"; ma=2592000; persist=1)", "h3=alt.example.org:443 2592000 persist"},
      {R"(h2="ALT.example:8000", h3=":443")", "h2=alt.example:8000 86400, h3=:443 86400"},
      {R"(h3="[2001:DB8::1]:443")", "h3=2001:db8::1:443 86400"},
      {R"(h3=":443";MA="60" ; Persist=1)", "h3=:443 60 persist"},
      {R"(h3=":443"; ma=60; persist=2)", "h3=:443 60"},
      {R"(h3=":443"; v="46,43"; ma=60)", "h3=:443 60"},
      {R"(h3-29=":443"; ma=60,h3=":443"; ma=60)", "h3-29=:443 60, h3=:443 60"},
      {R"(w%3Dx%3Ay#z=":1")", "w=x:y#z=:1 86400"},
      {R"(x%25y=":1")", "x%y=:1 86400"},
      {R"(, h3=":443" ,)", "h3=:443 86400"},
      {R"(h3=":443"; ma=99999999999999999999999)", "h3=:443 31536000"},
      {R"(h3=":443"; ma=0)", "h3=:443 0"},
      {"clear", "clear"},
      {"  clear ", "clear"},
  };
  for (const auto& [value, meaning] : rows) EXPECT_EQ(described(value), meaning) << value;
}

TEST(alt_svc, what_is_malformed_anywhere_counts_for_nothing) {
  for (const std::string value : {"",
                                  "Clear",
                                  "clear, clear",
                                  R"(clear, h3=":443")",
                                  "h3",
                                  "h3=",
                                  "h3=:443",
                                  R"(h3="443")",
                                  R"(h3=":")",
                                  R"(h3=":0")",
                                  R"(h3=":65536")",
                                  R"(h3=":443)",
                                  R"(="x:443")",
                                  R"(h 3=":443")",
                                  R"(h%3=":443")",
                                  R"(h%33=":443")",
                                  R"(h%zz=":443")",
                                  R"(h3="a b:443")",
                                  R"(h3="user@h:443")",
                                  R"(h3="[::1:443")",
                                  R"(h3="-:443")",
                                  R"(h3="[v1.x]:443")",
                                  R"(h3=":443"; ma)",
                                  R"(h3=":443"; ma=)",
                                  R"(h3=":443"; ma=-1)",
                                  R"(h3=":443"; ma=1.5)",
                                  R"(h3=":443"; ma=1; ma=2)",
                                  R"(h3=":443"; persist=1; persist=1)",
                                  R"(h3=":443" x)",
                                  R"(h3=":443", h2)"}) {
    EXPECT_EQ(described(value), "malformed") << value;
  }
}

TEST(alt_svc, is_bounded) {
  std::string many;
  for (std::size_t i = 0; i < most_alternatives; ++i) many += (i == 0 ? "" : ",") + std::string(R"(h3=":443")");
  EXPECT_TRUE(parse_alt_svc(many));
  EXPECT_FALSE(parse_alt_svc(many + R"(,h3=":443")"));
  const std::string one = R"(h3=":443"; x=")";
  EXPECT_TRUE(parse_alt_svc(one + std::string(longest_alt_svc - one.size() - 1, 'a') + '"'));
  EXPECT_FALSE(parse_alt_svc(one + std::string(longest_alt_svc - one.size(), 'a') + '"'));
}

}  // namespace
