#include "semantics/cookie_date.hpp"

#include "base/ascii.hpp"

namespace parley::semantics {

namespace {

// %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
constexpr bool is_date_delimiter(char c) {
  return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) || (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

// Between `least` and `most` digits at the front, and none behind them; -1 when it is not so.
int take_digits(std::string_view& rest, std::size_t least, std::size_t most) {
  int value = 0;
  std::size_t n = 0;
  for (; n < rest.size() && base::is_digit(rest[n]); ++n) {
    if (n == most) return -1;
    value = value * 10 + (rest[n] - '0');
  }
  if (n < least) return -1;
  rest.remove_prefix(n);
  return value;
}

class cookie_date_reader {
 public:
  void take(std::string_view token) {
    static_cast<void>(take_time(token) || take_day(token) || take_month(token) || take_year(token));
  }

  [[nodiscard]] std::optional<std::chrono::sys_seconds> result() const {
    if (hour_ < 0 || day_ < 0 || month_ < 0 || year_ < 0) return std::nullopt;
    const int year = year_ >= 70 && year_ <= 99 ? year_ + 1900 : year_ <= 69 ? year_ + 2000 : year_;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month_)},
                                           std::chrono::day{static_cast<unsigned>(day_)}};
    if (year < 1601 || !date.ok() || hour_ > 23 || minute_ > 59 || second_ > 59) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{hour_} + std::chrono::minutes{minute_} + std::chrono::seconds{second_};
  }

 private:
  bool take_time(std::string_view token) {
    if (hour_ >= 0) return false;
    const int hour = take_digits(token, 1, 2);
    if (hour < 0 || !token.starts_with(':')) return false;
    token.remove_prefix(1);
    const int minute = take_digits(token, 1, 2);
    if (minute < 0 || !token.starts_with(':')) return false;
    token.remove_prefix(1);
    const int second = take_digits(token, 1, 2);
    if (second < 0) return false;
    hour_ = hour;
    minute_ = minute;
    second_ = second;
    return true;
  }
  bool take_day(std::string_view token) {
    if (day_ >= 0) return false;
    day_ = take_digits(token, 1, 2);
    return day_ >= 0;
  }
  bool take_month(std::string_view token) {
    if (month_ >= 0 || token.size() < 3) return false;
    constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (std::size_t i = 0; i < names.size(); i += 3) {
      if (!base::iequals(token.substr(0, 3), names.substr(i, 3))) continue;
      month_ = static_cast<int>(i / 3) + 1;
      return true;
    }
    return false;
  }
  bool take_year(std::string_view token) {
    if (year_ >= 0) return false;
    year_ = take_digits(token, 2, 4);
    return year_ >= 0;
  }

  int day_ = -1, month_ = -1, year_ = -1, hour_ = -1, minute_ = -1, second_ = -1;
};

}  // namespace

std::optional<std::chrono::sys_seconds> parse_cookie_date(std::string_view text) {
  cookie_date_reader reader;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_date_delimiter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_date_delimiter(text[end])) ++end;
    reader.take(text.substr(at, end - at));
    at = end;
  }
  return reader.result();
}

}  // namespace parley::semantics
