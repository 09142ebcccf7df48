// Where in a form the token is.
#pragma once

#include "semantics/multipart_reader.hpp"
#include "semantics/urlencoded_reader.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::detail {

/// Looks for the token in a form as it comes, in pieces of any size, each read once.
class token_finder {
 public:
  static constexpr std::size_t digits = 43;  // a token's length

  /// Whether content of that type is a form.
  [[nodiscard]] static bool may_be_in(std::string_view content_type);
  /// `name`: the field's, for as long as this lives.
  token_finder(std::string_view content_type, std::string_view name);

  /// True once it has come whole.
  [[nodiscard]] bool feed(std::string_view bytes) { return pairs_ ? feed_pairs(bytes) : parts_ && feed_parts(bytes); }
  /// The content has ended; true when it was at its end.
  [[nodiscard]] bool end() { return pairs_ && !pairs_->finish() && take_pairs(); }
  /// What was found, good or not.
  [[nodiscard]] const std::string& token() const { return token_; }

 private:
  bool feed_pairs(std::string_view bytes) { return !pairs_->receive(bytes) && take_pairs(); }
  bool take_pairs();
  bool feed_parts(std::string_view bytes);

  std::string_view name_;
  std::optional<semantics::urlencoded_reader> pairs_;
  std::optional<semantics::multipart_reader> parts_;
  std::string token_;
  bool wanted_ = false;
};

}  // namespace parley::detail
