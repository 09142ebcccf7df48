// The customers service.
#pragma once

#include <parley/server.hpp>
#include <parley/store.hpp>

#include <memory>

namespace demo {

/// `PUT /customers/requests`, `GET` and `POST /customers`, `GET`, `PUT`, `PATCH` and `DELETE /customers/{id}`.
void add_customers(parley::server& app, std::shared_ptr<parley::record_store> store);

}  // namespace demo
