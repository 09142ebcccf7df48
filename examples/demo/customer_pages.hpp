// The customers, for people: the same records as the service's, by plain forms.
#pragma once

#include <parley/server.hpp>
#include <parley/store.hpp>

#include <memory>

namespace demo {

/// The list, or what a search finds in names, addresses and numbers.
[[nodiscard]] parley::task<parley::response> customers_page(parley::record_store& store, parley::request& req);
[[nodiscard]] parley::task<parley::response> customer_page(parley::record_store& store, parley::request& req);

/// `GET` and `POST` of `/customers/new`, `/customers/{id}/edit` and `/customers/{id}/remove`.
void add_customer_forms(parley::server& app, std::shared_ptr<parley::record_store> store);

}  // namespace demo
