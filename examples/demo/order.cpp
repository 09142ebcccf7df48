#include "order.hpp"

#include "input.hpp"
#include "page.hpp"

#include <parley/form.hpp>
#include <parley/session.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <random>
#include <span>

namespace demo {
namespace {

using parley::hidden_state;
using parley::request;
using parley::response;

struct offer {
  std::string_view value;
  std::string_view title;
  std::string_view about;
};
constexpr std::array<offer, 3> books{{{"semantics", "HTTP Semantics", "RFC 9110: what requests and responses mean"},
                                      {"http2", "HTTP/2", "RFC 9113: many at once on one connection"},
                                      {"http3", "HTTP/3", "RFC 9114: the same over QUIC"}}};
constexpr std::array<offer, 3> covers{
    {{"paper", "Paper", "for the pocket"}, {"cloth", "Cloth", "for the shelf"}, {"leather", "Leather", "for ever"}}};
constexpr std::int64_t most_copies = 9;

constexpr text_input name_field{"name", "Name", "name", "200"};
constexpr text_input address_field{"address", "Address", "street-address", "500"};

const offer* find_offer(std::span<const offer> among, std::string_view value) {
  const auto found = std::ranges::find(among, value, &offer::value);
  return found == among.end() ? nullptr : &*found;
}

// --- the first page ------------------------------------------------------------------------------------------------------------------

markup choices(std::string_view field, std::span<const offer> among, std::string_view chosen) {
  markup all;
  for (const offer& each : among) {
    all += fill(asset(each.value == chosen ? "choice_made.html" : "choice.html"),
                {{"field", field}, {"value", each.value}, {"title", each.title}, {"about", each.about}});
  }
  return all;
}

response choice_page(const request& req, std::string_view book, std::string_view cover, std::string_view copies,
                     const markup& message = {}) {
  return page(req, "Order a Book", "/order",
              fill(asset("order.html"), {{"notice", message},
                                         {"hidden", token_field(req)},
                                         {"books", choices("book", books, book)},
                                         {"covers", choices("cover", covers, cover)},
                                         {"copies", copies}}));
}

response first_page(const request& req) { return choice_page(req, "semantics", "paper", "1"); }

/// Ten of 32 characters: 50 random bits, so that no two orders share one, nor tell how many there are.
std::string new_order_number() {
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::random_device random;
  std::string made;
  for (int i = 0; i < 10; ++i) made += digits[random() % digits.size()];
  return made;
}

// --- what was chosen, in the open and sealed -------------------------------------------------------------------------------------------

struct choice {
  const offer* book;
  const offer* cover;
  std::int64_t copies;
  std::string number = {};  // of the order: it is made with the choice, so what is sent twice is one order

  [[nodiscard]] std::string text() const {
    return std::to_string(copies) + (copies == 1 ? " copy of " : " copies of ") + std::string(book->title) + ", bound in " +
           std::string(cover->value) + ".";
  }
};

std::optional<choice> read_choice(std::string_view book, std::string_view cover, std::string_view copies) {
  const choice made{find_offer(books, book), find_offer(covers, cover), number(copies, 1, most_copies).value_or(0), {}};
  if (made.book == nullptr || made.cover == nullptr || made.copies == 0) return std::nullopt;
  return made;
}

/// Nobody but this server can have made the text, and not long ago.
choice open_choice(const hidden_state& sealer, const std::string& sealed) {
  const auto values = sealer.open(sealed);
  if (!values) {
    const bool late = values.error() == hidden_state::fault::expired;
    throw parley::problem_error(400, late ? "The form is too old. Begin again at /order."
                                          : "The choices of the first page were changed on their way. Begin again at /order.");
  }
  const auto value = [&](std::string_view name) { return parley::find_value(*values, name).value_or(""); };
  auto made = read_choice(value("book"), value("cover"), value("copies"));
  if (!made) throw parley::problem_error(400, "What was chosen is no longer on offer. Begin again at /order.");
  made->number = value("number");
  return *made;
}

// --- the second page -----------------------------------------------------------------------------------------------------------------

struct recipient {
  std::string name;
  std::string address;
  std::string name_fault;
  std::string address_fault;
};

response delivery_page(const request& req, const choice& made, const std::string& sealed, const recipient& shown) {
  markup fields = text_field(name_field, shown.name, shown.name_fault);
  fields += text_field(address_field, shown.address, shown.address_fault);
  markup hidden = token_field(req);
  hidden += hidden_field("choices", sealed);
  return page(
      req, "Where To?", "/order",
      fill(asset("order_delivery.html"), {{"chosen", made.text()}, {"hidden", hidden}, {"fields", fields}, {"state", sealed}}));
}

response choose(const request& req, const hidden_state& sealer) {
  const parley::form sent = parley::form_of(req);
  const std::string book = sent.text("book");
  const std::string cover = sent.text("cover");
  const std::string copies = sent.text("copies");
  const auto made = read_choice(book, cover, copies);
  if (!made) {
    return choice_page(req, book, cover, copies, warning("Choose a book, a cover, and 1 to 9 copies.")).status(422);
  }
  const std::string sealed = sealer.seal({{"book", book}, {"cover", cover}, {"copies", copies}, {"number", new_order_number()}});
  return delivery_page(req, *made, sealed, {req.session().user(), {}, {}, {}});
}

response place(const request& req, const hidden_state& sealer) {
  const parley::form sent = parley::form_of(req);
  const std::string sealed = sent.text("choices");
  const choice made = open_choice(sealer, sealed);
  recipient to{sent.text("name"), sent.text("address"), {}, {}};
  to.name_fault = fault_of(to.name, 200);
  to.address_fault = fault_of(to.address, 500);
  if (!to.name_fault.empty() || !to.address_fault.empty()) return delivery_page(req, made, sealed, to).status(422);
  req.session().set("order", made.text()).set("order_number", made.number);
  req.session().set("order_name", to.name).set("order_address", to.address);
  return parley::redirect("/order/done");
}

response thanks(const request& req) {
  const parley::session& mine = req.session();
  const auto value = [&](std::string_view name) { return mine.get<std::string>(name).value_or(""); };
  if (!mine.contains("order")) return parley::redirect("/order");
  return page(req, "Thank You", "/order",
              fill(asset("order_done.html"), {{"name", value("order_name")},
                                              {"address", value("order_address")},
                                              {"chosen", value("order")},
                                              {"number", value("order_number")}}));
}

}  // namespace

void add_order(parley::server& app, const parley::secret_keys& keys) {
  const hidden_state sealer(keys, "order");
  app.route("GET /order", first_page);
  app.route("POST /order", [sealer](const request& req) { return choose(req, sealer); });
  app.route("POST /order/delivery", [sealer](const request& req) { return place(req, sealer); });
  app.route("GET /order/done", thanks);
}

}  // namespace demo
