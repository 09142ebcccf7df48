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

// RFC 9110 §8.8.3.2, table 3.
TEST(Conditional, Comparison) {
  const struct {
    std::string_view a, b;
    bool strong, weak;
  } rows[] = {
      {"W/\"1\"", "W/\"1\"", false, true},
      {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},
      {"\"1\"", "\"1\"", true, true},
  };
  for (const auto& r : rows) {
    EXPECT_EQ(strongly_equal(r.a, r.b), r.strong) << r.a << r.b;
    EXPECT_EQ(weakly_equal(r.a, r.b), r.weak) << r.a << r.b;
    EXPECT_EQ(strongly_equal(r.b, r.a), r.strong) << r.a << r.b;
    EXPECT_EQ(weakly_equal(r.b, r.a), r.weak) << r.a << r.b;
  }
  for (const char* good : {"\"xyzzy\"", "W/\"xyzzy\"", "\"\"", "\"a\\\"", "\"\xff\""}) EXPECT_TRUE(is_entity_tag(good)) << good;
  for (const char* bad : {"", "xyzzy", "\"", "W/", "w/\"x\"", "\"a b\"", "\"a\"b", "\"a\" ", "'a'"})
    EXPECT_FALSE(is_entity_tag(bad)) << bad;
}

// One value of a field: its text, and what it says of the representation, by the words of §13.1.
struct choice {
  std::string_view text;  // empty: no such field
  bool any = false;       // `*`
  bool strong = false;    // lists its tag, and both are strong
  bool weak = false;      // lists its tag
  int date = 2;           // that of the representation, after it (1), before it (-1), or no date (2)
};

struct state {
  std::string_view tag;
  bool dated;
  bool exists;
  bool strong_date;
};

// §13.2.2, word by word.
precondition by_the_words(const method& m, const state& of, const choice& match, const choice& unmodified, const choice& none_match,
                          const choice& modified_since, bool range, const choice& if_range) {
  if (m == method::connect || m == method::options || m == method::trace) return proceed;
  const bool tag_is_weak = of.tag.starts_with("W/");
  const bool reads = m == method::get || m == method::head;
  bool to_step_3 = false;
  if (!match.text.empty()) {  // 1
    const bool is_true = of.exists && (match.any || (!of.tag.empty() && !tag_is_weak && match.strong));
    if (!is_true) return failed;
    to_step_3 = true;
  }
  if (!to_step_3 && !unmodified.text.empty() && unmodified.date != 2 && of.dated) {  // 2
    const bool is_true = unmodified.date >= 0;
    if (!is_true) return failed;
  }
  if (!none_match.text.empty()) {  // 3
    const bool is_false = of.exists && (none_match.any || (!of.tag.empty() && none_match.weak));
    if (is_false) return reads ? not_modified : failed;
  } else if (reads && !modified_since.text.empty() && modified_since.date != 2 && of.dated) {  // 4
    const bool is_true = modified_since.date < 0;
    if (!is_true) return not_modified;
  }
  if (m != method::get || !range || !of.exists) return proceed;
  if (if_range.text.empty()) return ranges;
  const bool by_tag = !of.tag.empty() && !tag_is_weak && if_range.strong;  // 5
  const bool by_date = of.dated && of.strong_date && if_range.date == 0;
  return by_tag || by_date ? ranges : proceed;
}

// §8.8.2.2: Date is at least one second after it.
TEST(Conditional, ADateIsStrongOnceItsSecondIsOver) {
  const std::chrono::sys_seconds then{std::chrono::seconds(784111777)};
  EXPECT_FALSE(is_strong_date(then, then));
  EXPECT_FALSE(is_strong_date(then + std::chrono::seconds(1), then));
  EXPECT_TRUE(is_strong_date(then, then + std::chrono::seconds(1)));
}

TEST(Conditional, TheWholeMatrix) {
  const choice tags[] = {{""},
                         {"*", true},
                         {"\"a\"", false, true, true},
                         {"W/\"a\"", false, false, true},
                         {"\"b\", W/\"c\"", false, false, false},
                         {"\"b\", \"a\"", false, true, true}};
  const choice dates[] = {{""}, {.text = modified, .date = 0}, {.text = before, .date = -1}, {.text = after, .date = 1}, {"soon"}};
  const choice if_ranges[] = {{""},
                              {"\"a\"", false, true, true},
                              {"W/\"a\"", false, false, true},
                              {"\"b\""},
                              {.text = modified, .date = 0},
                              {.text = before, .date = -1},
                              {.text = after, .date = 1},
                              {"*"}};
  const state states[] = {{"\"a\"", true, true, false}, {"\"a\"", true, true, true},   {"W/\"a\"", true, true, true},
                          {"", true, true, true},       {"\"a\"", false, true, false}, {"", false, true, false},
                          {"", false, false, false}};
  const method methods[] = {method::get, method::head, method::put, method::delete_, method::post, method::options, method::trace};
  std::size_t rows = 0;
  for (const auto& match : tags) {
    for (const auto& unmodified : dates) {
      for (const auto& none_match : tags) {
        for (const auto& modified_since : dates) {
          for (const auto& if_range : if_ranges) {
            for (const bool range : {false, true}) {
              lines request;
              const auto add = [&](std::string_view name, std::string_view text) {
                if (!text.empty()) request.push_back({name, text});
              };
              add("If-Range", if_range.text);
              if (range) add("Range", "bytes=0-1");
              add("If-Modified-Since", modified_since.text);
              add("If-None-Match", none_match.text);
              add("If-Unmodified-Since", unmodified.text);
              add("If-Match", match.text);
              const fields f = made_of(request);
              for (const state& of : states) {
                validators v{.entity_tag = of.tag, .modified = std::nullopt, .exists = of.exists, .strong_date = of.strong_date};
                if (of.dated) v.modified = parse_date(modified, now);
                for (const method& m : methods) {
                  ++rows;
                  const auto wanted = by_the_words(m, of, match, unmodified, none_match, modified_since, range, if_range);
                  ASSERT_EQ(evaluate_preconditions(m, f, v, now), wanted)
                      << m.name() << " " << shown(request) << of.tag << " dated " << of.dated << " exists " << of.exists;
                }
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(rows, 6U * 5 * 6 * 5 * 8 * 2 * 7 * 7);
}

TEST(Conditional, SeveralLinesOfRange) {
  const validators of = known("\"a\"");
  const auto get = [&](const lines& request) { return evaluate_preconditions(method::get, made_of(request), of, now); };
  EXPECT_EQ(get({{"Range", "bytes=0-1"}}), ranges);
  EXPECT_EQ(get({{"Range", "bytes=0-1"}, {"Range", "bytes=2-3"}}), proceed);
  EXPECT_EQ(get({{"Range", "bytes=0-1"}, {"If-Range", "\"a\""}, {"If-Range", "\"a\""}}), proceed);
  EXPECT_EQ(get({{"If-Range", "\"a\""}}), proceed);
  // The date as it is sent is compared as text.
  validators dated = of;
  dated.strong_date = true;
  EXPECT_EQ(evaluate_preconditions(method::get, made_of({{"Range", "bytes=0-1"}, {"If-Range", modified}}), dated, now), ranges);
  EXPECT_EQ(evaluate_preconditions(method::get, made_of({{"Range", "bytes=0-1"}, {"If-Range", "Sunday, 06-Nov-94 08:49:37 GMT"}}),
                                   dated, now),
            proceed);
}

// RFC 6585 §3
TEST(Conditional, UpdatesThatAreGuarded) {
  EXPECT_FALSE(guards_update(made_of({})));
  EXPECT_FALSE(guards_update(made_of({{"If-Modified-Since", modified}})));
  EXPECT_TRUE(guards_update(made_of({{"If-Match", "\"a\""}})));
  EXPECT_TRUE(guards_update(made_of({{"If-None-Match", "*"}})));
  EXPECT_TRUE(guards_update(made_of({{"If-Unmodified-Since", modified}})));
}

// A tag with a coding's name behind it is of the same state, where codings are made on the way.
TEST(conditional, tags_of_codings) {
  using coding::content_coding;
  EXPECT_EQ(coded_tag("\"v1\"", content_coding::br), "\"v1-br\"");
  EXPECT_EQ(coded_tag("W/\"v1\"", content_coding::gzip), "W/\"v1-gzip\"");
  EXPECT_EQ(plain_tag("\"v1-zstd\""), "\"v1\"");
  EXPECT_EQ(plain_tag("W/\"v1-br\""), "W/\"v1\"");
  EXPECT_EQ(plain_tag("\"v1-deflate\""), "\"v1-deflate\"");
  EXPECT_EQ(plain_tag("\"-br\""), "\"\"");
  const struct {
    std::string_view name, value;
    precondition result;
  } rows[] = {
      {"If-None-Match", "\"v1-br\"", proceed}, {"If-None-Match", "\"v0\", \"v1-gzip\"", proceed},
      {"If-None-Match", "\"v2-br\"", proceed}, {"If-Match", "\"v1-br\"", proceed},
      {"If-Match", "W/\"v1-br\"", failed},     {"If-Match", "\"v1-xz\"", failed},
  };
  for (const auto& row : rows) {
    validators of{"\"v1\"", {}};
    of.coded = true;
    const auto request = made_of({{row.name, row.value}});
    EXPECT_EQ(evaluate_preconditions(method::get, request, of, now), row.result) << row.value;
    of.coded = false;
    if (row.value.find("v1-") != row.value.npos) {
      EXPECT_EQ(evaluate_preconditions(method::get, request, of, now), row.name == "If-Match" ? failed : proceed) << row.value;
    }
  }
  // A part never comes from another representation.
  validators of{"\"v1\"", {}};
  of.coded = true;
  EXPECT_EQ(evaluate_preconditions(method::put, made_of({{"If-None-Match", "\"v1-br\""}}), of, now), failed);
  EXPECT_EQ(evaluate_preconditions(method::get, made_of({{"Range", "bytes=0-1"}, {"If-Range", "\"v1-br\""}}), of, now), proceed);
}

}  // namespace
}  // namespace parley::semantics
