#include <parley/date.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.hpp"

namespace parley {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using optional_seconds = std::optional<sys_seconds>;

constexpr std::array<std::string_view, 7> weekday_names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                        "Thursday", "Friday", "Saturday"};
constexpr std::string_view weekday_starts = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

// Takes a date apart from left to right; once something is wrong, all that follows is without effect.
class date_reader {
 public:
  explicit date_reader(std::string_view text) : rest_(text) {}

  void skip(std::string_view literal) {
    if (rest_.starts_with(literal)) {
      rest_.remove_prefix(literal.size());
    } else {
      fail();
    }
  }
  // Exactly `width` digits.
  int number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) fail();
    for (std::size_t i = 0; i < width && !rest_.empty(); ++i) {
      if (!base::is_digit(rest_[0])) {
        fail();
        return 0;
      }
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  // asctime pads the day with a space.
  int padded_day() {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }
  unsigned month() { return name_in(month_names) + 1; }
  unsigned weekday() { return name_in(weekday_starts); }
  unsigned long_weekday() {
    for (unsigned i = 0; i < weekday_names.size(); ++i) {
      if (!rest_.starts_with(weekday_names[i])) continue;
      rest_.remove_prefix(weekday_names[i].size());
      return i;
    }
    fail();
    return 0;
  }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  void fail() {
    good_ = false;
    rest_ = {};
  }
  // One of names of three letters each.
  unsigned name_in(std::string_view names) {
    const std::string_view name = rest_.substr(0, 3);
    for (std::size_t i = 0; name.size() == 3 && i < names.size(); i += 3) {
      if (names.substr(i, 3) != name) continue;
      rest_.remove_prefix(3);
      return static_cast<unsigned>(i / 3);
    }
    fail();
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

struct time_of_day {
  int hour = 0;
  int minute = 0;
  int second = 0;
};

time_of_day read_time(date_reader& reader) {
  time_of_day time;
  time.hour = reader.number(2);
  reader.skip(":");
  time.minute = reader.number(2);
  reader.skip(":");
  time.second = reader.number(2);
  return time;
}

optional_seconds combine(int year, unsigned month, int day, time_of_day time) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // RFC 9110 §5.6.7: second 60 is a leap second.
  if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  return sys_days{date} + std::chrono::hours{time.hour} + std::chrono::minutes{time.minute} + std::chrono::seconds{time.second};
}

bool falls_on(int year, unsigned month, int day, unsigned weekday) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  return date.ok() && std::chrono::weekday{sys_days{date}}.c_encoding() == weekday;
}

// Sun, 06 Nov 1994 08:49:37 GMT
optional_seconds parse_imf_fixdate(std::string_view text) {
  date_reader reader(text);
  const unsigned weekday = reader.weekday();
  reader.skip(", ");
  const int day = reader.number(2);
  reader.skip(" ");
  const unsigned month = reader.month();
  reader.skip(" ");
  const int year = reader.number(4);
  reader.skip(" ");
  const time_of_day time = read_time(reader);
  reader.skip(" GMT");
  if (!reader.done() || !falls_on(year, month, day, weekday)) return std::nullopt;
  return combine(year, month, day, time);
}

// Sun Nov  6 08:49:37 1994
optional_seconds parse_asctime(std::string_view text) {
  date_reader reader(text);
  const unsigned weekday = reader.weekday();
  reader.skip(" ");
  const unsigned month = reader.month();
  reader.skip(" ");
  const int day = reader.padded_day();
  reader.skip(" ");
  const time_of_day time = read_time(reader);
  reader.skip(" ");
  const int year = reader.number(4);
  if (!reader.done() || !falls_on(year, month, day, weekday)) return std::nullopt;
  return combine(year, month, day, time);
}

// Sunday, 06-Nov-94 08:49:37 GMT
optional_seconds parse_rfc850(std::string_view text, sys_seconds now) {
  date_reader reader(text);
  reader.long_weekday();  // says nothing: the century is a guess
  reader.skip(", ");
  const int day = reader.number(2);
  reader.skip("-");
  const unsigned month = reader.month();
  reader.skip("-");
  const int short_year = reader.number(2);
  reader.skip(" ");
  const time_of_day time = read_time(reader);
  reader.skip(" GMT");
  if (!reader.done()) return std::nullopt;

  // RFC 9110 §5.6.7: what seems to lie more than 50 years ahead is the latest past year with these digits.
  const std::chrono::year_month_day today{std::chrono::floor<days>(now)};
  const int latest = static_cast<int>(today.year()) + 50;
  const int year = latest - ((latest - short_year) % 100 + 100) % 100;
  const optional_seconds result = combine(year, month, day, time);
  if (!result || *result <= now + std::chrono::years{50}) return result;
  return combine(year - 100, month, day, time);
}

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

}  // namespace

char* write_date(char* out, sys_seconds time) {
  constexpr sys_seconds first = sys_days{std::chrono::year{0} / 1 / 1};
  constexpr sys_seconds last = sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::seconds{1};
  time = std::clamp(time, first, last);
  const sys_days day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const auto second_of_day = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  out = put(out, weekday_starts.substr(3 * std::chrono::weekday{day}.c_encoding(), 3));
  out = put(out, ", ");
  out = put_two(out, static_cast<unsigned>(date.day()));
  out = put(out, " ");
  out = put(out, month_names.substr(3 * (static_cast<unsigned>(date.month()) - 1), 3));
  out = put(out, " ");
  out = put_two(out, year / 100);
  out = put_two(out, year % 100);
  out = put(out, " ");
  out = put_two(out, second_of_day / 3600);
  out = put(out, ":");
  out = put_two(out, second_of_day / 60 % 60);
  out = put(out, ":");
  out = put_two(out, second_of_day % 60);
  return put(out, " GMT");
}

std::string format_date(sys_seconds time) {
  std::string text(date_length, '\0');
  write_date(text.data(), time);
  return text;
}

std::optional<sys_seconds> parse_date(std::string_view text, sys_seconds now) {
  // The byte after the weekday tells the formats apart.
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return parse_imf_fixdate(text);
  if (text[3] == ' ') return parse_asctime(text);
  return parse_rfc850(text, now);
}

}  // namespace parley
