#include "demo.hpp"

#include "account.hpp"
#include "customers.hpp"
#include "file_pages.hpp"
#include "live.hpp"
#include "order.hpp"
#include "pages.hpp"
#include "streams.hpp"
#include "visits.hpp"

#include <parley/compression.hpp>
#include <parley/csrf.hpp>
#include <parley/session.hpp>

#include <filesystem>

namespace demo {
namespace {

/// Another site's page can have a visitor's browser send POST and nothing else that is not safe. These take no such forms: customers are
/// made of JSON here, and the streams change nothing.
bool needs_no_token(const parley::request& req) {
  const std::string_view path = req.path();
  return req.method() != parley::method::post || path == "/customers" || path == "/echo" || path == "/upload";
}

}  // namespace

void install(parley::server& app, const options& how) {
  const std::filesystem::path folder = how.data();
  const bool in_folder = how.customers() == nullptr;
  if (in_folder) std::filesystem::create_directories(folder);
  const auto keys = in_folder ? parley::secret_keys::in_file((folder / "form.key").string()) : parley::secret_keys();
  const auto customers = in_folder ? parley::open_sqlite((folder / "customers.sqlite").string(), "customers") : how.customers();
  const auto sessions = in_folder ? parley::sqlite_sessions((folder / "sessions.sqlite").string()) : parley::memory_sessions();
  const std::string files = in_folder && how.files().empty() ? (folder / "files").string() : how.files();

  app.compression(parley::compression_options());
  app.sessions(sessions);
  app.csrf_protection(parley::csrf_options().keys(keys).exempt_if(needs_no_token));
  add_pages(app);
  add_customers(app, customers);
  add_order(app, keys);
  if (!files.empty()) add_files(app, files);
  add_live(app);
  add_visits(app);
  add_account(app);
  add_streams(app);
}

}  // namespace demo
