#include "visits.hpp"

#include "input.hpp"
#include "page.hpp"

#include <parley/cookie.hpp>

#include <chrono>

namespace demo {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t most_visits = 1'000'000;

/// What the browser brings is what the visitor wants it to be: a cookie is no place for what a site has to believe.
std::int64_t earlier_visits(const parley::request& req) {
  return number(req.cookie("visits").value_or("0"), 0, most_visits - 1).value_or(0);
}

parley::response count_visit(const parley::request& req) {
  const std::string brought = std::string(req.cookie("visits").value_or(""));
  const std::string count = std::to_string(earlier_visits(req) + 1);
  const std::string sentence = count == "1" ? "This is your first visit." : "You have been here " + count + " times.";
  auto kept = parley::cookie("visits", count).max_age(24h * 365).secure(req.secure());
  return page(req, "Visits", "/visits",
              fill(asset("visits.html"), {{"sentence", sentence},
                                          {"count", count},
                                          {"version", parley::name(req.version())},
                                          {"sent", brought.empty() ? "(no cookie)" : "Cookie: visits=" + brought},
                                          {"set", kept.to_field()},
                                          {"hidden", token_field(req)}}))
      .cookie(kept);
}

parley::response forget(const parley::request& req) {
  auto gone = parley::cookie::forgotten("visits");
  return parley::redirect("/visits").cookie(gone.secure(req.secure()));
}

}  // namespace

void add_visits(parley::server& app) {
  app.route("GET /visits", count_visit);
  app.route("POST /visits/forget", forget);
}

}  // namespace demo
