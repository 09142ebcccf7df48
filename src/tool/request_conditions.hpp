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

/// With -r: what is to be said of an answer that is not the part that was asked for; empty: nothing.
[[nodiscard]] std::string about_range(const agent_plan& plan, const response& answer);

}  // namespace parley::tool
