// Media types and the choice among them.
#include "semantics/negotiation.hpp"

#include <gtest/gtest.h>
#include <parley/media_type.hpp>

#include <vector>

namespace parley::semantics {
namespace {

TEST(media_type, parse_and_write) {
  const struct {
    std::string_view text, written;  // empty: refused
  } rows[] = {
      {"text/html", "text/html"},
      {" Text/HTML ; Charset=UTF-8 ", "text/html; charset=UTF-8"},
      {"text/html;charset=\"utf-8\"", "text/html; charset=utf-8"},
      {"multipart/form-data; boundary=\"a b\"", "multipart/form-data; boundary=\"a b\""},
      {"a/b;c=\"\"", "a/b; c=\"\""},
      {"a/b;", "a/b"},
      {"*/*", "*/*"},
      {"application/problem+json", "application/problem+json"},
      {"", ""},
      {"text", ""},
      {"text/", ""},
      {"/html", ""},
      {"text/html/x", ""},
      {"text /html", ""},
      {"text/ht ml", ""},
      {"text/html,a/b", ""},
      {"text/html;charset", ""},
      {"text/html;a=1;A=2", ""},
      {"text/html;a=\"", ""},
  };
  for (const auto& row : rows) {
    const auto type = media_type::parse(row.text);
    EXPECT_EQ(type ? type->to_string() : "", row.written) << row.text;
  }
  const auto type = *media_type::parse("Application/LD+json; Profile=X");
  EXPECT_EQ(type.type(), "application");
  EXPECT_EQ(type.subtype(), "ld+json");
  EXPECT_EQ(type.essence(), "application/ld+json");
  EXPECT_EQ(type.suffix(), "json");
  EXPECT_EQ(type.get("PROFILE"), "X");
  EXPECT_EQ(type.get("charset"), std::nullopt);
  EXPECT_EQ(type.parameters().size(), 1u);
  EXPECT_EQ(media_type::parse("a/b")->suffix(), "");
}

TEST(media_type, matches_ranges) {
  const auto type = *media_type::parse("text/html; charset=UTF-8; level=1");
  for (const char* range : {"*/*", "text/*", "TEXT/html", "text/html;level=1", "text/html;charset=utf-8"})
    EXPECT_TRUE(type.matches(range)) << range;
  for (const char* range : {"text/plain", "image/*", "*/html", "text/html;level=2", "text/html;x=1", "text", ""}) {
    EXPECT_FALSE(type.matches(range)) << range;
  }
}

constexpr int nothing = -1;

int chosen(std::optional<std::size_t> index) { return index ? static_cast<int>(*index) : nothing; }

TEST(negotiation, media_types) {
  const std::vector<std::string_view> offers{"text/html", "application/problem+json", "text/html;level=1"};
  const struct {
    std::string_view accept;
    int offer;
  } rows[] = {
      {"", 0},
      {" ", 0},
      {"*/*", 0},
      {"application/*", 1},
      {"application/problem+json, text/html;q=0.9", 1},
      {"application/problem+json;q=0.5, text/html;q=0.5", 0},
      {"text/html;q=0, */*;q=0.1", 1},
      {"application/problem+json, */*", 1},
      {"*/*, application/problem+json;q=0.9", 0},
      {"application/*, */*", 1},
      {"text/html;level=1, text/html;q=0.7", 2},
      {"image/png", nothing},
      {"*/*;q=0", nothing},
      {"text/html;q=0.0, application/problem+json;q=0", nothing},
      {"text/html;q=2, application/*", 1},  // a broken element is ignored
      {"???", 0},
      {"text/html;q=0.5;ext=1, application/*;q=0.4", 0},
      {"TEXT/HTML;Q=0.1, application/problem+json;q=0.2", 1},
      {"text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5", 2},
      {"\"broken", 0},
  };
  for (const auto& row : rows) EXPECT_EQ(chosen(preferred(row.accept, offers)), row.offer) << row.accept;
  EXPECT_EQ(preferred("", {}), std::nullopt);
}

TEST(negotiation, codings) {
  const std::vector<std::string_view> offers{"br", "gzip", "identity"};
  const struct {
    std::string_view accept_encoding;
    bool present;
    int offer;
  } rows[] = {
      {"", false, 0},
      {"", true, 2},
      {"gzip", true, 1},
      {"x-gzip", true, 1},
      {"gzip, br", true, 0},
      {"gzip;q=1, br;q=0.5", true, 1},
      {"*", true, 0},
      {"*;q=0.5, br;q=0", true, 1},
      {"deflate", true, 2},
      {"identity;q=0.5, gzip;q=0.1", true, 2},
      {"gzip;q=0.001", true, 1},
      {"identity;q=0", true, nothing},
      {"*;q=0", true, nothing},
      {"gzip;q=0", true, 2},
      {"GZIP;q=0.8, *;q=0", true, 1},
  };
  for (const auto& row : rows)
    EXPECT_EQ(chosen(preferred_coding(row.accept_encoding, row.present, offers)), row.offer) << row.accept_encoding;
}

TEST(negotiation, languages) {
  const std::vector<std::string_view> offers{"en", "de-CH", "fr"};
  const struct {
    std::string_view accept_language;
    int offer;
  } rows[] = {{"", 0},        {"de", 1},          {"de-ch, en;q=0.9", 1}, {"de-AT, fr;q=0.1", 2},
              {"e", nothing}, {"*;q=0.1, fr", 2}, {"es", nothing},        {"d, de-CH-1996", nothing}};
  for (const auto& row : rows) EXPECT_EQ(chosen(preferred_language(row.accept_language, offers)), row.offer) << row.accept_language;
}

// RFC 9110 §12.5.1: the order of its table, with the heavier ones first.
TEST(negotiation, the_table_of_qualities) {
  constexpr std::string_view accept =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
  const std::vector<std::string_view> by_quality{"text/plain;format=flowed", "text/plain", "image/jpeg", "text/plain;format=fixed",
                                                 "text/html"};
  for (std::size_t i = 0; i < by_quality.size(); ++i) {
    for (std::size_t k = i + 1; k < by_quality.size(); ++k) {
      EXPECT_EQ(chosen(preferred(accept, std::vector{by_quality[k], by_quality[i]})), 1)
          << by_quality[i] << " before " << by_quality[k];
    }
  }
  EXPECT_EQ(chosen(preferred("audio/*; q=0.2, audio/basic", std::vector<std::string_view>{"audio/mp3", "audio/basic"})), 1);
  constexpr std::string_view elaborate = "text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c";
  EXPECT_EQ(chosen(preferred(elaborate, std::vector<std::string_view>{"text/plain", "text/x-dvi"})), 1);
  EXPECT_EQ(chosen(preferred(elaborate, std::vector<std::string_view>{"text/x-dvi", "text/x-c", "text/html"})), 1);
}

// RFC 9110 §12.5.3, its examples and rules one by one.
TEST(negotiation, identity_and_the_asterisk) {
  const std::vector<std::string_view> all{"identity", "gzip"};
  const std::vector<std::string_view> coded{"gzip"};
  const struct {
    std::string_view accept_encoding;
    int of_all, of_coded;
  } rows[] = {
      {"compress, gzip", 1, 0},
      {"*", 0, 0},
      {"compress;q=0.5, gzip;q=1.0", 1, 0},
      {"gzip;q=1.0, identity; q=0.5, *;q=0", 1, 0},
      {"identity; q=0.5, *;q=0", 0, nothing},
      {"identity;q=0", nothing, nothing},  // and nothing else is listed
      {"identity;q=0, gzip", 1, 0},
      {"identity;q=0, *", 1, 0},
      {"*;q=0, identity", 0, nothing},
      {"gzip;q=0", 0, nothing},
      {"gzip;q=0, identity;q=0", nothing, nothing},
      {"br", 0, nothing},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(chosen(preferred_coding(row.accept_encoding, true, all)), row.of_all) << row.accept_encoding;
    EXPECT_EQ(chosen(preferred_coding(row.accept_encoding, true, coded)), row.of_coded) << row.accept_encoding;
  }
}

// RFC 4647 §3.4
TEST(negotiation, lookup_of_languages) {
  const std::vector<std::string_view> offers{"en", "zh-Hant", "de-CH", "de"};
  const struct {
    std::string_view accept_language;
    int offer;
  } rows[] = {
      {"zh-Hant-CN-x-private1-private2", 1},
      {"zh-Hant-CN-x", 1},
      {"zh-Hant", 1},
      {"zh", nothing},  // lookup never lengthens
      {"de-CH-1996", 2},
      {"de-AT", 3},
      {"DE-ch", 2},
      {"fr, en;q=0.5", 0},
      {"en;q=0.5, de", 3},
      {"en, de", 0},
      {"fr", nothing},
      {"*", nothing},
      {"*, de;q=0.1", 3},
      {"", nothing},
      {"de;q=0", nothing},
      {"de-AT, de;q=0, en;q=0.1", 0},
      {"i-x-en", nothing},
      {"-", nothing},
      {"\"", nothing},
  };
  for (const auto& row : rows) EXPECT_EQ(chosen(lookup_language(row.accept_language, offers)), row.offer) << row.accept_language;
}

}  // namespace
}  // namespace parley::semantics
