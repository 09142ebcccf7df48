// Problem details (RFC 9457).
#pragma once

#include <parley/config.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

/// What went wrong, for programs: the content of an `application/problem+json` answer.
///
/// Setters chain, on an object or on a temporary: `return parley::problem(409).detail("The name is taken.");`
class PARLEY_API problem {
 public:
  static constexpr std::string_view content_type = "application/problem+json";

  /// `title` begins as the registered phrase of the status.
  explicit problem(int status = 500);

  [[nodiscard]] int status() const { return status_; }
  /// A URI for the kind of problem; empty stands for `about:blank`.
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  /// A URI for this very occurrence; may be empty.
  [[nodiscard]] const std::string& instance() const { return instance_; }
  /// Further members: name and JSON text, in order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& extensions() const { return extensions_; }

  problem& status(int value) &;
  problem& type(std::string uri) &;
  problem& title(std::string text) &;
  problem& detail(std::string text) &;
  problem& instance(std::string uri) &;
  /// Adds or replaces a member whose value is `json`, a complete JSON text that is copied as it is. Throws `std::invalid_argument` for
  /// an empty name and for those of the five standard members.
  problem& extension(std::string_view name, std::string json) &;
  /// Adds or replaces a member whose value is a string.
  problem& extension_text(std::string_view name, std::string_view text) &;

  problem&& status(int value) && { return std::move(status(value)); }
  problem&& type(std::string uri) && { return std::move(type(std::move(uri))); }
  problem&& title(std::string text) && { return std::move(title(std::move(text))); }
  problem&& detail(std::string text) && { return std::move(detail(std::move(text))); }
  problem&& instance(std::string uri) && { return std::move(instance(std::move(uri))); }
  problem&& extension(std::string_view name, std::string json) && { return std::move(extension(name, std::move(json))); }
  problem&& extension_text(std::string_view name, std::string_view text) && { return std::move(extension_text(name, text)); }

  /// One JSON object on one line. Invalid UTF-8 becomes U+FFFD.
  [[nodiscard]] std::string to_json() const;

 private:
  int status_;
  std::string type_;
  std::string title_;
  std::string detail_;
  std::string instance_;
  std::vector<std::pair<std::string, std::string>> extensions_;
};

}  // namespace parley
