// The field lines that a server adds by itself: Date, Server and Alt-Svc, made once a second.
#pragma once

#include <parley/date.hpp>

#include "semantics/ready_lines.hpp"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace parley::server_room {

/// RFC 7838 §3: the same host has HTTP/3 on this port, for a day.
[[nodiscard]] inline std::string alt_svc_for(std::uint16_t port) { return "h3=\":" + std::to_string(port) + "\"; ma=86400"; }

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
  /// Date, Server unless `product` is empty, and Alt-Svc for HTTP/3 on a port that is not 0. Valid until the next call.
  const detail::ready_lines& lines(const std::string& product, std::uint16_t http3_port = 0) {
    const std::string_view date = now();
    auto at = kept_.begin();
    while (at != kept_.end() && at->http3_port != http3_port) ++at;
    if (at == kept_.end()) [[unlikely]] {
      at = kept_.insert(at, kept{http3_port, -1, {}});
    }
    if (at->second != second_) [[unlikely]] {
      fields all{{"Date", date}};
      if (!product.empty()) all.add("Server", product);
      if (http3_port != 0) all.add("Alt-Svc", alt_svc_for(http3_port));
      at->lines = detail::ready_lines(std::move(all));
      at->second = second_;
    }
    return at->lines;
  }

 private:
  struct kept {
    std::uint16_t http3_port;
    std::time_t second;
    detail::ready_lines lines;
  };
  std::time_t second_ = -1;
  char text_[29] = {};
  std::vector<kept> kept_;  // one, and another for each port with HTTP/3
};

}  // namespace parley::server_room
