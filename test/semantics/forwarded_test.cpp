#include "semantics/forwarded.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

std::string shown_forwarded(std::string_view value) {
  const auto elements = parse_forwarded(value);
  if (!elements) return "fault";
  std::string text;
  for (const auto& e : *elements) text += "[" + e.for_node + "|" + e.by_node + "|" + e.host + "|" + e.proto + "]";
  return text;
}

// RFC 7239 §4 and §7
TEST(forwarded, elements) {
  std::string many;
  for (std::size_t i = 0; i < max_forwarded + 1; ++i) many += "for=a,";
  const struct {
    std::string_view value, shown;
  } rows[] = {
      {"for=\"_gazonk\"", "[_gazonk|||]"},
      {"For=\"[2001:db8:cafe::17]:4711\"", "[[2001:db8:cafe::17]:4711|||]"},
      {"for=192.0.2.60;proto=http;by=203.0.113.43", "[192.0.2.60|203.0.113.43||http]"},
      {"for=192.0.2.43, for=198.51.100.17", "[192.0.2.43|||][198.51.100.17|||]"},
      {"for=a;host=\"example.com:8080\" ; secret=x", "[a||example.com:8080|]"},
      {"for=a;", "[a|||]"},
      {"", ""},
      {"for=a;for=b", "fault"},
      {"for=[::1]", "fault"},
      {"for = a", "fault"},
      {"for=\"a", "fault"},
      {"a", "fault"},
      {many, "fault"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_forwarded(row.value), row.shown) << row.value;
  EXPECT_EQ(to_text({.for_node = "[2001:db8::1]:4711", .proto = "https"}), "for=\"[2001:db8::1]:4711\";proto=https");
  EXPECT_EQ(to_text({.for_node = "192.0.2.43", .by_node = "_me", .host = "a.example"}), "for=192.0.2.43;by=_me;host=a.example");
}

TEST(forwarded, nodes) {
  const struct {
    std::string_view node;
    std::optional<std::string> address;
  } rows[] = {
      {"192.0.2.43", "192.0.2.43"},
      {"192.0.2.43:47011", "192.0.2.43"},
      {"[2001:DB8:cafe::17]", "2001:db8:cafe::17"},
      {"[2001:db8:cafe::17]:47011", "2001:db8:cafe::17"},
      {"[::1]:_obf", "::1"},
      {"2001:db8::1", "2001:db8::1"},
      {"[::ffff:192.0.2.1]", "192.0.2.1"},
      {"unknown", std::nullopt},
      {"_hidden", std::nullopt},
      {"192.0.2.43:", std::nullopt},
      {"192.0.2.43:123456", std::nullopt},
      {"192.0.2.043", std::nullopt},
      {"[::1", std::nullopt},
      {"[::1]x", std::nullopt},
      {"[192.0.2.1]", std::nullopt},
      {"example.com", std::nullopt},
      {"", std::nullopt},
      {":80", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(node_address(row.node), row.address) << row.node;
  EXPECT_EQ(node_of("::1"), "[::1]");
  EXPECT_EQ(node_of("127.0.0.1"), "127.0.0.1");
}

TEST(forwarded, networks) {
  address_networks networks;
  EXPECT_TRUE(networks.empty());
  for (const char* good : {"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1", "203.0.113.128/25"})
    EXPECT_TRUE(networks.add(good)) << good;
  for (const char* bad :
       {"", "10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "fd00::1/8", "10.0.0.0/", "10.0.0.0/x", "10/8", "example.com", "[::1]"})
    EXPECT_FALSE(networks.add(bad)) << bad;
  for (const char* in : {"10.1.2.3", "10.255.255.255", "192.0.2.7", "fdff::1", "::1", "::ffff:10.0.0.1", "203.0.113.255"})
    EXPECT_TRUE(networks.contains(in)) << in;
  for (const char* out : {"11.0.0.0", "9.255.255.255", "192.0.2.8", "fe00::1", "::2", "203.0.113.127", "", "unknown", "0.0.0.1"})
    EXPECT_FALSE(networks.contains(out)) << out;
  address_networks all;
  EXPECT_TRUE(all.add("0.0.0.0/0"));
  EXPECT_TRUE(all.contains("1.2.3.4"));
  EXPECT_FALSE(all.contains("2001:db8::1"));
}

// A client, an edge proxy, an inner proxy; what the client forged stands on the left.
TEST(forwarded, whom_to_believe) {
  address_networks trusted;
  ASSERT_TRUE(trusted.add("10.0.0.0/8"));
  std::string many, x_many;
  for (int i = 0; i < 500; ++i) {
    many += "for=10.0.0.3,";
    x_many += "10.0.0.3,";
  }
  many += "for=198.51.100.9";
  x_many += "198.51.100.9";
  const struct {
    std::string_view peer, forwarded, address, proto, host;
  } rows[] = {
      {"198.51.100.9", "for=1.2.3.4;proto=https;host=evil", "198.51.100.9", "", ""},  // a stranger says what it likes
      {"10.0.0.1", "", "10.0.0.1", "", ""},
      {"10.0.0.1", "for=198.51.100.9;proto=https;host=a.example", "198.51.100.9", "https", "a.example"},
      {"10.0.0.1", "for=6.6.6.6;proto=http;host=evil, for=198.51.100.9;proto=HTTPS", "198.51.100.9", "https", ""},
      {"10.0.0.1", "for=6.6.6.6, for=198.51.100.9;proto=https, for=10.0.0.2;proto=http", "198.51.100.9", "https", ""},
      {"10.0.0.1", "for=10.0.0.3, for=10.0.0.2", "10.0.0.3", "", ""},
      {"10.0.0.1", "for=6.6.6.6, for=unknown;proto=https, for=10.0.0.2", "10.0.0.2", "https", ""},
      {"10.0.0.1", "for=6.6.6.6, for=_hidden", "10.0.0.1", "", ""},
      {"10.0.0.1", "for=198.51.100.9;proto=gopher", "198.51.100.9", "", ""},
      {"10.0.0.1", "for=198.51.100.9, broken", "10.0.0.1", "", ""},
      {"::ffff:10.0.0.1", "for=\"[2001:db8::1]:99\"", "2001:db8::1", "", ""},
      // What the client has broken on the left does not reach what the proxy has added.
      {"10.0.0.1", "for=\", for=198.51.100.9;proto=https", "198.51.100.9", "https", ""},
      {"10.0.0.1", "for=\"a\\\", for=\"[2001:db8::1]:99\";proto=https", "2001:db8::1", "https", ""},
      {"10.0.0.1", "broken, for=198.51.100.9", "198.51.100.9", "", ""},
      {"10.0.0.1", "for=1.1.1.1;for=2.2.2.2, for=198.51.100.9", "198.51.100.9", "", ""},
      {"10.0.0.1", many, "198.51.100.9", "", ""},
      {"10.0.0.1", "broken, for=10.0.0.2", "10.0.0.2", "", ""},
      {"10.0.0.1", ", , for=198.51.100.9, ,", "198.51.100.9", "", ""},
      {"10.0.0.1", "for=6.6.6.6, by=\"a,b\";for=198.51.100.9", "198.51.100.9", "", ""},
      {"10.0.0.1", "for=6.6.6.6, by=\"a\\\",b\";for=198.51.100.9", "198.51.100.9", "", ""},
  };
  for (const auto& row : rows) {
    const auto origin = origin_by_forwarded(row.peer, row.forwarded, trusted);
    EXPECT_EQ(origin, (client_origin{std::string(row.address), std::string(row.proto), std::string(row.host)})) << row.forwarded;
  }

  const struct {
    std::string_view peer, x_for, x_proto, x_host, address, proto, host;
  } x_rows[] = {
      {"198.51.100.9", "1.2.3.4", "https", "evil", "198.51.100.9", "", ""},
      {"10.0.0.1", "", "", "", "10.0.0.1", "", ""},
      {"10.0.0.1", "198.51.100.9", "https", "a.example", "198.51.100.9", "https", "a.example"},
      {"10.0.0.1", "6.6.6.6, 198.51.100.9", "https", "", "198.51.100.9", "https", ""},
      {"10.0.0.1", "6.6.6.6, 198.51.100.9", "http, https", "evil, a.example", "198.51.100.9", "https", "a.example"},
      {"10.0.0.1", "6.6.6.6, 198.51.100.9, 10.0.0.2", "gopher, https, http", "", "198.51.100.9", "https", ""},
      {"10.0.0.1", "198.51.100.9, 10.0.0.2", "https", "", "198.51.100.9", "https", ""},
      {"10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "", "", "10.0.0.2", "", ""},
      {"10.0.0.1", "2001:db8::1", "", "", "2001:db8::1", "", ""},
      {"10.0.0.1", "198.51.100.9:1234", "", "", "198.51.100.9", "", ""},
      {"10.0.0.1", "\"198.51.100.9", "", "", "10.0.0.1", "", ""},
      {"10.0.0.1", "\", 198.51.100.9", "\", https", "\", a.example", "198.51.100.9", "https", "a.example"},
      {"10.0.0.1", "\"6.6.6.6, 10.0.0.1\", 198.51.100.9", "", "", "198.51.100.9", "", ""},
      {"10.0.0.1", x_many, "", "", "198.51.100.9", "", ""},
      {"10.0.0.1", ", 198.51.100.9 ,", "", "", "198.51.100.9", "", ""},
  };
  for (const auto& row : x_rows) {
    const auto origin = origin_by_x_forwarded(row.peer, row.x_for, row.x_proto, row.x_host, trusted);
    EXPECT_EQ(origin, (client_origin{std::string(row.address), std::string(row.proto), std::string(row.host)})) << row.x_for;
  }
}

}  // namespace
}  // namespace parley::semantics
