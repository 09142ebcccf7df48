#include "customers.hpp"

#include "customer.hpp"
#include "customer_pages.hpp"
#include "input.hpp"

#include <parley/conditional.hpp>
#include <parley/json.hpp>

#include <optional>

namespace demo {
namespace {

using parley::record_store;
using parley::request;
using parley::response;
using parley::task;

constexpr std::int64_t default_page = 50;
constexpr std::int64_t longest_page = 500;

response document_response(std::string document) { return response().content(std::move(document), "application/json"); }

/// With an entity tag: caches need not fetch it again, and who changes it can say which state is meant (If-Match). Answers to PUT must
/// have none, since what is stored is not what was sent, byte by byte (RFC 9110 §9.3.4).
response tagged_response(std::string document) {
  const std::string tag = parley::content_tag(document);
  return document_response(std::move(document)).entity_tag(tag);
}

parley::resource_state state_of(const std::optional<std::string>& document) {
  if (!document) return parley::resource_state::missing();
  return parley::resource_state().entity_tag(parley::content_tag(*document));
}

bool has_precondition(const request& req) { return req.fields().contains("If-Match") || req.fields().contains("If-None-Match"); }

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
    co_return tagged_response(std::move(content));
  }
  const std::string next = "/customers?after=" + std::to_string(page.records.back().id) + "&limit=" + std::to_string(limit);
  content += R"(],"next":")" + next + "\"}";
  response answer = tagged_response(std::move(content));
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
  co_return tagged_response(std::move(found->document));
}

/// The precondition is evaluated where the record is written, so nobody can come in between. 412 when it does not hold.
task<bool> exchange(record_store& store, const request& req, std::int64_t id, std::optional<std::string> document) {
  const record_store::exchanger write = [&req, &document](const std::optional<std::string>& present) {
    parley::check_preconditions(req, state_of(present));
    return document;
  };
  auto exchanging = store.exchange(id, write);
  const std::optional<std::string> before = co_await exchanging;
  co_return before.has_value();
}

task<bool> put_blindly(record_store& store, std::int64_t id, std::string document) {
  auto putting = store.put(id, std::move(document));
  const record_store::outcome outcome = co_await putting;
  co_return outcome == record_store::outcome::updated;
}

task<response> add_or_replace(record_store& store, const request& req, std::int64_t id, std::string document) {
  auto putting = has_precondition(req) ? exchange(store, req, id, document) : put_blindly(store, id, document);
  const bool there_before = co_await putting;
  response answer = document_response(std::move(document));
  if (!there_before) answer.status(201).header("Location", path_of(id));
  co_return answer;
}

task<response> put(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto reading = req.json<customer>();
  const customer given = co_await reading;
  if (given.id != id) throw parley::invalid_members({{"CustID", "must be " + std::to_string(id) + ", as in the path"}});
  auto putting = add_or_replace(store, req, id, to_document(id, given.name, given.address));
  response answer = co_await putting;
  co_return answer;
}

/// The same for a record that alone tells whose it is.
task<response> put_request(record_store& store, request& req) {
  auto reading = req.json<customer>();
  const customer given = co_await reading;
  auto putting = add_or_replace(store, req, given.id, to_document(given.id, given.name, given.address));
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
  const auto change = [&req, patch = parley::parse_json(content)](const std::string& document) {
    parley::check_preconditions(req, state_of(document));
    return patched(document, patch);
  };
  auto changing = store.modify(id, change);
  std::optional<std::string> document = co_await changing;
  if (!document) throw no_customer(id);
  co_return document_response(std::move(*document));
}

task<response> remove(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto removing = has_precondition(req) ? exchange(store, req, id, std::nullopt) : store.remove(id);
  const bool removed = co_await removing;
  if (!removed) throw no_customer(id);
  co_return parley::no_content();
}

bool wants_page(const request& req) { return req.accepts({"application/json", "text/html"}) == 1; }

}  // namespace

// The lambdas are no coroutines: they only start one, with references to what outlives it (the store lives in the route, the request
// as long as its handler runs).
void add_customers(parley::server& app, std::shared_ptr<record_store> store) {
  // One address for programs and for people: each gets what it prefers.
  app.route("GET /customers", [store](request& req) { return wants_page(req) ? customers_page(*store, req) : list(*store, req); });
  app.route("POST /customers", [store](request& req) { return add(*store, req); });
  app.route("PUT /customers/requests", [store](request& req) { return put_request(*store, req); });
  app.route("GET /customers/{id}",
            [store](request& req) { return wants_page(req) ? customer_page(*store, req) : get(*store, req); });
  app.route("PUT /customers/{id}", [store](request& req) { return put(*store, req); });
  app.route("PATCH /customers/{id}", [store](request& req) { return patch(*store, req); });
  app.route("DELETE /customers/{id}", [store](request& req) { return remove(*store, req); });
  add_customer_forms(app, std::move(store));
}

}  // namespace demo
