// The static table of HPACK (RFC 7541 Appendix A).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fieldcode/same_text.hpp"

namespace parley::fieldcode {

struct static_field {
  std::string_view name;
  std::string_view value;
};

inline constexpr std::size_t hpack_static_count = 61;

/// By index, from 1; that at 0 is empty.
inline constexpr std::array<static_field, hpack_static_count + 1> hpack_static_table = {{
    {"", ""},
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
}};

namespace detail {

// A perfect hash of the 52 names.
struct static_name_hash {
  static constexpr std::uint32_t multiplier = 0x68bde2e1;  // the first odd one without collisions; no two names share a slot
  std::array<std::uint8_t, 256> index{};

  [[nodiscard]] static constexpr std::size_t slot(std::string_view name) {
    const auto at = [name](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])); };
    const std::size_t n = name.size();
    const std::uint32_t key = at(0) | at(n / 2) << 8 | at(n - 1) << 16 | static_cast<std::uint32_t>(n & 0xff) << 24;
    return (key * multiplier) >> 24;
  }
};

consteval static_name_hash make_static_name_hash() {
  static_name_hash made;
  for (std::size_t i = hpack_static_count; i > 0; --i) {  // backwards, so that a name's first index stays
    const std::string_view name = hpack_static_table[i].name;
    std::uint8_t& taken = made.index[static_name_hash::slot(name)];
    if (taken != 0 && hpack_static_table[taken].name != name) throw "two names share a slot: choose another multiplier";
    taken = static_cast<std::uint8_t>(i);
  }
  return made;
}
inline constexpr static_name_hash static_names = make_static_name_hash();

}  // namespace detail

/// The first index whose name is `name` (in lower case), 0 for none.
[[nodiscard]] constexpr std::size_t hpack_static_name(std::string_view name) {
  if (name.empty()) return 0;
  const std::size_t index = detail::static_names.index[detail::static_name_hash::slot(name)];
  const std::string_view found = hpack_static_table[index].name;
  bool same = false;
  if consteval {
    same = found == name;
  } else {
    same = same_text(found, name);
  }
  return same ? index : 0;
}

/// The last index that has the name of the first one, `index`.
[[nodiscard]] constexpr std::size_t hpack_static_last(std::size_t index) {
  switch (index) {
    case 2: return 3;   // :method
    case 4: return 5;   // :path
    case 6: return 7;   // :scheme
    case 8: return 14;  // :status
    default: return index;
  }
}

}  // namespace parley::fieldcode
