// A form of two pages, whose first answers travel through the second in a hidden field.
#pragma once

#include <parley/hidden_state.hpp>
#include <parley/server.hpp>

namespace demo {

/// `GET` and `POST /order`, `POST /order/delivery`, `GET /order/done`. `keys` sign the hidden field.
void add_order(parley::server& app, const parley::secret_keys& keys);

}  // namespace demo
