// Content-Length, Transfer-Encoding, Connection: what decides where a message ends.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "semantics/connection_options.hpp"
#include "semantics/content_length.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/transfer_coding.hpp"

namespace parley::semantics {
namespace {

using lines = std::vector<std::string_view>;

fields repeated(std::string_view name, const lines& values) {
  fields f{{"Host", "h"}};
  // Beneath the checks and trimming of `add`, as a parser would with a fault.
  for (const std::string_view value : values) parley::detail::fields_access::append(f, find_field_name(name), name, value);
  return f;
}

TEST(framing_fields, content_length) {
  const struct {
    lines values;
    std::string_view outcome;
  } rows[] = {
      {{}, "none"},
      {{"0"}, "0"},
      {{"42"}, "42"},
      {{"007"}, "7"},
      {{"18446744073709551615"}, "18446744073709551615"},
      {{"18446744073709551616"}, "refused"},
      {{"99999999999999999999999"}, "refused"},
      {{""}, "refused"},
      {{"+1"}, "refused"},
      {{"-1"}, "refused"},
      {{"0x10"}, "refused"},
      {{"1 0"}, "refused"},
      {{" 1"}, "refused"},
      {{"1\t"}, "refused"},
      {{"1,"}, "refused"},
      {{"1.0"}, "refused"},
      {{"1e2"}, "refused"},
      {{"\"1\""}, "refused"},
      {{"5, 5"}, "refused"},
      {{"5,6"}, "refused"},
      {{"5", "5"}, "refused"},
      {{"5", "6"}, "refused"},
      {{"5", ""}, "refused"},
      {{"a"}, "refused"},
  };
  for (const auto& row : rows) {
    const auto length = agreed_content_length(repeated("Content-Length", row.values));
    const std::string outcome = !length ? "refused" : !*length ? "none" : std::to_string(**length);
    EXPECT_EQ(outcome, row.outcome) << (row.values.empty() ? "" : row.values[0]);
    if (!length) {
      EXPECT_NE(std::string_view(length.error()), "");
    }
  }
}

// The codings' first letters.
std::string read_codings(const fields& f) {
  const auto codings = parse_transfer_encoding(f);
  if (!codings) return "refused";
  std::string text;
  for (std::size_t i = 0; i < codings->size; ++i) text += "Cgdco"[static_cast<std::size_t>(codings->items[i])];
  return text;
}

TEST(framing_fields, transfer_encoding) {
  const struct {
    lines values;
    std::string_view codings;
    bool exactly_chunked;
  } rows[] = {
      {{}, "", false},
      {{"chunked"}, "C", true},
      {{"CHUNKED"}, "C", true},
      {{"gzip, chunked"}, "gC", false},
      {{"x-gzip", "deflate, X-Compress", "chunked"}, "gdcC", false},
      {{"gzip"}, "g", false},
      {{"identity"}, "o", false},
      {{"foo;a=b, chunked"}, "oC", false},
      {{", chunked ,"}, "C", false},
      {{""}, "refused", false},
      {{","}, "refused", false},
      {{"chunked, chunked"}, "refused", false},
      {{"chunked", "chunked"}, "refused", false},
      {{"chunked, gzip"}, "refused", false},
      {{"chunked", "identity"}, "refused", false},
      {{"chunked;a=b"}, "refused", false},
      {{"chunked;"}, "refused", false},
      {{"\"chunked\""}, "refused", false},
      {{"xchunked"}, "o", false},
      {{"chunked x"}, "refused", false},
      {{"chun\x0bked"}, "refused", false},
      {{"\x0b"
        "chunked"},
       "refused",
       false},
      {{"gzip;a"}, "refused", false},
      {{"gzip;a=\"b"}, "refused", false},
      {{"a,b,c,d,e"}, "refused", false},
      {{"a,b,c,chunked"}, "oooC", false},
  };
  for (const auto& row : rows) {
    const fields f = repeated("Transfer-Encoding", row.values);
    const std::string_view shown = row.values.empty() ? "" : row.values[0];
    EXPECT_EQ(read_codings(f), row.codings) << shown;
    EXPECT_EQ(is_exactly_chunked(f), row.exactly_chunked) << shown;
  }
}

TEST(framing_fields, connection) {
  const struct {
    lines values;
    std::string_view flags;  // c, k, u, and ! for not valid
  } rows[] = {
      {{}, ""},
      {{""}, ""},
      {{"close"}, "c"},
      {{"Keep-Alive"}, "k"},
      {{"keep-alive, Upgrade"}, "ku"},
      {{"x-hop", "CLOSE"}, "c"},
      {{"close,"}, "c"},
      {{"closed"}, ""},
      {{"clos"}, ""},
      {{"close close"}, "!"},
      {{"a/b, close"}, "c!"},
      {{"close, \"x"}, "c!"},
      {{"\"close\""}, "!"},
  };
  for (const auto& row : rows) {
    const auto options = parse_connection_options(repeated("Connection", row.values));
    const std::string flags = std::string(options.close ? "c" : "") + (options.keep_alive ? "k" : "") +
                              (options.upgrade ? "u" : "") + (options.valid ? "" : "!");
    EXPECT_EQ(flags, row.flags) << (row.values.empty() ? "" : row.values[0]);
  }
  const fields f{{"Connection", "TE, x-hop"}};
  EXPECT_TRUE(has_connection_option(f, "te"));
  EXPECT_TRUE(has_connection_option(f, "X-Hop"));
  EXPECT_FALSE(has_connection_option(f, "close"));
  std::string all;
  EXPECT_TRUE(for_each_connection_option(f, [&](std::string_view option) { all.append(option).append("|"); }));
  EXPECT_EQ(all, "TE|x-hop|");
}

}  // namespace
}  // namespace parley::semantics
