// The process that writes until its power is cut.
#pragma once

#include "durability/report.hpp"
#include "store/sqlite_connection.hpp"

#include <cstdint>
#include <string>

namespace parley::test {

struct round_plan {
  std::string file;
  store::synchronous sync = store::synchronous::full;
  std::uint64_t seed = 0;
  std::uint64_t first_number = 0;  // of its deeds
  std::uint64_t cut_at = 0;        // the step of the disk
  bool start_count = false;        // the counted record is not there yet
  int reports = -1;                // where they are written to
};

inline constexpr int loops_in_workload = 2;
inline constexpr int workers_on_a_loop = 6;
/// The numbers that a round may use.
inline constexpr std::uint64_t numbers_of_a_round = 1'000'000;

/// Opens the store on a disk whose power is cut at that step, and lets the workers write until then, when it
/// kills the process.
[[noreturn]] void write_until_the_power_is_cut(const round_plan& plan);

}  // namespace parley::test
