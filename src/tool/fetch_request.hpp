// A fetch plan as what the library takes.
#pragma once

#include <parley/client.hpp>
#include <parley/request.hpp>

#include "tool/fetch_options.hpp"

namespace parley::tool {

[[nodiscard]] request make_request(const fetch_plan& plan, const uri& url);
/// Streamed.
[[nodiscard]] options make_options(const fetch_plan& plan, const uri& url);

}  // namespace parley::tool
