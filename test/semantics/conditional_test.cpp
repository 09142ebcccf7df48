#include "semantics/conditional.hpp"

#include <parley/date.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace parley::semantics {
namespace {

using enum precondition;
using lines = std::vector<fields::line>;

constexpr std::string_view modified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

fields made_of(const lines& given) {
  fields f;
  for (const auto& l : given) f.add(l.name, l.value);
  return f;
}

std::string shown(const lines& given) {
  std::string text;
  for (const auto& l : given) text.append(l.name).append(": ").append(l.value).append("; ");
  return text;
}

validators known(std::string_view tag) { return {tag, parse_date(modified, now), modified}; }

struct row {
  lines request;
  precondition get;
  precondition put;
};

// RFC 9110 §13.2.2, with a strong tag "a" and a date.
TEST(Conditional, EveryFieldAlone) {
  const std::vector<row> rows{
      {{}, proceed, proceed},
      {{{"If-None-Match", "\"a\""}}, not_modified, failed},
      {{{"If-None-Match", "W/\"a\""}}, not_modified, failed},  // weak comparison
      {{{"If-None-Match", "\"b\""}}, proceed, proceed},
      {{{"If-None-Match", "*"}}, not_modified, failed},
      {{{"If-None-Match", "\"b\", W/\"c\" ,\"a\""}}, not_modified, failed},
      {{{"If-None-Match", ",, \"b\",,\"a\""}}, not_modified, failed},
      {{{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, not_modified, failed},
      {{{"If-None-Match", "\"b,\"a\""}}, proceed, proceed},  // the tag "b," and then a fault
      {{{"If-None-Match", "\"x,y\", \"a\""}}, not_modified, failed},
      {{{"If-None-Match", "a"}}, proceed, proceed},
      {{{"If-None-Match", "\"a"}}, proceed, proceed},
      {{{"If-None-Match", "w/\"a\""}}, proceed, proceed},  // W/ is case-sensitive
      {{{"If-None-Match", ""}}, proceed, proceed},
      {{{"If-None-Match", "\"A\""}}, proceed, proceed},
      {{{"If-Match", "\"a\""}}, proceed, proceed},
      {{{"If-Match", "W/\"a\""}}, failed, failed},  // strong comparison
      {{{"If-Match", "\"b\""}}, failed, failed},
      {{{"If-Match", "\"b\", \"a\""}}, proceed, proceed},
      {{{"If-Match", "*"}}, proceed, proceed},
      {{{"If-Match", "nonsense"}}, failed, failed},
      {{{"If-Modified-Since", modified}}, not_modified, proceed},
      {{{"If-Modified-Since", after}}, not_modified, proceed},
      {{{"If-Modified-Since", before}}, proceed, proceed},
      {{{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}}, not_modified, proceed},
      {{{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}}, not_modified, proceed},
      {{{"If-Modified-Since", "yesterday"}}, proceed, proceed},
      {{{"If-Modified-Since", ""}}, proceed, proceed},
      {{{"If-Modified-Since", after}, {"If-Modified-Since", after}}, proceed, proceed},  // a list is no date
      {{{"If-Unmodified-Since", modified}}, proceed, proceed},
      {{{"If-Unmodified-Since", after}}, proceed, proceed},
      {{{"If-Unmodified-Since", before}}, failed, failed},
      {{{"If-Unmodified-Since", "nonsense"}}, proceed, proceed},
  };
  for (const row& r : rows) {
    const fields f = made_of(r.request);
    EXPECT_EQ(evaluate_preconditions(f, true, known("\"a\""), now), r.get) << shown(r.request);
    EXPECT_EQ(evaluate_preconditions(f, false, known("\"a\""), now), r.put) << shown(r.request);
    EXPECT_EQ(has_preconditions(f), !r.request.empty()) << shown(r.request);
  }
}

// Every pair: If-Match overrules If-Unmodified-Since, If-None-Match overrules If-Modified-Since, and what fails comes first.
TEST(Conditional, EveryCombination) {
  const lines if_match{{"If-Match", "\"a\""}, {"If-Match", "\"b\""}, {}};
  const lines if_unmodified{{"If-Unmodified-Since", modified}, {"If-Unmodified-Since", before}, {}};
  const lines if_none_match{{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}, {}};
  const lines if_modified{{"If-Modified-Since", before}, {"If-Modified-Since", modified}, {}};
  for (std::size_t m = 0; m < 3; ++m) {
    for (std::size_t u = 0; u < 3; ++u) {
      for (std::size_t n = 0; n < 3; ++n) {
        for (std::size_t s = 0; s < 3; ++s) {
          lines request;
          for (const auto& line : {if_modified[s], if_none_match[n], if_unmodified[u], if_match[m]}) {
            if (!line.name.empty()) request.push_back(line);
          }
          const bool fails = m != 2 ? m == 1 : u == 1;
          const bool unchanged = n != 2 ? n == 1 : s == 1;
          const precondition get = fails ? failed : unchanged ? not_modified : proceed;
          const precondition put = fails || n == 1 ? failed : proceed;
          EXPECT_EQ(evaluate_preconditions(made_of(request), true, known("\"a\""), now), get) << shown(request);
          EXPECT_EQ(evaluate_preconditions(made_of(request), false, known("\"a\""), now), put) << shown(request);
        }
      }
    }
  }
}

TEST(Conditional, AWeakTagOrNone) {
  const auto get = [](const lines& request, const validators& of) {
    return evaluate_preconditions(made_of(request), true, of, now);
  };
  EXPECT_EQ(get({{"If-None-Match", "\"a\""}}, known("W/\"a\"")), not_modified);
  EXPECT_EQ(get({{"If-None-Match", "W/\"a\""}}, known("W/\"a\"")), not_modified);
  EXPECT_EQ(get({{"If-Match", "W/\"a\""}}, known("W/\"a\"")), failed);
  EXPECT_EQ(get({{"If-Match", "\"a\""}}, known("W/\"a\"")), failed);
  const validators nothing;
  EXPECT_EQ(get({{"If-None-Match", "\"\""}}, nothing), proceed);
  EXPECT_EQ(get({{"If-None-Match", "*"}}, nothing), not_modified);
  EXPECT_EQ(get({{"If-Match", "\"a\""}}, nothing), failed);
  EXPECT_EQ(get({{"If-Modified-Since", modified}}, nothing), proceed);
  EXPECT_EQ(get({{"If-Unmodified-Since", before}}, nothing), proceed);
}

}  // namespace
}  // namespace parley::semantics
