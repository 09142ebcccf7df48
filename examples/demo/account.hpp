// Logging in and out: a web session.
#pragma once

#include <parley/server.hpp>

namespace demo {

/// `GET /account`; `GET` and `POST /login`; `POST /logout`, `POST /logout/everywhere`.
void add_account(parley::server& app);

}  // namespace demo
