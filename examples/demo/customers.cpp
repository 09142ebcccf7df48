#include "customers.hpp"

#include "customer.hpp"

#include <parley/json.hpp>

#include <charconv>
#include <optional>

namespace demo {
namespace {

using parley::record_store;
using parley::request;
using parley::response;
using parley::task;

constexpr std::int64_t default_page = 50;
constexpr std::int64_t longest_page = 500;

/// Digits only, from `least` to `most`.
std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return {};
  if (value < least || value > most) return {};
  return value;
}

std::string path_of(std::int64_t id) { return "/customers/" + std::to_string(id); }

parley::problem_error no_customer(std::int64_t id) {
  return parley::problem_error(404, "There is no customer " + std::to_string(id) + ".");
}

/// The id that the path names. A path that names none is just not there; so are a sign and leading zeros, or one customer would have
/// several addresses.
std::int64_t id_of(const request& req) {
  const std::string text = req.path("id");
  const auto id = number(text, 1, max_id);
  if (!id || text.starts_with('0')) throw parley::problem_error(404, "A customer's number is a positive integer.");
  return *id;
}

std::int64_t parameter(const request& req, std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  const std::optional<std::string> text = req.query(name);
  if (!text) return otherwise;
  const auto value = number(*text, least, most);
  if (value) return *value;
  auto what = parley::problem(400).detail("The query parameter " + std::string(name) + " must be an integer from " +
                                          std::to_string(least) + " to " + std::to_string(most) + ".");
  throw parley::problem_error(std::move(what).extension_text("parameter", name));
}

response document_response(std::string document) { return response().content(std::move(document), "application/json"); }

// --- the collection --------------------------------------------------------------------------------------------------------------

task<response> list(record_store& store, request& req) {
  const std::int64_t after = parameter(req, "after", 0, max_id, 0);
  const std::int64_t limit = parameter(req, "limit", 1, longest_page, default_page);
  auto listing = store.list(after, static_cast<std::size_t>(limit));
  const record_store::page page = co_await listing;

  std::string content = R"({"customers":[)";
  for (const parley::record& each : page.records) {
    if (&each != &page.records.front()) content += ',';
    content += each.document;  // is JSON already
  }
  if (!page.more) {
    content += R"(],"next":null})";
    co_return document_response(std::move(content));
  }
  const std::string next = "/customers?after=" + std::to_string(page.records.back().id) + "&limit=" + std::to_string(limit);
  content += R"(],"next":")" + next + "\"}";
  response answer = document_response(std::move(content));
  answer.header("Link", "<" + next + ">; rel=\"next\"");  // RFC 8288
  co_return answer;
}

task<response> add(record_store& store, request& req) {
  auto reading = req.json<new_customer>();
  const new_customer given = co_await reading;
  // It runs on the writer's thread, even when this request is given up meanwhile, so it owns what it needs.
  const auto write = [given](std::int64_t id) {
    if (id > max_id) throw parley::problem_error(409, "All customer numbers are used up.");
    return to_document(id, given.name, given.address);
  };
  auto inserting = store.insert(write);
  const std::int64_t id = co_await inserting;
  response answer = document_response(to_document(id, given.name, given.address));
  answer.status(201).header("Location", path_of(id));
  co_return answer;
}

// --- one customer ----------------------------------------------------------------------------------------------------------------

task<response> get(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto getting = store.get(id);
  std::optional<parley::record> found = co_await getting;
  if (!found) throw no_customer(id);
  co_return document_response(std::move(found->document));
}

task<response> add_or_replace(record_store& store, std::int64_t id, std::string document) {
  auto putting = store.put(id, document);
  const record_store::outcome outcome = co_await putting;
  response answer = document_response(std::move(document));
  if (outcome == record_store::outcome::created) answer.status(201).header("Location", path_of(id));
  co_return answer;
}

task<response> put(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto reading = req.json<customer>();
  const customer given = co_await reading;
  if (given.id != id) throw parley::invalid_members({{"CustID", "must be " + std::to_string(id) + ", as in the path"}});
  auto putting = add_or_replace(store, id, to_document(id, given.name, given.address));
  response answer = co_await putting;
  co_return answer;
}

/// The same for a record that alone tells whose it is.
task<response> put_request(record_store& store, request& req) {
  auto reading = req.json<customer>();
  const customer given = co_await reading;
  auto putting = add_or_replace(store, given.id, to_document(given.id, given.name, given.address));
  response answer = co_await putting;
  co_return answer;
}

/// RFC 7396 §4 registers `application/merge-patch+json`; plain JSON is taken for one, too.
void require_merge_patch(const request& req) {
  const auto type = parley::media_type::parse(req.header("Content-Type"));
  if (type && (type->essence() == "application/merge-patch+json" || type->essence() == "application/json")) return;
  throw parley::problem_error(415, "The content must be a JSON merge patch: send it as application/merge-patch+json.")
      .header("Accept-Patch", "application/merge-patch+json, application/json");  // RFC 5789 §2.2
}

task<response> patch(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  require_merge_patch(req);
  auto reading = req.text();
  const std::string content = co_await reading;
  const auto change = [patch = parley::parse_json(content)](const std::string& document) { return patched(document, patch); };
  auto changing = store.modify(id, change);
  std::optional<std::string> document = co_await changing;
  if (!document) throw no_customer(id);
  co_return document_response(std::move(*document));
}

task<response> remove(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto removing = store.remove(id);
  const bool removed = co_await removing;
  if (!removed) throw no_customer(id);
  co_return parley::no_content();
}

}  // namespace

// The lambdas are no coroutines: they only start one, with references to what outlives it (the store lives in the route, the request
// as long as its handler runs).
void add_customers(parley::server& app, std::shared_ptr<record_store> store) {
  app.route("GET /customers", [store](request& req) { return list(*store, req); });
  app.route("POST /customers", [store](request& req) { return add(*store, req); });
  app.route("PUT /customers/requests", [store](request& req) { return put_request(*store, req); });
  app.route("GET /customers/{id}", [store](request& req) { return get(*store, req); });
  app.route("PUT /customers/{id}", [store](request& req) { return put(*store, req); });
  app.route("PATCH /customers/{id}", [store](request& req) { return patch(*store, req); });
  app.route("DELETE /customers/{id}", [store](request& req) { return remove(*store, req); });
}

}  // namespace demo
