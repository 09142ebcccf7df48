// From a plan to its response: attempts on connections, of which stale ones do not count.
#pragma once

#include "client/plan.hpp"
#include "client/pool.hpp"
#include "client/progress.hpp"

#include <parley/client.hpp>
#include <parley/task.hpp>

#include <memory>

namespace parley::fetching {

/// Sends the request, again where that is safe, and gives the response: whole, or at its head when it is streamed.
/// Throws `fetch_error`, what the producer or `on_informational` throws, and `std::invalid_argument`.
/// `what`, `how` and `at` must outlive the task.
[[nodiscard]] task<response> fetch_planned(std::shared_ptr<pool> through, plan& what, const options& how, progress& at);

}  // namespace parley::fetching
