// What must be in the database, by what was acknowledged.
#pragma once

#include "durability/report.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace parley::test {

class ledger {
 public:
  using records = std::map<std::int64_t, std::string>;

  /// Takes the reports in their order.
  void note(const report& what);
  /// Compares with what is in the database after the power was cut; from there it goes on. Each deed that was begun and not
  /// acknowledged may be there or not, but nothing between.
  void settle(const records& found);

  [[nodiscard]] bool has_count() const { return known_.contains(count_id); }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  /// What is wrong, in sentences.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  void complain(std::string about) { complaints_.push_back(std::move(about)); }

 private:
  struct doubt {
    report what;
    std::string document;             // that it writes, if it does
    std::int64_t highest_before = 0;  // the highest id that was known when it began
  };
  void note_end(const report& what, const doubt& begun);
  void settle_count(const records& found);
  [[nodiscard]] bool may_be(std::int64_t id, const std::string* document) const;

  records known_;
  std::map<std::uint32_t, doubt> doubts_;  // by worker
  std::set<std::int64_t> counts_;          // those acknowledged since the last power cut
  std::int64_t count_ = 0;                 // the highest of them
  std::int64_t highest_ = 0;               // of all ids ever
  std::uint64_t acknowledged_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace parley::test
