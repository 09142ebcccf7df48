// The pages: the test page, the session page, and what is answered when something is wrong.
#pragma once

#include <parley/server.hpp>

namespace demo {

/// `GET /`, `GET /session`, their style sheet and icon, and the pages for errors.
void add_pages(parley::server& app);

}  // namespace demo
