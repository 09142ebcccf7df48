// The field lines that a server adds by itself: Date and Server, made once a second.
#pragma once

#include <parley/date.hpp>

#include "semantics/ready_lines.hpp"

#include <chrono>
#include <ctime>
#include <string>
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
      stale_ = true;
    }
    return {text_, 29};
  }
  /// Date, and Server unless `product` is empty. Valid until the next call.
  const detail::ready_lines& lines(const std::string& product) {
    const std::string_view date = now();
    if (stale_) [[unlikely]] {
      fields both{{"Date", date}};
      if (!product.empty()) both.add("Server", product);
      lines_ = detail::ready_lines(std::move(both));
      stale_ = false;
    }
    return lines_;
  }

 private:
  std::time_t second_ = -1;
  bool stale_ = true;
  char text_[29] = {};
  detail::ready_lines lines_;
};

}  // namespace parley::server_room
