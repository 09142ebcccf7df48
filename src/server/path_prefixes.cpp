#include <parley/filter.hpp>

#include <parley/uri.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace parley {

namespace {

// One spelling for paths that routes or files might take for the same: decoded, without empty and dot segments. A path whose escapes
// are wrong stays as it is; no route has it.
std::string plain_path(std::string_view path) {
  const auto decoded = percent_decode(path);
  const std::string_view text = decoded ? std::string_view(*decoded) : path;
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    const std::string_view segment = text.substr(at, slash - at);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
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
  prefixes_.push_back(plain_path(prefix));
}

bool path_prefixes::match(const request& req) const {
  if (prefixes_.empty()) return true;
  const std::string path = plain_path(req.path());
  return std::ranges::any_of(prefixes_, [&path](const std::string& prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

}  // namespace parley
