#include "coding/content_coding.hpp"

#include "base/ascii.hpp"

#include <utility>

namespace parley::coding {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view name_of(content_coding which) {
  switch (which) {
    case content_coding::gzip: return "gzip";
    case content_coding::deflate: return "deflate";
    case content_coding::br: return "br";
    case content_coding::zstd: return "zstd";
  }
  std::unreachable();
}

std::optional<content_coding> coding_named(std::string_view token) {
  const std::string name = base::to_lower(token);
  if (name == "gzip" || name == "x-gzip") return content_coding::gzip;
  if (name == "deflate") return content_coding::deflate;
  if (name == "br") return content_coding::br;
  if (name == "zstd") return content_coding::zstd;
  return std::nullopt;
}

std::expected<std::vector<content_coding>, std::string> parse_codings(std::string_view value, std::size_t most) {
  std::vector<content_coding> codings;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view token = trimmed(value.substr(0, comma));
    if (!token.empty() && base::to_lower(token) != "identity") {
      const auto one = coding_named(token);
      if (!one || codings.size() == most) return std::unexpected(std::string(token));
      codings.push_back(*one);
    }
    if (comma == std::string_view::npos) return codings;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace parley::coding
