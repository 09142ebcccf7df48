// Methods, status codes, versions.
#include <gtest/gtest.h>
#include <parley/method.hpp>
#include <parley/status.hpp>
#include <parley/version.hpp>

#include <string>

#include "base/ascii.hpp"

namespace parley {
namespace {

TEST(method, registered_ones_have_the_properties_of_rfc9110_table_4) {
  const struct {
    method which;
    std::string_view name;
    bool safe, idempotent, cacheable;
  } rows[] = {
      {method::get, "GET", true, true, true},          {method::head, "HEAD", true, true, true},
      {method::post, "POST", false, false, false},     {method::put, "PUT", false, true, false},
      {method::delete_, "DELETE", false, true, false}, {method::connect, "CONNECT", false, false, false},
      {method::options, "OPTIONS", true, true, false}, {method::trace, "TRACE", true, true, false},
      {method::patch, "PATCH", false, false, false},
  };
  for (const auto& row : rows) {
    const auto parsed = method::parse(row.name);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, row.which);
    EXPECT_EQ(parsed->which(), row.which.which());
    EXPECT_EQ(row.which.name(), row.name);
    EXPECT_EQ(row.which.safe(), row.safe) << row.name;
    EXPECT_EQ(row.which.idempotent(), row.idempotent) << row.name;
    EXPECT_EQ(row.which.cacheable(), row.cacheable) << row.name;
  }
  EXPECT_EQ(method().name(), "GET");
}

TEST(method, extensions_are_tokens_of_bounded_length) {
  const auto purge = method::parse("PURGE");
  ASSERT_TRUE(purge);
  EXPECT_EQ(purge->which(), method::id::other);
  EXPECT_EQ(purge->name(), "PURGE");
  EXPECT_EQ(*purge, *method::parse("PURGE"));
  EXPECT_FALSE(*purge == *method::parse("purge"));
  EXPECT_FALSE(purge->safe() || purge->idempotent() || purge->cacheable());
  // RFC 9110 §9.1: names have case.
  EXPECT_EQ(method::parse("get")->which(), method::id::other);
  EXPECT_TRUE(method::parse(std::string(30, 'A')));
  EXPECT_FALSE(method::parse(std::string(31, 'A')));
  EXPECT_FALSE(method::parse(""));
}

TEST(method, every_byte) {
  for (int byte = 0; byte < 256; ++byte) {
    const char name[] = {'G', static_cast<char>(byte)};
    EXPECT_EQ(method::parse({name, 2}).has_value(), base::is_token_char(name[1])) << byte;
  }
}

TEST(status, phrases_and_classes) {
  const struct {
    int status;
    std::string_view phrase;
  } rows[] = {{100, "Continue"},
              {200, "OK"},
              {404, "Not Found"},
              {413, "Content Too Large"},
              {422, "Unprocessable Content"},
              {431, "Request Header Fields Too Large"},
              {505, "HTTP Version Not Supported"},
              {299, ""},
              {0, ""},
              {-1, ""},
              {1000, ""}};
  for (const auto& row : rows) EXPECT_EQ(reason_phrase(row.status), row.phrase) << row.status;
  EXPECT_TRUE(is_informational(103));
  EXPECT_FALSE(is_informational(200));
  EXPECT_FALSE(is_informational(99));
  EXPECT_TRUE(is_error(400));
  EXPECT_TRUE(is_error(599));
  EXPECT_FALSE(is_error(399));
  EXPECT_FALSE(is_error(600));
}

TEST(version, names_in_order) {
  EXPECT_EQ(name(http0_9), "HTTP/0.9");
  EXPECT_EQ(name(http1_0), "HTTP/1.0");
  EXPECT_EQ(name(http1_1), "HTTP/1.1");
  EXPECT_EQ(name(http2), "HTTP/2");
  EXPECT_EQ(name(http3), "HTTP/3");
  EXPECT_LT(http1_1, http2);
}

}  // namespace
}  // namespace parley
