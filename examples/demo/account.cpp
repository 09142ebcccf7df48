#include "account.hpp"

#include "input.hpp"
#include "page.hpp"

#include <parley/date.hpp>
#include <parley/form.hpp>
#include <parley/rate_limit.hpp>
#include <parley/session.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace demo {
namespace {

/// It stands on the page. A site with secrets keeps a slow hash of each user's own.
constexpr std::string_view password = "parley";
constexpr std::ptrdiff_t longest_user_name = 60;
constexpr std::size_t tries_a_minute = 10;

parley::response login_form(const parley::request& req, std::string_view name, const markup& message) {
  return page(req, "Log In", "/account",
              fill(asset("login.html"), {{"name", name}, {"notice", message}, {"hidden", token_field(req)}}));
}

parley::response login_page(const parley::request& req) {
  if (req.session().logged_in()) return parley::redirect("/account");
  return login_form(req, {}, req.query("out") ? notice("You are logged out.") : markup());
}

parley::response log_in(const parley::request& req) {
  const parley::form sent = parley::form_of(req);
  const std::string name = sent.text("name");
  const std::string fault = fault_of(name, longest_user_name);
  if (!fault.empty()) return login_form(req, name, warning("The name " + fault + ".")).status(422);
  if (sent.text("password") != password) return login_form(req, name, warning("That is not the password.")).status(422);
  req.session().log_in(name);  // under a new id: one that somebody else planted is worth nothing
  return parley::redirect("/account");
}

parley::response account_page(const parley::request& req) {
  parley::session& mine = req.session();
  if (!mine.logged_in()) return parley::redirect("/login");
  const int pages = mine.get<int>("pages").value_or(0) + 1;
  mine.set("pages", pages);
  const auto since = mine.created();
  return page(req, "Your Account", "/account",
              fill(asset("account.html"), {{"name", mine.user()},
                                           {"since", since ? parley::format_date(*since) : "just now"},
                                           {"pages", std::to_string(pages)},
                                           {"cookie", req.secure() ? "__Host-session" : "session"},
                                           {"order", mine.get<std::string>("order").value_or("none yet")},
                                           {"hidden", token_field(req)}}));
}

parley::response log_out(const parley::request& req) {
  req.session().end();
  return parley::redirect("/login?out");
}

parley::response log_out_everywhere(const parley::request& req) {
  req.session().end_everywhere();
  return parley::redirect("/login?out");
}

}  // namespace

void add_account(parley::server& app) {
  // Passwords are not for guessing. Looking at the page is.
  const auto who_tries = [](const parley::request& req) -> std::optional<std::string> {
    if (req.method() != parley::method::post) return std::nullopt;
    return std::string(req.client_address());
  };
  app.use(parley::rate_limit(tries_a_minute, std::chrono::minutes(1)).by(who_tries).at("/login").name("login"));
  app.route("GET /account", account_page);
  app.route("GET /login", login_page);
  app.route("POST /login", log_in);
  app.route("POST /logout", log_out);
  app.route("POST /logout/everywhere", log_out_everywhere);
}

}  // namespace demo
