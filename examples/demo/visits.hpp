// A counter that the visitor's browser carries.
#pragma once

#include <parley/server.hpp>

namespace demo {

/// `GET /visits`, `POST /visits/forget`.
void add_visits(parley::server& app);

}  // namespace demo
