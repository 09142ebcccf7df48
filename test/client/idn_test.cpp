#include <parley/idn.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(idn, names_beyond_ascii) {
  const struct {
    const char* written;
    const char* ascii;
  } rows[] = {
      {"example.org", "example.org"},
      {"EXAMPLE.org", "EXAMPLE.org"},
      {"127.0.0.1", "127.0.0.1"},
      {"a_b", "a_b"},
      {"bücher.example", "xn--bcher-kva.example"},
      {"BÜCHER.example", "xn--bcher-kva.example"},
      {"bu\u0308cher.example", "xn--bcher-kva.example"},  // composed first
      {"faß.de", "xn--fa-hia.de"},                        // not fass.de: non-transitional
      {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
      {"例え。テスト", "xn--r8jz45g.xn--zckzah"},  // an ideographic full stop
      {"☃.example", nullptr},                      // a symbol, which IDNA 2008 does not have
      {"a\u2028b.example", nullptr},
      {"a\uff0fb.example", nullptr},  // a fullwidth solidus would end the host
      {"a\uff20b.example", nullptr},  // and a fullwidth @ begin it
      {"ü\xff.example", nullptr},
      {"-ü.example", nullptr},
  };
  for (const auto& row : rows) {
    const auto got = parley::ascii_host(row.written);
    ASSERT_EQ(got.has_value(), row.ascii != nullptr) << row.written << ": " << (got ? *got : got.error());
    EXPECT_EQ(got.value_or(""), row.ascii != nullptr ? row.ascii : "") << row.written;
    EXPECT_TRUE(got || !got.error().empty());
  }
  EXPECT_FALSE(parley::ascii_host(std::string("ü\0.example", 12)));
  EXPECT_FALSE(parley::ascii_host(std::string(2000, '\xc3')));
  std::string label;
  for (int i = 0; i < 64; ++i) label += "ü";
  EXPECT_FALSE(parley::ascii_host(label + ".example"));
}

}  // namespace
