#include "semantics/ip_literal.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace parley::semantics {
namespace {

TEST(ip_literal, ipv4_has_four_plain_decimal_octets) {
  for (const char* good : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "1.20.255.9"}) {
    const auto address = parse_ipv4(good);
    ASSERT_TRUE(address) << good;
    EXPECT_EQ(to_text(*address), good);
  }
  for (const char* bad : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.1.1.256", "01.1.1.1", "1.1.1.00", "1..1.1", ".1.1.1",
                          "1.1.1.", "0x1.1.1.1", "1.1.1.1 ", " 1.1.1.1", "+1.1.1.1", "1.1.1.1000", "127.1", "a.b.c.d"}) {
    EXPECT_FALSE(parse_ipv4(bad)) << bad;
  }
}

TEST(ip_literal, ipv6_reads_and_writes_as_rfc5952_has_it) {
  const struct {
    const char *text, *canonical;
  } rows[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"0:0:1:0:0:0:1:0", "0:0:1::1:0"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::FFFF:c000:0201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::", "fe80::"},
  };
  for (const auto& row : rows) {
    const auto address = parse_ipv6(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(to_text(*address), row.canonical);
    EXPECT_EQ(parse_ipv6(row.canonical), address);
  }
}

TEST(ip_literal, broken_ipv6) {
  for (const char* bad : {"",
                          ":",
                          ":::",
                          "1",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "1:",
                          ":1",
                          "12345::",
                          "g::",
                          "::1 ",
                          "1:2:3:4:5:6:7::8",
                          "::1:2:3:4:5:6:7:8",
                          "1:2:3:4:5:6:7:8::",
                          "::1.2.3",
                          "::1.2.3.4.5",
                          "1.2.3.4::",
                          "1.2.3.4",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::1.2.3.256",
                          "::1%eth0",
                          "[::1]",
                          "1:::2",
                          "::1.2.3.4:5",
                          "fe80::1%1"}) {
    EXPECT_FALSE(parse_ipv6(bad)) << bad;
  }
}

TEST(ip_literal, agrees_with_the_c_library) {
  base::seeded_random random(11);
  const std::string_view alphabet = "0123456789abcdefF::::..";
  int valid = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    for (std::size_t size = 1 + random.below(16); text.size() < size;) text += alphabet[random.below(alphabet.size())];
    ipv6_bytes expected{};
    const bool good = ::inet_pton(AF_INET6, text.c_str(), expected.data()) == 1;
    const auto address = parse_ipv6(text);
    ASSERT_EQ(address.has_value(), good) << text;
    if (!good) continue;
    ++valid;
    ASSERT_EQ(*address, expected) << text;
    ASSERT_EQ(parse_ipv6(to_text(*address)), address) << text;
  }
  EXPECT_GT(valid, 100);
}

}  // namespace
}  // namespace parley::semantics
