#include <parley/path_prefixes.hpp>

#include <parley/uri.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace parley {

namespace {

enum class slashes { split, stay };

// Each segment decoded as the router does: one whose escapes are wrong stays as it is, and may still be a route's `{name}`. A slash that was
// escaped is none to the router: `stay` leaves such a segment as it was sent.
std::string decoded_path(std::string_view path, slashes escaped = slashes::split) {
  std::string plain;
  plain.reserve(path.size());
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    const auto decoded = percent_decode(segment);
    const bool stays = !decoded || (escaped == slashes::stay && decoded->find('/') != std::string::npos);
    plain.append("/").append(stays ? segment : std::string_view(*decoded));
    at = slash + 1;
  }
  return plain;
}

// Without empty segments; `dots`: and without dot segments, which lead where they say.
std::string plain_path(std::string_view decoded, bool dots) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at <= decoded.size();) {
    const std::size_t slash = std::min(decoded.find('/', at), decoded.size());
    const std::string_view segment = decoded.substr(at, slash - at);
    if (dots && segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && !(dots && segment == ".")) {
      segments.push_back(segment);
    }
    at = slash + 1;
  }
  std::string plain;
  for (const std::string_view each : segments) plain.append("/").append(each);
  return plain;
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool is_below_any(std::string_view path, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes, [path](const std::string& prefix) { return is_below(path, prefix); });
}

// Nearly every path: nothing to decode, nothing to leave out.
bool has_one_reading(std::string_view path) {
  return path.starts_with('/') && path.find('%') == path.npos && path.find("//") == path.npos && path.find("/.") == path.npos;
}

}  // namespace

void path_prefixes::add(std::string_view prefix) {
  if (!prefix.starts_with('/') || prefix.find_first_of("?#") != std::string_view::npos) {
    throw std::invalid_argument("\"" + std::string(prefix) + "\" is no path; write one such as /admin");
  }
  prefixes_.push_back(plain_path(decoded_path(prefix), true));
}

bool path_prefixes::match(const request& req) const {
  if (prefixes_.empty()) return true;
  if (has_one_reading(req.path())) return is_below_any(req.path(), prefixes_);
  const std::string decoded = decoded_path(req.path());
  // Files follow dot segments, while routes take them for what stands at a `{name}`: what is below for either is below.
  return is_below_any(plain_path(decoded, true), prefixes_) || is_below_any(plain_path(decoded, false), prefixes_);
}

bool path_prefixes::match_surely(const request& req) const {
  const std::string_view path = req.path();
  if (prefixes_.empty() || !path.starts_with('/')) return false;
  if (has_one_reading(path)) return is_below_any(path, prefixes_);
  return is_below_any(decoded_path(path.substr(1), slashes::stay), prefixes_) &&
         is_below_any(plain_path(decoded_path(path), true), prefixes_);
}

}  // namespace parley
