#include <parley/proxy.hpp>

#include "semantics/ip_literal.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace parley {

namespace {

struct ipv4_network {
  std::uint32_t address;
  unsigned bits;
};

constexpr std::uint32_t ipv4(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// IANA's registry of special-purpose addresses (RFC 6890), and what is no unicast.
constexpr std::array special_ipv4{
    ipv4_network{ipv4(0, 0, 0, 0), 8},        // "this network"; 0.0.0.0 is this machine
    ipv4_network{ipv4(10, 0, 0, 0), 8},       // private
    ipv4_network{ipv4(100, 64, 0, 0), 10},    // shared, CGNAT
    ipv4_network{ipv4(127, 0, 0, 0), 8},      // loopback
    ipv4_network{ipv4(169, 254, 0, 0), 16},   // link-local, and clouds' metadata
    ipv4_network{ipv4(172, 16, 0, 0), 12},    // private
    ipv4_network{ipv4(192, 0, 0, 0), 24},     // IETF protocols
    ipv4_network{ipv4(192, 0, 2, 0), 24},     // documentation
    ipv4_network{ipv4(192, 88, 99, 0), 24},   // 6to4 relays
    ipv4_network{ipv4(192, 168, 0, 0), 16},   // private
    ipv4_network{ipv4(198, 18, 0, 0), 15},    // benchmarks
    ipv4_network{ipv4(198, 51, 100, 0), 24},  // documentation
    ipv4_network{ipv4(203, 0, 113, 0), 24},   // documentation
    ipv4_network{ipv4(224, 0, 0, 0), 3},      // multicast, reserved, broadcast
};

struct ipv6_network {
  std::array<std::uint8_t, 6> bytes;  // all that these prefixes need
  unsigned bits;
};

// Of 2000::/3, outside of which nothing is global unicast.
constexpr std::array special_ipv6{
    ipv6_network{{0x20, 0x01, 0x00, 0x00}, 23},  // IETF protocols: Teredo, ORCHID, benchmarks
    ipv6_network{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    ipv6_network{{0x20, 0x02}, 16},              // 6to4, an IPv4 address in other words
    ipv6_network{{0x3f, 0xff, 0x00}, 20},        // documentation
};

bool within(std::span<const std::uint8_t> address, const ipv6_network& of) {
  for (unsigned i = 0; i * 8 < of.bits; ++i) {
    const unsigned kept = of.bits - i * 8 < 8 ? of.bits - i * 8 : 8;
    if (((address[i] ^ of.bytes[i]) >> (8 - kept)) != 0) return false;
  }
  return true;
}

bool is_public(const semantics::ipv4_bytes& a) {
  const std::uint32_t address = ipv4(a[0], a[1], a[2], a[3]);
  for (const ipv4_network& each : special_ipv4) {
    if ((address ^ each.address) >> (32 - each.bits) == 0) return false;
  }
  return true;
}

bool is_public(const semantics::ipv6_bytes& a) {
  if (a[0] >> 5 != 1) return false;  // 2000::/3; so neither ::, ::1, ::ffff:0:0/96, 64:ff9b::/96, fc00::/7, fe80::/10 nor ff00::/8
  for (const ipv6_network& each : special_ipv6) {
    if (within(a, each)) return false;
  }
  return true;
}

}  // namespace

bool public_address(std::string_view address) {
  if (const auto v4 = semantics::parse_ipv4(address)) return is_public(*v4);
  const auto v6 = semantics::parse_ipv6(address);
  return v6 && is_public(*v6);
}

}  // namespace parley
