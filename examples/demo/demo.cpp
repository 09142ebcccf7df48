#include "demo.hpp"

#include "customers.hpp"
#include "pages.hpp"
#include "streams.hpp"

#include <filesystem>

namespace demo {

void install(parley::server& app, const options& how) {
  auto customers = how.customers();
  if (!customers) {
    const std::filesystem::path folder = how.data();
    std::filesystem::create_directories(folder);
    customers = parley::open_sqlite((folder / "customers.sqlite").string(), "customers");
  }
  add_pages(app);
  add_customers(app, std::move(customers));
  add_streams(app);
}

}  // namespace demo
