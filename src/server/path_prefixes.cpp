#include <parley/filter.hpp>

#include <parley/uri.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace parley {

namespace {

// Each segment decoded as the router does: one whose escapes are wrong stays as it is, and may still be a route's `{name}`.
std::string decoded_path(std::string_view path) {
  std::string plain;
  plain.reserve(path.size());
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    const auto decoded = percent_decode(segment);
    plain.append("/").append(decoded ? std::string_view(*decoded) : segment);
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

}  // namespace

void path_prefixes::add(std::string_view prefix) {
  if (!prefix.starts_with('/') || prefix.find_first_of("?#") != std::string_view::npos) {
    throw std::invalid_argument("\"" + std::string(prefix) + "\" is no path; write one such as /admin");
  }
  prefixes_.push_back(plain_path(decoded_path(prefix), true));
}

bool path_prefixes::match(const request& req) const {
  if (prefixes_.empty()) return true;
  const std::string decoded = decoded_path(req.path());
  // Files follow dot segments, while routes take them for what stands at a `{name}`: what is below for either is below.
  const std::string followed = plain_path(decoded, true);
  const std::string taken = plain_path(decoded, false);
  const auto below = [](const std::string& path, const std::string& prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  };
  return std::ranges::any_of(prefixes_, [&](const std::string& prefix) { return below(followed, prefix) || below(taken, prefix); });
}

}  // namespace parley
