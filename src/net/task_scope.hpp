// The spawned tasks of a loop.
#pragma once

#include <parley/detail/cancel.hpp>

#include <cstddef>

namespace parley::net {

struct task_scope {
  detail::cancel_state state;  // above all of them
  std::size_t running = 0;
};

}  // namespace parley::net
