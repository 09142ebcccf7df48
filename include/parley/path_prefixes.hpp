// Paths that a rule is for, or is not for.
#pragma once

#include <parley/config.hpp>
#include <parley/request.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Paths that something is for: `/admin` is that path and all below it, by whole segments (`/administration` is not), `/` everything. Compared
/// as routes are, percent-decoded. Immutable once requests come: any thread.
class PARLEY_API path_prefixes {
 public:
  /// With or without a slash at its end. Throws `std::invalid_argument` for what is no path.
  void add(std::string_view prefix);
  /// For rules that guard: a path with empty or dot segments is below where it is by either reading, as it stands or as they lead. Without
  /// any prefix everything is.
  [[nodiscard]] bool match(const request& req) const;
  /// For exceptions from such rules: below by every reading, so that no spelling (`/api/../admin`, `/api%2Fx`, `//api`) gets an exception that
  /// was made for another path. Without any prefix nothing is.
  [[nodiscard]] bool match_surely(const request& req) const;
  [[nodiscard]] bool empty() const { return prefixes_.empty(); }

 private:
  std::vector<std::string> prefixes_;  // without a slash at the end
};

}  // namespace parley
