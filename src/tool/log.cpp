// The only file that includes spdlog, which compiles slowly.
#include "tool/log.hpp"

#include "trace/escape.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace parley::tool {

void log_message(std::string_view text) {
  static const auto log = [] {
    auto made = spdlog::stderr_color_mt("parley");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z parley: %v");
    return made;
  }();
  log->warn("{}", trace::printable(text));
}

}  // namespace parley::tool
