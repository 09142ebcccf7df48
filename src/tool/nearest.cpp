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

namespace {

std::string_view without_dashes(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  return word;
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string_view meant = without_dashes(word);
  std::string_view best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::string_view name = without_dashes(candidate);
    if (meant.empty() || name.empty()) continue;
    // A third of the letters may be wrong, and one always.
    const std::size_t bound = std::max<std::size_t>(std::max(meant.size(), name.size()) / 3, 1);
    const bool shortened = meant.size() >= 3 && name.starts_with(meant);
    const bool a_word_more = meant.size() <= name.size() + name.size() / 2 || meant[name.size()] == '-';
    const bool lengthened = name.size() >= 4 && meant.starts_with(name) && a_word_more;
    const bool begun = shortened || lengthened;
    const std::size_t wrong = edit_distance(meant, name);
    if (wrong > bound && !begun) continue;
    // In halves of a letter: one letter that is wrong says more than a beginning in common, which says more than two.
    const std::size_t distance = begun ? std::min<std::size_t>(2 * wrong, 3) : 2 * wrong;
    if (!best.empty() && distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace parley::tool
