// Content that flows: never collected, at the pace of the slower side.
#pragma once

#include <parley/server.hpp>

namespace demo {

/// `GET /bytes/{count}`, `POST /echo`, `POST /upload`.
void add_streams(parley::server& app);

}  // namespace demo
