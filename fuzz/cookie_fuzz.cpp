// Cookies: any Cookie value, any Set-Cookie into a small jar whose bounds hold, any cookie file; what is written reads as the same.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "semantics/cookie.hpp"
#include "semantics/cookie_jar.hpp"

namespace {

using namespace parley::semantics;

constexpr std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

void require(bool holds) {
  if (!holds) std::abort();
}

void check_jar(const cookie_jar& jar, const cookie_jar_caps& caps) {
  require(jar.size() <= caps.cookies && jar.bytes() <= caps.bytes);
  std::size_t bytes = 0;
  for (const auto* c : jar.all()) bytes += c->name.size() + c->value.size() + c->domain.size() + c->path.size();
  require(bytes == jar.bytes() && jar.all().size() == jar.size());
}

void check_written(const received_cookie& said) {
  set_cookie c{.name = said.name, .value = said.value};
  c.path = said.path.value_or("");
  c.domain = said.domain.value_or("");
  c.secure = said.secure;
  c.http_only = said.http_only;
  c.partitioned = said.partitioned;
  c.same_site = said.same_site;
  const auto text = to_field(c);
  if (!text) return;
  const auto again = parse_set_cookie(*text, now);
  require(again && again->name == c.name && again->value == c.value && again->secure == c.secure &&
          again->same_site == c.same_site);
  require(again->path.value_or("") == c.path && again->domain.value_or("") == c.domain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cookie_reader pairs(text);
  while (const auto pair = pairs.next()) require(pair->value.find(';') == pair->value.npos);

  const cookie_jar_caps caps{.cookies = 8, .cookies_of_domain = 4, .bytes = 400, .sent = 100};
  cookie_jar jar({}, caps);
  const cookie_url urls[] = {{"www.a.example", "/x/y", true}, {"a.example", "/", false}, {"127.0.0.1", "/x/", true}};
  // One line a Set-Cookie, from one URL after the other.
  std::size_t n = 0;
  for (std::string_view rest = text; !rest.empty(); ++n) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    static_cast<void>(jar.store(line, urls[n % 3], now));
    check_jar(jar, caps);
    if (const auto said = parse_set_cookie(line, now)) check_written(*said);
    const std::string field = jar.field_for(urls[n % 3], now);
    require(field.size() <= caps.sent && field.find('\n') == field.npos);
  }
  const std::string file = jar.to_netscape();
  cookie_jar again({}, caps);
  require(again.read_netscape(file, now) == 0 && again.size() == jar.size());

  cookie_jar from_file({}, caps);
  from_file.read_netscape(text, now);
  check_jar(from_file, caps);
  return 0;
}
