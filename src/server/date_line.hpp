// The Date field, formatted once a second.
#pragma once

#include <parley/date.hpp>

#include <chrono>
#include <ctime>
#include <string_view>

namespace parley::server_room {

class date_line {
 public:
  /// The present time as an IMF-fixdate, from the coarse clock: a few nanoseconds. Valid until the next call.
  std::string_view now() {
    std::timespec t{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &t);
    if (t.tv_sec != second_) {
      second_ = t.tv_sec;
      write_date(text_, std::chrono::sys_seconds(std::chrono::seconds(t.tv_sec)));
    }
    return {text_, 29};
  }

 private:
  std::time_t second_ = -1;
  char text_[29] = {};
};

}  // namespace parley::server_room
