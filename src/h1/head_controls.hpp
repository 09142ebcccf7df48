// Which fields that concern the connection a head has: counted while it is read, so that none is looked for that is not there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "semantics/field_name.hpp"

namespace parley::h1 {

/// The fields that decide on framing, authority and connection. Each has a byte of `head_controls`.
enum class control : std::uint8_t { host, content_length, transfer_encoding, connection, expect, upgrade };

inline constexpr auto control_of_id = [] {
  using semantics::field_id;
  std::array<std::uint64_t, semantics::field_id_count> table{};
  const auto set = [&](field_id id, control c) {
    table[static_cast<std::size_t>(id)] = std::uint64_t{1} << (8 * static_cast<unsigned>(c));
  };
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
  /// So many lines can be counted before `add`.
  static constexpr std::size_t most_counted = 100;

  void count(std::size_t id) { count_as(control_of_id[id]); }
  void count_as(std::uint64_t control) { counts_ += control; }
  /// Adds the counts of lines further on. Beyond two, a count says no more.
  void add(const head_controls& later) {
    counts_ += later.counts_;
    if ((counts_ & bytes_of(0xfc)) != 0) [[unlikely]]
      clamp();
  }
  void add(std::size_t id) {
    head_controls one;
    one.count(id);
    add(one);
  }

  [[nodiscard]] bool has(control c) const { return of(c) != 0; }
  [[nodiscard]] bool repeats(control c) const { return of(c) > 1; }

 private:
  static constexpr std::uint64_t bytes_of(std::uint64_t byte) { return byte * 0x0101010101010101; }
  [[nodiscard]] std::uint64_t of(control c) const { return counts_ >> (8 * static_cast<unsigned>(c)) & 0xff; }
  void clamp() {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      if ((counts_ >> shift & 0xff) > 2) counts_ = (counts_ & ~(std::uint64_t{0xff} << shift)) | std::uint64_t{2} << shift;
    }
  }

  std::uint64_t counts_ = 0;
};

}  // namespace parley::h1
