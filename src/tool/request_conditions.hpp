// What a request asks for only in part, or only if: -r, -C, -z and --etag-compare.
#pragma once

#include "tool/agent_options.hpp"

#include <optional>
#include <string>

namespace parley::tool {

/// Throws `refusal`.
void plan_conditions(agent_plan& plan, const agent_options& o);
/// Behind `plan_conditions`. `output` is the file of -o. Throws `refusal`.
void plan_ranges(agent_plan& plan, const agent_options& o, const std::string& method, const std::optional<std::string>& output);

}  // namespace parley::tool
