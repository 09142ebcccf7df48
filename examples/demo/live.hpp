// What the server is doing, as it does it.
#pragma once

#include <parley/server.hpp>

namespace demo {

/// `GET /live`, and its events at `GET /live/events`.
void add_live(parley::server& app);

}  // namespace demo
