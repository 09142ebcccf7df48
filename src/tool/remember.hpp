// What a client command keeps from one run to the next: what servers announce about HTTP/3, and sessions for early data.
#pragma once

#include <parley/client.hpp>

#include "tool/fetch_options.hpp"

#include <string>

namespace parley::tool {

[[nodiscard]] bool asks_https(const fetch_plan& plan);
/// Whether sessions are kept for the next run.
[[nodiscard]] bool keeps_sessions(const fetch_plan& plan);
/// With --early-data, over https: why there can be none, as a sentence; empty: there may be.
[[nodiscard]] std::string why_no_early_data(const fetch_plan& plan);
/// Makes `http` use and keep what this plan allows. That it cannot be kept is no reason to fetch nothing.
void remember_servers(client& http, const fetch_plan& plan);

}  // namespace parley::tool
