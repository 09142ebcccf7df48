#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/cookie_jar.hpp"

namespace parley::semantics {

namespace {

constexpr std::string_view http_only_mark = "#HttpOnly_";
// Before a line that others take for a comment: tabs and percent signs in its columns are escaped.
constexpr std::string_view escaped_mark = "#Parley_";
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

bool has_tab(const jar_cookie& c) {
  const auto in = [](const std::string& text) { return text.find('\t') != text.npos; };
  return in(c.name) || in(c.path) || in(c.value);
}

void append_column(std::string& to, std::string_view text, bool escaped) {
  if (!escaped) {
    to += text;
    return;
  }
  for (const char c : text) {
    if (c == '\t') {
      to += "%09";
    } else if (c == '%') {
      to += "%25";
    } else {
      to += c;
    }
  }
}

// What `append_column` has escaped, and nothing else.
bool unescape_column(std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const std::string_view code = std::string_view(text).substr(i + 1, 2);
    if (code != "09" && code != "25") return false;
    plain += code == "09" ? '\t' : '%';
    i += 2;
  }
  text = std::move(plain);
  return true;
}

}  // namespace

std::string cookie_jar::to_netscape() const {
  std::string text = "# Netscape HTTP Cookie File\n# Written by Parley; changes are lost when it is written again.\n";
  const std::vector<const jar_cookie*> cookies = all();
  const auto with_tab = std::count_if(cookies.begin(), cookies.end(), [](const jar_cookie* c) { return has_tab(*c); });
  if (with_tab != 0) {
    text.append("# ").append(std::to_string(with_tab)).append(with_tab == 1 ? " cookie" : " cookies");
    text.append(" with a tab, which this format has no way to write: behind ").append(escaped_mark);
    text += ", for Parley alone.\n";
  }
  text += '\n';
  for (const jar_cookie* c : cookies) {
    const bool escaped = has_tab(*c);
    if (escaped) text += escaped_mark;
    if (c->http_only) text += http_only_mark;
    if (!c->host_only) text += '.';
    text.append(c->domain).append(c->host_only ? "\tFALSE\t" : "\tTRUE\t");
    append_column(text, c->path, escaped);
    text += c->secure ? "\tTRUE\t" : "\tFALSE\t";
    base::append_decimal(
        text, c->expires ? static_cast<std::uint64_t>(std::max<std::int64_t>(1, c->expires->time_since_epoch().count())) : 0);
    text += '\t';
    append_column(text, c->name, escaped);
    text += '\t';
    append_column(text, c->value, escaped);
    text += '\n';
  }
  return text;
}

bool cookie_jar::read_netscape_line(std::string_view line, std::chrono::sys_seconds now) {
  jar_cookie cookie;
  const bool escaped = line.starts_with(escaped_mark);
  if (escaped) line.remove_prefix(escaped_mark.size());
  cookie.http_only = line.starts_with(http_only_mark);
  if (cookie.http_only) line.remove_prefix(http_only_mark.size());
  std::array<std::string_view, cookie_columns> columns;
  if (!split_columns(line, columns)) return false;
  cookie.path = columns[2];
  cookie.name = columns[5];
  cookie.value = columns[6];
  if (escaped && (cookie.value.find('\t') != cookie.value.npos || !unescape_column(cookie.path) || !unescape_column(cookie.name) ||
                  !unescape_column(cookie.value)))
    return false;

  std::string_view domain = columns[0];
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const auto below = truth_of(columns[1]);
  const auto secure = truth_of(columns[3]);
  const auto time = columns[4].empty() ? std::optional<std::uint64_t>(0) : base::parse_decimal(columns[4]);
  if (domain.empty() || !below || !secure || !time || !cookie.path.starts_with('/')) return false;
  if (std::any_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; })) return false;
  if (std::any_of(domain.begin(), domain.end(),
                  [](char c) { return c == ' ' || c == '#' || static_cast<unsigned char>(c) >= 0x80; }))
    return false;
  if (cookie.path.size() > max_cookie_attribute || domain.size() > max_cookie_attribute) return false;
  const std::size_t pair = cookie.name.size() + cookie.value.size();
  if (pair > max_cookie_pair || pair == 0) return false;

  cookie.domain = base::to_lower(domain);
  cookie.host_only = !*below || is_address(cookie.domain);
  cookie.secure = *secure;
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
    if (line.empty() || (line[0] == '#' && !line.starts_with(http_only_mark) && !line.starts_with(escaped_mark))) continue;
    if (!read_netscape_line(line, now)) ++bad;
  }
  return bad;
}

}  // namespace parley::semantics
