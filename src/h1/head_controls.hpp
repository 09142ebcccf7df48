// Which fields that concern the connection a head has: noted while it is read, so that no field is looked for that is not there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "semantics/field_name.hpp"

namespace parley::h1 {

/// The fields that decide on framing, authority and connection, as bits.
enum class control : std::uint8_t {
  none = 0,
  host = 1,
  content_length = 2,
  transfer_encoding = 4,
  connection = 8,
  expect = 16,
  upgrade = 32,
};

inline constexpr auto control_of_id = [] {
  using semantics::field_id;
  std::array<std::uint8_t, semantics::field_id_count> table{};
  const auto set = [&](field_id id, control c) { table[static_cast<std::size_t>(id)] = static_cast<std::uint8_t>(c); };
  set(field_id::host, control::host);
  set(field_id::content_length, control::content_length);
  set(field_id::transfer_encoding, control::transfer_encoding);
  set(field_id::connection, control::connection);
  set(field_id::expect, control::expect);
  set(field_id::upgrade, control::upgrade);
  return table;
}();

class head_controls {
 public:
  void note(std::size_t id) {
    const unsigned bit = control_of_id[id];
    repeated_ |= seen_ & bit;
    seen_ |= bit;
  }
  void add(const head_controls& later) {
    repeated_ |= later.repeated_ | (seen_ & later.seen_);
    seen_ |= later.seen_;
  }
  [[nodiscard]] bool has(control c) const { return (seen_ & static_cast<unsigned>(c)) != 0; }
  [[nodiscard]] bool repeats(control c) const { return (repeated_ & static_cast<unsigned>(c)) != 0; }

 private:
  unsigned seen_ = 0;
  unsigned repeated_ = 0;
};

}  // namespace parley::h1
