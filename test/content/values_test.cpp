// Events and Cache-Control, as text.
#include <parley/cache_control.hpp>
#include <parley/event_stream.hpp>

#include <gtest/gtest.h>

namespace parley {
namespace {

using namespace std::chrono_literals;

TEST(Events, AsText) {
  EXPECT_EQ(event("hello").text(), "data: hello\n\n");
  EXPECT_EQ(event("a\nb\r\nc\rd").text(), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(event("").text(), "data: \n\n");
  EXPECT_EQ(event("x").name("clock").id("7").retry(1500ms).text(), "data: x\nevent: clock\nid: 7\nretry: 1500\n\n");
  EXPECT_EQ(event().id("").text(), "id: \n\n");
  EXPECT_THROW(event().name("a\nb"), std::invalid_argument);
  EXPECT_THROW(event().id("a\rb"), std::invalid_argument);
  EXPECT_THROW(event().id(std::string_view("a\0b", 3)), std::invalid_argument);
}

TEST(CacheControl, AsText) {
  EXPECT_EQ(cache_control().public_().max_age(1h).immutable().text(), "public, max-age=3600, immutable");
  EXPECT_EQ(cache_control().private_().no_cache().text(), "private, no-cache");
  EXPECT_EQ(cache_control().no_store().text(), "no-store");
  EXPECT_EQ(cache_control().max_age(-5s).s_maxage(60s).stale_while_revalidate(30s).stale_if_error(10min).text(),
            "max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=600");
  EXPECT_EQ(cache_control().must_revalidate().proxy_revalidate().no_transform().text(),
            "must-revalidate, proxy-revalidate, no-transform");
}

}  // namespace
}  // namespace parley
