#include "tool/nearest.hpp"

#include <algorithm>
#include <vector>

namespace parley::tool {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table of distances between prefixes; the oldest is there for swapped neighbours.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string_view best;
  // Half of the letters may be wrong, no more.
  std::size_t limit = 2 * (word.size() / 2 + 1);
  for (const std::string& candidate : candidates) {
    const bool begun = word.size() >= 2 && (candidate.starts_with(word) || (candidate.size() >= 4 && word.starts_with(candidate)));
    // In halves of a letter: one letter that is wrong says more than a beginning in common, which says more than two.
    const std::size_t wrong = 2 * edit_distance(word, candidate);
    const std::size_t distance = begun ? std::min<std::size_t>(wrong, 3) : wrong;
    if (distance < limit) {
      limit = distance;
      best = candidate;
      if (limit == 0) break;
    }
  }
  return best;
}

}  // namespace parley::tool
