// A fetch that may take more than one request: redirects, logins, cookies; and what is done to its content.
#pragma once

#include "client/agent_settings.hpp"
#include "client/plan.hpp"
#include "client/pool.hpp"
#include "client/progress.hpp"

#include <parley/client.hpp>
#include <parley/task.hpp>

#include <memory>
#include <optional>

namespace parley::fetching {

/// `what` is the request that is under way; it, `how` and `at` must outlive the task. `jar` where the options name none.
[[nodiscard]] task<response> travel(std::shared_ptr<pool> through, request req, const options& how, std::optional<cookie_jar> jar,
                                    plan& what, progress& at);

}  // namespace parley::fetching
