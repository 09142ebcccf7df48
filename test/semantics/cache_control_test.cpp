#include "semantics/cache_control.hpp"

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

using std::chrono::seconds;

TEST(cache_control, read_and_written) {
  const struct {
    std::string_view value, written;
  } rows[] = {
      {"", ""},
      {"max-age=60", "max-age=60"},
      {"Max-Age=60, PUBLIC", "public, max-age=60"},
      {"max-age=\"60\"", "max-age=60"},
      {"no-cache, no-store, must-revalidate", "no-store, no-cache, must-revalidate"},
      {"private=\"Set-Cookie, X-A\", no-cache=\"Set-Cookie\"", "no-cache=\"Set-Cookie\", private=\"Set-Cookie, X-A\""},
      {"private=Set-Cookie", "private=\"Set-Cookie\""},
      {"max-stale", "max-stale"},
      {"max-stale=10, min-fresh=5, only-if-cached, no-transform", "no-transform, only-if-cached, max-stale=10, min-fresh=5"},
      {"s-maxage=1, stale-while-revalidate=2, stale-if-error=3, immutable, must-understand, proxy-revalidate",
       "proxy-revalidate, must-understand, immutable, s-maxage=1, stale-while-revalidate=2, stale-if-error=3"},
      {"community=\"UCI\", max-age=1", "max-age=1"},  // RFC 9111 §5.2.3
      // What is no time is stale at once; the first counts; what is too long is very long.
      {"max-age", "max-age=0"},
      {"max-age=", "max-age=0"},
      {"max-age=-1", "max-age=0"},
      {"max-age=1.5", "max-age=0"},
      {"max-age=1, max-age=2", "max-age=1"},
      {"max-age=99999999999999999999999", "max-age=2147483648"},
      {"max-age=4294967296", "max-age=2147483648"},
      {"no-store=x, ,, max-age=1", "no-store, max-age=1"},
      {"max-age=1, \"broken, public", "max-age=1"},
      {"max-age =1", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(to_text(parse_cache_control(row.value)), row.written) << row.value;
}

TEST(cache_control, built) {
  EXPECT_EQ(to_text({.max_age = seconds{31536000}, .public_ = true, .immutable = true}), "public, immutable, max-age=31536000");
  EXPECT_EQ(to_text({.max_age = seconds{-5}}), "max-age=0");
  EXPECT_EQ(to_text({.no_store = true}), "no-store");
  const cache_control all{.max_age = seconds{1}, .max_stale = seconds::max(), .no_cache = true, .no_cache_fields = {"A", "B"}};
  EXPECT_EQ(parse_cache_control(to_text(all)), all);
}

}  // namespace
}  // namespace parley::semantics
