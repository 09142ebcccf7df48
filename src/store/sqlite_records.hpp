// What open_sqlite makes. Apart from it, so that tests can weaken what users cannot.
#pragma once

#include "store/sqlite_database.hpp"

#include <parley/store.hpp>

#include <memory>

namespace parley::store {

[[nodiscard]] std::shared_ptr<record_store> open_records(const database_settings& how);

}  // namespace parley::store
