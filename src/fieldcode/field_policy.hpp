// What encoders put into their tables, and what never.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/hpack_static_table.hpp"

namespace parley::fieldcode {

enum class sensitivity : std::uint8_t {
  by_name,  // what the name says, see `field_policy`
  secret,   // never indexed: also what came in as never indexed and is passed on (RFC 7541 §6.2.3, RFC 9204 §7.1.3)
};

/// When a field goes into the table; by name.
enum class indexing : std::uint8_t { at_once, second_time, never, never_if_short };

namespace detail {

consteval auto make_indexing() {
  std::array<indexing, hpack_static_count + 1> made{};
  for (const std::string_view name : {"authorization", "proxy-authorization", "set-cookie"}) {
    made[hpack_static_name(name)] = indexing::never;
  }
  made[hpack_static_name("cookie")] = indexing::never_if_short;
  for (const std::string_view name : {":path", "content-length", "content-range", "etag", "if-none-match", "location", "range"}) {
    made[hpack_static_name(name)] = indexing::second_time;
  }
  return made;
}

}  // namespace detail

/// By the index in HPACK's static table, which has all names that are not `at_once`; that of 0 is.
inline constexpr auto indexing_by_name = detail::make_indexing();

/// What goes into the table, of HPACK and of QPACK:
///  * never, and marked so for all that pass it on (RFC 7541 §7.1, RFC 9204 §7.1): `authorization`, `proxy-authorization`, `set-cookie`,
///    `cookie` of fewer than 20 bytes, and what is said to be secret;
///  * when the same value comes a second time before long: fields whose values often come only once (`:path`, `content-length`,
///    `content-range`, `etag`, `if-none-match`, `location`, `range`), so that repeated ones cost a byte each and single ones leave
///    the table alone; values of fewer than 8 bytes only while a quarter of the table is free;
///  * at once: everything else.
/// Nothing that would take more than three quarters of the table.
class field_policy {
 public:
  /// Never indexed, and marked so.
  [[nodiscard]] static constexpr bool is_secret(indexing how, std::string_view value, sensitivity s) {
    return s == sensitivity::secret || how == indexing::never || (how == indexing::never_if_short && value.size() < short_cookie);
  }

  /// Whether a field that is not there yet shall be put into the table; `hash` is of its name and value, `cost` its size as an entry.
  /// Remembers that it came.
  [[nodiscard]] bool wants_entry(indexing how, std::uint64_t hash, std::size_t cost, std::size_t value_size,
                                 const dynamic_table& table) {
    const std::size_t most = table.capacity() / 4 * 3;
    if (cost > most) return false;
    if (how != indexing::second_time) return true;
    // An entry takes 32 bytes more than its text, so one with a short value pushes out more than it saves.
    if (value_size < short_value && table.size() + cost > most) return false;
    std::uint16_t& place = once_[(hash >> 32) % remembered];
    const auto mark = static_cast<std::uint16_t>(hash >> 48);
    const bool again = place == mark;
    place = mark;
    return again;
  }

 private:
  static constexpr std::size_t short_cookie = 20;
  static constexpr std::size_t short_value = 8;
  static constexpr std::size_t remembered = 64;

  std::array<std::uint16_t, remembered> once_{};  // of the values that came once, a part of the hash
};

}  // namespace parley::fieldcode
