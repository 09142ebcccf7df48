// What all client commands do.
#pragma once

#include "tool/fetch_options.hpp"

namespace parley::tool {

/// Fetches each URL of the plan, in order, on connections that are kept alive in between. The exit status of the first that
/// failed.
[[nodiscard]] int fetch_all(const fetch_plan& plan);

}  // namespace parley::tool
