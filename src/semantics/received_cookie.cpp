#include "semantics/received_cookie.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/cookie_date.hpp"

namespace parley::semantics {

namespace {

// §5.6: %x00-08 / %x0A-1F / %x7F
constexpr bool is_cookie_control(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; }

std::pair<std::string_view, std::string_view> split_at(std::string_view text, char c) {
  const std::size_t at = text.find(c);
  if (at == text.npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

// §5.6.2: nothing for what is to be ignored. A number that does not fit is one that is far off.
std::optional<std::chrono::sys_seconds> max_age_time(std::string_view value, std::chrono::sys_seconds now) {
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  if (value.empty() || !base::all_of_class(value, base::class_digit)) return std::nullopt;
  const std::uint64_t delta = base::parse_decimal(value).value_or(UINT64_MAX);
  if (negative || delta == 0) return std::chrono::sys_seconds::min();
  return now +
         std::min(cookie_age_limit, std::chrono::seconds{static_cast<std::int64_t>(std::min<std::uint64_t>(delta, INT64_MAX))});
}

class attribute_taker {
 public:
  attribute_taker(received_cookie& cookie, std::chrono::sys_seconds now) : cookie_(cookie), now_(now) {}

  void take(std::string_view name, std::string_view value) {
    if (value.size() > max_cookie_attribute) return;
    if (base::iequals(name, "Expires")) {
      if (const auto date = parse_cookie_date(value)) expires_ = std::min(*date, now_ + cookie_age_limit);
    } else if (base::iequals(name, "Max-Age")) {
      if (const auto time = max_age_time(value, now_)) max_age_ = time;
    } else if (base::iequals(name, "Domain")) {
      if (value.starts_with('.')) value.remove_prefix(1);
      cookie_.domain = base::to_lower(value);
    } else if (base::iequals(name, "Path")) {
      cookie_.path.reset();
      if (value.starts_with('/')) cookie_.path = std::string(value);
    } else if (base::iequals(name, "Secure")) {
      cookie_.secure = true;
    } else if (base::iequals(name, "HttpOnly")) {
      cookie_.http_only = true;
    } else if (base::iequals(name, "Partitioned")) {
      cookie_.partitioned = true;
    } else if (base::iequals(name, "SameSite")) {
      cookie_.same_site = base::iequals(value, "Strict") ? same_site_rule::strict
                          : base::iequals(value, "Lax")  ? same_site_rule::lax
                          : base::iequals(value, "None") ? same_site_rule::none
                                                         : same_site_rule::unset;
    }
  }
  // §5.7: Max-Age counts before Expires, wherever it stands.
  void finish() { cookie_.expires = max_age_ ? max_age_ : expires_; }

 private:
  received_cookie& cookie_;
  std::chrono::sys_seconds now_;
  std::optional<std::chrono::sys_seconds> expires_, max_age_;
};

}  // namespace

std::expected<received_cookie, const char*> parse_set_cookie(std::string_view field, std::chrono::sys_seconds now) {
  if (std::any_of(field.begin(), field.end(), is_cookie_control)) return std::unexpected("there are control characters in it");
  auto [pair, attributes] = split_at(field, ';');
  received_cookie cookie;
  if (pair.find('=') == pair.npos) {
    cookie.value = base::trim_ows(pair);
  } else {
    const auto [name, value] = split_at(pair, '=');
    cookie.name = base::trim_ows(name);
    cookie.value = base::trim_ows(value);
  }
  if (cookie.name.empty() && cookie.value.empty()) return std::unexpected("it has neither name nor value");
  if (cookie.name.size() + cookie.value.size() > max_cookie_pair)
    return std::unexpected("its name and value are more than 4096 bytes together");

  attribute_taker taker(cookie, now);
  while (!attributes.empty()) {
    const auto [attribute, rest] = split_at(attributes, ';');
    const auto [name, value] = split_at(attribute, '=');
    taker.take(base::trim_ows(name), base::trim_ows(value));
    attributes = rest;
  }
  taker.finish();
  return cookie;
}

}  // namespace parley::semantics
