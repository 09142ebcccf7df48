// What the views are drawn with: glyphs, colours, and bars on a scale of time.
#pragma once

#include "trace/timeline.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley::trace {

enum class tint { plain, strong, faint, connect, request, response, bad };

class paint {
 public:
  explicit paint(const look& how) : how_(how) {}

  [[nodiscard]] std::string colour(tint t, std::string_view text) const;
  /// `text` in `width` columns: cut at the end, or padded there.
  [[nodiscard]] std::string left(std::string_view text, std::size_t width) const;
  /// Padded in front.
  [[nodiscard]] std::string right(std::string_view text, std::size_t width) const;
  [[nodiscard]] std::string cut(std::string_view text, std::size_t width) const;
  /// `text` in lines of at most `width` columns, broken between words where that is possible; in one where the look is not to wrap.
  [[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width) const;
  [[nodiscard]] bool wraps() const { return how_.wrap; }
  /// A bar from `begin` to `end` (0 to 1) in `width` columns, drawn at half a column's resolution where the glyphs allow it.
  [[nodiscard]] std::string bar(double begin, double end, std::size_t width) const;

  [[nodiscard]] std::string_view rail() const { return how_.unicode ? "│" : "|"; }
  [[nodiscard]] std::string_view corner() const { return how_.unicode ? "╰" : "`"; }
  [[nodiscard]] std::string_view branch() const { return how_.unicode ? "├" : "|"; }
  [[nodiscard]] std::string_view top() const { return how_.unicode ? "╭" : ","; }
  [[nodiscard]] std::string_view arrow() const { return how_.unicode ? "→" : "->"; }
  [[nodiscard]] std::string_view arrow_back() const { return how_.unicode ? "←" : "<-"; }
  [[nodiscard]] std::string_view cross() const { return how_.unicode ? "✗" : "x"; }
  [[nodiscard]] std::string_view ellipsis() const { return how_.unicode ? "…" : "..."; }

 private:
  look how_;
};

}  // namespace parley::trace
