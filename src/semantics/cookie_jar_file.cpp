#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/cookie_jar.hpp"

namespace parley::semantics {

namespace {

constexpr std::string_view http_only_mark = "#HttpOnly_";
constexpr std::size_t cookie_columns = 7;

// The last column is the rest of the line: values may have tabs.
bool split_columns(std::string_view line, std::array<std::string_view, cookie_columns>& columns) {
  for (std::size_t i = 0; i + 1 < cookie_columns; ++i) {
    const std::size_t tab = line.find('\t');
    if (tab == line.npos) {
      columns[i] = line;
      // Where there is no value, some leave the last tab out.
      return i + 2 == cookie_columns;
    }
    columns[i] = line.substr(0, tab);
    line.remove_prefix(tab + 1);
  }
  columns.back() = line;
  return true;
}

std::optional<bool> truth_of(std::string_view text) {
  if (base::iequals(text, "TRUE")) return true;
  if (base::iequals(text, "FALSE")) return false;
  return std::nullopt;
}

}  // namespace

std::string cookie_jar::to_netscape() const {
  std::string text = "# Netscape HTTP Cookie File\n# Written by Parley; changes are lost when it is written again.\n\n";
  for (const jar_cookie* c : all()) {
    // Columns are tabs apart.
    if (c->name.find('\t') != c->name.npos || c->path.find('\t') != c->path.npos) continue;
    if (c->http_only) text += http_only_mark;
    if (!c->host_only) text += '.';
    text.append(c->domain).append(c->host_only ? "\tFALSE\t" : "\tTRUE\t").append(c->path);
    text += c->secure ? "\tTRUE\t" : "\tFALSE\t";
    base::append_decimal(
        text, c->expires ? static_cast<std::uint64_t>(std::max<std::int64_t>(1, c->expires->time_since_epoch().count())) : 0);
    text.append("\t").append(c->name).append("\t").append(c->value).append("\n");
  }
  return text;
}

bool cookie_jar::read_netscape_line(std::string_view line, std::chrono::sys_seconds now) {
  jar_cookie cookie;
  cookie.http_only = line.starts_with(http_only_mark);
  if (cookie.http_only) line.remove_prefix(http_only_mark.size());
  std::array<std::string_view, cookie_columns> columns;
  if (!split_columns(line, columns)) return false;

  std::string_view domain = columns[0];
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const auto below = truth_of(columns[1]);
  const auto secure = truth_of(columns[3]);
  const auto time = columns[4].empty() ? std::optional<std::uint64_t>(0) : base::parse_decimal(columns[4]);
  if (domain.empty() || !below || !secure || !time || !columns[2].starts_with('/')) return false;
  if (std::any_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; })) return false;
  if (std::any_of(domain.begin(), domain.end(), [](char c) { return c == ' ' || static_cast<unsigned char>(c) >= 0x80; }))
    return false;
  if (columns[2].size() > max_cookie_attribute || domain.size() > max_cookie_attribute) return false;
  if (columns[5].size() + columns[6].size() > max_cookie_pair || columns[5].size() + columns[6].size() == 0) return false;

  cookie.domain = base::to_lower(domain);
  cookie.host_only = !*below || is_address(cookie.domain);
  cookie.path = columns[2];
  cookie.secure = *secure;
  cookie.name = columns[5];
  cookie.value = columns[6];
  // What `field_for` writes has its parts between semicolons, and its names before an equals sign.
  if (line.find(';') != line.npos || cookie.name.find('=') != cookie.name.npos) return false;
  if (!cookie.host_only && is_public_suffix(cookie.domain)) return false;
  // No server could have set these (§5.7).
  if (has_secure_prefix(cookie.name) && !cookie.secure) return false;
  if (has_host_prefix(cookie.name) && (!cookie.secure || *below || cookie.path != "/")) return false;
  if (*time != 0) {
    constexpr auto latest = static_cast<std::uint64_t>(INT64_MAX / 1'000'000'000);
    cookie.expires = std::min(std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(std::min(*time, latest))}},
                              now + cookie_age_limit);
    if (*cookie.expires <= now) return true;
  }
  put(std::move(cookie), now);
  return true;
}

std::size_t cookie_jar::read_netscape(std::string_view text, std::chrono::sys_seconds now) {
  std::size_t bad = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (line[0] == '#' && !line.starts_with(http_only_mark))) continue;
    if (!read_netscape_line(line, now)) ++bad;
  }
  return bad;
}

}  // namespace parley::semantics
