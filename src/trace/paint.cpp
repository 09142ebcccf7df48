#include "trace/paint.hpp"

#include "trace/escape.hpp"

#include <algorithm>
#include <cmath>

namespace parley::trace {

namespace {

std::string_view paint_code(tint t) {
  switch (t) {
    case tint::strong: return "\x1b[1m";
    case tint::faint: return "\x1b[2m";
    case tint::connect: return "\x1b[36m";
    case tint::request: return "\x1b[33m";
    case tint::response: return "\x1b[32m";
    case tint::bad: return "\x1b[31m";
    case tint::plain: break;
  }
  return {};
}

}  // namespace

std::string paint::colour(tint t, std::string_view text) const {
  if (!how_.colour || t == tint::plain || text.empty()) return std::string(text);
  return std::string(paint_code(t)) + std::string(text) + "\x1b[0m";
}

std::string paint::cut(std::string_view text, std::size_t width) const { return shortened(text, width, ellipsis()); }

std::string paint::left(std::string_view text, std::size_t width) const {
  std::string out = cut(text, width);
  out.append(width - columns(out), ' ');
  return out;
}

std::string paint::right(std::string_view text, std::size_t width) const {
  const std::string out = cut(text, width);
  return std::string(width - columns(out), ' ') + out;
}

std::vector<std::string> paint::wrapped(std::string_view text, std::size_t width) const {
  std::vector<std::string> lines;
  if (!how_.wrap && !text.empty()) lines.emplace_back(text);
  if (!how_.wrap) return lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t used = lines.empty() ? width : columns(lines.back());
    if (used + 1 + columns(word) <= width) {
      lines.back().append(" ").append(word);
      continue;
    }
    // A word that fits nowhere is broken, and begins where there is room.
    if (columns(word) > width && used + 2 <= width) {
      const std::string part = shortened(word, width - used - 1, {});
      lines.back().append(" ").append(part);
      word.remove_prefix(part.size());
    }
    while (columns(word) > width) {
      lines.push_back(shortened(word, width, {}));
      word.remove_prefix(lines.back().size());
    }
    if (!word.empty() || end == 0) lines.emplace_back(word);
  }
  return lines;
}

std::string paint::bar(double begin, double end, std::size_t width) const {
  const double halves = 2.0 * static_cast<double>(width);
  const auto scaled = [&](double part) { return static_cast<std::size_t>(std::lround(std::clamp(part, 0.0, 1.0) * halves)); };
  // Something that took no time at all still shows, as half a column.
  const std::size_t first = std::min(scaled(begin), 2 * width - 1);
  const std::size_t last = std::max(scaled(end), first + 1);
  std::string out;
  for (std::size_t column = 0; column < width; ++column) {
    const bool left_half = first <= 2 * column && 2 * column < last;
    const bool right_half = first <= 2 * column + 1 && 2 * column + 1 < last;
    if (!left_half && !right_half) {
      out += ' ';
    } else if (!how_.unicode) {
      out += '=';
    } else {
      out += left_half && right_half ? "━" : left_half ? "╸" : "╺";
    }
  }
  return out;
}

}  // namespace parley::trace
