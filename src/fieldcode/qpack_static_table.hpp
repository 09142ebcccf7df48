// The static table of QPACK (RFC 9204 Appendix A).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fieldcode/hpack_static_table.hpp"
#include "fieldcode/same_text.hpp"

namespace parley::fieldcode {

inline constexpr std::size_t qpack_static_count = 99;
/// Stands for "no index": 0 is one here, other than in HPACK.
inline constexpr std::size_t qpack_no_index = qpack_static_count;

/// By index, from 0.
inline constexpr std::array<static_field, qpack_static_count> qpack_static_table = {{
    {":authority", ""},
    {":path", "/"},
    {"age", "0"},
    {"content-disposition", ""},
    {"content-length", "0"},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"referer", ""},
    {"set-cookie", ""},
    {":method", "CONNECT"},
    {":method", "DELETE"},
    {":method", "GET"},
    {":method", "HEAD"},
    {":method", "OPTIONS"},
    {":method", "POST"},
    {":method", "PUT"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "103"},
    {":status", "200"},
    {":status", "304"},
    {":status", "404"},
    {":status", "503"},
    {"accept", "*/*"},
    {"accept", "application/dns-message"},
    {"accept-encoding", "gzip, deflate, br"},
    {"accept-ranges", "bytes"},
    {"access-control-allow-headers", "cache-control"},
    {"access-control-allow-headers", "content-type"},
    {"access-control-allow-origin", "*"},
    {"cache-control", "max-age=0"},
    {"cache-control", "max-age=2592000"},
    {"cache-control", "max-age=604800"},
    {"cache-control", "no-cache"},
    {"cache-control", "no-store"},
    {"cache-control", "public, max-age=31536000"},
    {"content-encoding", "br"},
    {"content-encoding", "gzip"},
    {"content-type", "application/dns-message"},
    {"content-type", "application/javascript"},
    {"content-type", "application/json"},
    {"content-type", "application/x-www-form-urlencoded"},
    {"content-type", "image/gif"},
    {"content-type", "image/jpeg"},
    {"content-type", "image/png"},
    {"content-type", "text/css"},
    {"content-type", "text/html; charset=utf-8"},
    {"content-type", "text/plain"},
    {"content-type", "text/plain;charset=utf-8"},
    {"range", "bytes=0-"},
    {"strict-transport-security", "max-age=31536000"},
    {"strict-transport-security", "max-age=31536000; includesubdomains"},
    {"strict-transport-security", "max-age=31536000; includesubdomains; preload"},
    {"vary", "accept-encoding"},
    {"vary", "origin"},
    {"x-content-type-options", "nosniff"},
    {"x-xss-protection", "1; mode=block"},
    {":status", "100"},
    {":status", "204"},
    {":status", "206"},
    {":status", "302"},
    {":status", "400"},
    {":status", "403"},
    {":status", "421"},
    {":status", "425"},
    {":status", "500"},
    {"accept-language", ""},
    {"access-control-allow-credentials", "FALSE"},
    {"access-control-allow-credentials", "TRUE"},
    {"access-control-allow-headers", "*"},
    {"access-control-allow-methods", "get"},
    {"access-control-allow-methods", "get, post, options"},
    {"access-control-allow-methods", "options"},
    {"access-control-expose-headers", "content-length"},
    {"access-control-request-headers", "content-type"},
    {"access-control-request-method", "get"},
    {"access-control-request-method", "post"},
    {"alt-svc", "clear"},
    {"authorization", ""},
    {"content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"},
    {"early-data", "1"},
    {"expect-ct", ""},
    {"forwarded", ""},
    {"if-range", ""},
    {"origin", ""},
    {"purpose", "prefetch"},
    {"server", ""},
    {"timing-allow-origin", "*"},
    {"upgrade-insecure-requests", "1"},
    {"user-agent", ""},
    {"x-forwarded-for", ""},
    {"x-frame-options", "deny"},
    {"x-frame-options", "sameorigin"},
}};

namespace detail {

// A perfect hash of the 52 names, and of each entry the next one with its name.
struct qpack_names {
  static constexpr std::uint32_t multiplier = 0xeb8ac8cf;  // no two names share a slot
  std::array<std::uint8_t, 256> index{};
  std::array<std::uint8_t, qpack_static_count> next{};

  [[nodiscard]] static constexpr std::size_t slot(std::string_view name) {
    const auto at = [name](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])); };
    const std::size_t n = name.size();
    const std::uint32_t key = at(0) | at(n / 2) << 8 | at(n * 3 / 4) << 16 | static_cast<std::uint32_t>(n & 0xff) << 24;
    return (key * multiplier) >> 24;
  }
};

consteval qpack_names make_qpack_names() {
  qpack_names made;
  for (std::uint8_t& slot : made.index) slot = qpack_no_index;
  for (std::size_t i = qpack_static_count; i-- > 0;) {  // backwards, so that a name's first index stays
    const std::string_view name = qpack_static_table[i].name;
    std::uint8_t& taken = made.index[qpack_names::slot(name)];
    if (taken != qpack_no_index && qpack_static_table[taken].name != name)
      throw "two names share a slot: choose another multiplier";
    made.next[i] = taken;
    taken = static_cast<std::uint8_t>(i);
  }
  return made;
}
inline constexpr qpack_names qpack_name_table = make_qpack_names();

}  // namespace detail

/// The first index whose name is `name` (in lower case), `qpack_no_index` for none.
[[nodiscard]] constexpr std::size_t qpack_static_name(std::string_view name) {
  if (name.empty()) return qpack_no_index;
  const std::size_t index = detail::qpack_name_table.index[detail::qpack_names::slot(name)];
  if (index == qpack_no_index) return index;
  const std::string_view found = qpack_static_table[index].name;
  bool same = false;
  if consteval {
    same = found == name;
  } else {
    same = same_text(found, name);
  }
  return same ? index : qpack_no_index;
}

/// The next index with the same name, `qpack_no_index` behind the last.
[[nodiscard]] constexpr std::size_t qpack_static_next(std::size_t index) { return detail::qpack_name_table.next[index]; }

}  // namespace parley::fieldcode
