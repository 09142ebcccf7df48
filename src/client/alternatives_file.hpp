// What a client knows of alternatives, in a file that the next one reads.
#pragma once

#include "client/alternatives.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fetching {

/// In a private folder (0700), a file (0600) with a line for each origin. Several processes may use it at once: each changes the lines
/// that it has news of, one after the other, and puts the whole file in place in one step.
class alternatives_file {
 public:
  /// All of it; one that is larger was not written by us.
  static constexpr std::size_t most_bytes = 60 * 1024;

  explicit alternatives_file(std::string folder) : folder_(std::move(folder)) {}
  /// Nothing where there is no file yet. A file that is not ours, or is damaged, is not used: why, as a sentence.
  [[nodiscard]] std::expected<std::vector<known_alternative>, std::string> read() const;
  /// There is news of that origin in `all`. What cannot be written is not kept.
  void changed(std::string_view host, std::uint16_t port, const std::vector<known_alternative>& all);
  [[nodiscard]] std::string path() const;

  /// The text, and back; nothing when it is damaged anywhere.
  [[nodiscard]] static std::string to_text(const std::vector<known_alternative>& all);
  [[nodiscard]] static std::optional<std::vector<known_alternative>> from_text(std::string_view text);

 private:
  std::string folder_;
};

}  // namespace parley::fetching
