// Connecting to one address.
#pragma once

#include "net/loop.hpp"
#include "net/stream.hpp"

namespace parley::net {

/// Begins to connect to a numeric address or a Unix socket's path. `done` is called once, never from within this call: with a
/// stream, or the system's error. Destroying what is returned gives it up, and `done` is not called. `done` may destroy it.
/// There is no limit of time but the system's (minutes): set a timer.
[[nodiscard]] std::unique_ptr<pending> connect(loop& on, const endpoint& to, connect_callback done);

}  // namespace parley::net
