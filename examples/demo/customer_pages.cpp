#include "customer_pages.hpp"

#include "customer.hpp"
#include "input.hpp"
#include "page.hpp"

#include <parley/conditional.hpp>
#include <parley/form.hpp>
#include <parley/uri.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace demo {
namespace {

using parley::record_store;
using parley::request;
using parley::response;
using parley::task;

constexpr std::size_t rows_a_page = 20;
constexpr std::size_t longest_query = 100;  // characters, as the page's field has it
/// A search looks at so many records before it shows what it has found so far; the next page goes on from there.
constexpr std::size_t most_looked_at = 10'000;
constexpr std::size_t looked_at_once = 500;

constexpr text_input name_input{"name", "Name", "name", "200"};
constexpr text_input address_input{"address", "Address", "street-address", "500"};

// --- the list and the search -------------------------------------------------------------------------------------------------------

struct findings {
  std::vector<customer> customers;
  std::optional<std::int64_t> next;  // go on behind this one
};

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return made;
}

bool matches(const customer& who, const std::string& query) {
  return query.empty() || std::to_string(who.id) == query || lower(who.name).contains(query) || lower(who.address).contains(query);
}

task<findings> find(record_store& store, std::string query, std::int64_t after) {
  findings found;
  const std::size_t at_once = query.empty() ? rows_a_page : looked_at_once;
  for (std::size_t looked_at = 0; looked_at < most_looked_at;) {
    auto listing = store.list(after, at_once);
    const record_store::page batch = co_await listing;
    for (const parley::record& each : batch.records) {
      customer who = read_document(each.document);
      if (!matches(who, query)) continue;
      if (found.customers.size() == rows_a_page) {
        found.next = found.customers.back().id;
        co_return found;
      }
      found.customers.push_back(std::move(who));
    }
    if (!batch.more) co_return found;
    after = batch.records.back().id;
    looked_at += batch.records.size();
    if (query.empty()) break;
  }
  found.next = after;
  co_return found;
}

markup table_of(const findings& found, const std::string& query) {
  if (found.customers.empty()) {
    const std::string_view none = found.next      ? "None of those looked at so far."
                                  : query.empty() ? "There are no more customers. Add one."
                                                  : "No customer was found.";
    return fill(asset("empty.html"), {{"text", none}});
  }
  markup rows;
  for (const customer& each : found.customers) {
    rows += fill(asset("customers_row.html"), {{"id", std::to_string(each.id)}, {"name", each.name}, {"address", each.address}});
  }
  return fill(asset("customers_table.html"), {{"rows", rows}, {"caption", query.empty() ? "Customers" : "What was found"}});
}

markup link_to_next(const findings& found, const std::string& query) {
  if (!found.next) return {};
  std::string path = "/customers?after=" + std::to_string(*found.next);
  if (!query.empty()) path += "&q=" + parley::percent_encode(query);
  return fill(asset("next.html"), {{"path", path}, {"text", query.empty() ? "Next page" : "Search on"}});
}

// --- the form ----------------------------------------------------------------------------------------------------------------------

/// What stands in the form: what was typed, or what is stored.
struct entry {
  std::string name;
  std::string address;
  std::string name_fault;
  std::string address_fault;

  [[nodiscard]] bool good() const { return name_fault.empty() && address_fault.empty(); }
};

entry read_entry(const parley::form& sent) {
  entry typed{sent.text("name"), sent.text("address"), {}, {}};
  typed.name_fault = fault_of(typed.name, longest_name);
  typed.address_fault = fault_of(typed.address, longest_address);
  return typed;
}

response form_page(const request& req, std::string_view title, std::string_view verb, std::string_view back, const entry& shown,
                   const markup& hidden = {}, const markup& message = {}) {
  markup fields = text_field(name_input, shown.name, shown.name_fault);
  fields += text_field(address_input, shown.address, shown.address_fault);
  markup all_hidden = token_field(req);
  all_hidden += hidden;
  return page(req, title, "/customers",
              fill(asset("customer_form.html"), {{"title", title},
                                                 {"notice", message},
                                                 {"action", req.path()},
                                                 {"hidden", all_hidden},
                                                 {"fields", fields},
                                                 {"verb", verb},
                                                 {"back", back}}));
}

/// Ends at the customer's page, which says what was done: reloading that sends nothing again.
response see_customer(std::int64_t id, std::string_view done) {
  return parley::redirect(path_of(id) + "?done=" + std::string(done));
}

response new_page(const request& req) { return form_page(req, "New Customer", "Add", "/customers", {}); }

task<response> add_entered(record_store& store, request& req) {
  auto reading = req.form();
  const parley::form sent = co_await reading;
  const entry typed = read_entry(sent);
  if (!typed.good()) co_return form_page(req, "New Customer", "Add", "/customers", typed).status(422);
  const auto write = [&typed](std::int64_t id) {
    if (id > max_id) throw parley::problem_error(409, "All customer numbers are used up.");
    return to_document(id, typed.name, typed.address);
  };
  auto inserting = store.insert(write);
  const std::int64_t id = co_await inserting;
  co_return see_customer(id, "added");
}

// --- changes, and who was faster -----------------------------------------------------------------------------------------------------

task<std::string> document_of(record_store& store, std::int64_t id) {
  auto getting = store.get(id);
  std::optional<parley::record> found = co_await getting;
  if (!found) throw no_customer(id);
  co_return std::move(found->document);
}

/// A form carries the tag of the record that it was made from. One without it could undo what its sender has never seen.
std::string version_of(const parley::form& sent) {
  std::string version = sent.text("version");
  if (version.empty()) throw parley::problem_error(428, "The form does not say which version of the customer it changes.");
  return version;
}

/// Writes `document` (nothing: removes the record) if the record is still the one of `version`. Gives what is there instead when somebody
/// else was faster.
task<std::optional<std::string>> change_if_unchanged(record_store& store, std::int64_t id, std::string version,
                                                     std::optional<std::string> document) {
  const auto write = [&](const std::optional<std::string>& present) {
    return present && parley::content_tag(*present) == version ? document : present;
  };
  auto exchanging = store.exchange(id, write);
  std::optional<std::string> before = co_await exchanging;
  if (!before) throw no_customer(id);
  if (parley::content_tag(*before) == version) before.reset();
  co_return before;
}

response edit_page(const request& req, const std::string& document, const entry& shown, const markup& message = {}) {
  const std::int64_t id = id_of(req);
  const std::string title = "Edit Customer " + std::to_string(id);
  return form_page(req, title, "Save", path_of(id), shown, hidden_field("version", parley::content_tag(document)), message);
}

task<response> edit(record_store& store, request& req) {
  auto reading = document_of(store, id_of(req));
  const std::string document = co_await reading;
  const customer who = read_document(document);
  const entry present{who.name, who.address, {}, {}};
  co_return edit_page(req, document, present);
}

task<response> save(record_store& store, request& req) {
  const std::int64_t id = id_of(req);
  auto reading = req.form();
  const parley::form sent = co_await reading;
  const std::string version = version_of(sent);
  const entry typed = read_entry(sent);
  if (!typed.good()) {
    const std::string title = "Edit Customer " + std::to_string(id);
    co_return form_page(req, title, "Save", path_of(id), typed, hidden_field("version", version)).status(422);
  }
  auto changing = change_if_unchanged(store, id, version, to_document(id, typed.name, typed.address));
  const std::optional<std::string> theirs = co_await changing;
  if (!theirs) co_return see_customer(id, "saved");
  const customer now = read_document(*theirs);
  const markup message = fill(asset("conflict.html"), {{"name", now.name}, {"address", now.address}});
  co_return edit_page(req, *theirs, typed, message).status(409);
}

response remove_page(const request& req, const std::string& document, const markup& message = {}) {
  const customer who = read_document(document);
  markup hidden = token_field(req);
  hidden += hidden_field("version", parley::content_tag(document));
  return page(
      req, "Remove a Customer", "/customers",
      fill(
          asset("customer_remove.html"),
          {{"id", std::to_string(who.id)}, {"name", who.name}, {"address", who.address}, {"notice", message}, {"hidden", hidden}}));
}

task<response> ask_before_removal(record_store& store, request& req) {
  auto reading = document_of(store, id_of(req));
  const std::string document = co_await reading;
  co_return remove_page(req, document);
}

task<response> remove_entered(record_store& store, request& req) {
  auto reading = req.form();
  const parley::form sent = co_await reading;
  auto removing = change_if_unchanged(store, id_of(req), version_of(sent), std::nullopt);
  const std::optional<std::string> theirs = co_await removing;
  if (!theirs) co_return parley::redirect("/customers?done=removed");
  const markup message = warning("Somebody else has changed this customer meanwhile. This is what is there now.");
  co_return remove_page(req, *theirs, message).status(409);
}

/// What a redirect brought along.
markup done_notice(const request& req) {
  const std::string done = req.query("done").value_or("");
  if (done == "added") return notice("The customer was added.");
  if (done == "saved") return notice("The change was saved.");
  if (done == "removed") return notice("The customer was removed.");
  return {};
}

}  // namespace

task<response> customers_page(record_store& store, request& req) {
  const std::int64_t after = parameter(req, "after", 0, max_id, 0);
  const std::string sent = req.query("q").value_or("");
  const std::string query(first_characters(sent, longest_query));
  auto finding = find(store, lower(query), after);
  const findings found = co_await finding;
  co_return page(req, "Customers", "/customers",
                 fill(asset("customers.html"), {{"query", query},
                                                {"notice", done_notice(req)},
                                                {"table", table_of(found, query)},
                                                {"next", link_to_next(found, query)},
                                                {"trust", trust_option(req)},
                                                {"origin", shown_origin(req)}}));
}

task<response> customer_page(record_store& store, request& req) {
  auto reading = document_of(store, id_of(req));
  const std::string document = co_await reading;
  const customer who = read_document(document);
  co_return page(req, who.name, "/customers",
                 fill(asset("customer.html"), {{"id", std::to_string(who.id)},
                                               {"name", who.name},
                                               {"address", who.address},
                                               {"notice", done_notice(req)},
                                               {"trust", trust_option(req)},
                                               {"origin", shown_origin(req)}}));
}

void add_customer_forms(parley::server& app, std::shared_ptr<record_store> store) {
  app.route("GET /customers/new", new_page);
  app.route("POST /customers/new", [store](request& req) { return add_entered(*store, req); });
  app.route("GET /customers/{id}/edit", [store](request& req) { return edit(*store, req); });
  app.route("POST /customers/{id}/edit", [store](request& req) { return save(*store, req); });
  app.route("GET /customers/{id}/remove", [store](request& req) { return ask_before_removal(*store, req); });
  app.route("POST /customers/{id}/remove", [store](request& req) { return remove_entered(*store, req); });
}

}  // namespace demo
