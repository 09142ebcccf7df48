// Messages of a running server: a line each on standard error, with the time.
#pragma once

#include <string_view>

namespace parley::tool {

/// Any thread.
void log_message(std::string_view text);

}  // namespace parley::tool
