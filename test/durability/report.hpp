// What the process that writes tells the one that checks, through a pipe.
#pragma once

#include <cstdint>
#include <string>

namespace parley::test {

enum class deed : std::uint8_t { put, insert, modify, remove, start_count, count_up };

struct report {
  enum class moment : std::uint8_t { begun, acknowledged, failed };
  moment when = moment::begun;
  deed what = deed::put;
  std::uint32_t worker = 0;
  std::uint64_t number = 0;  // of the deed; never used twice
  std::int64_t id = 0;       // for an insert known once it is acknowledged
  std::int64_t answer = 0;   // put: 1 when created; modify, remove: 1 when it was there; count_up: the new count
};

/// The record that all workers count up. It is made first, so inserts get ids above it; those below are for puts.
inline constexpr std::int64_t count_id = 1'000'000;

/// What a deed writes: told from its number, different from all others, and partly longer than a page.
[[nodiscard]] std::string document_of(std::uint64_t number);

}  // namespace parley::test
