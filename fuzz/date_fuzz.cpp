// Dates: what is read can be written, and then says the same.
#include <parley/date.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::chrono::sys_seconds now{std::chrono::seconds{1'790'000'000}};
  const auto time = parley::parse_date(text, now);
  if (!time) return 0;
  const std::string written = parley::format_date(*time);
  // Second 60 of the last minute of year 9999 has no other spelling.
  if (*time < std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} && parley::parse_date(written, now) != time) std::abort();
  // There is one way to write a time as IMF-fixdate, but for leap seconds.
  const bool fixdate = text[3] == ',';
  if (fixdate && text.substr(23, 2) != "60" && text != written) std::abort();
  return 0;
}
