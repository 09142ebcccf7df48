// A login, a visit counter and a form that no other site can send.  Run it, and open http://127.0.0.1:8080.
#include <parley/cookie.hpp>
#include <parley/csrf.hpp>
#include <parley/form.hpp>
#include <parley/server.hpp>
#include <parley/session.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace {

std::string page(const parley::request& req) {
  parley::session& mine = req.session();
  const std::string notice = mine.take<std::string>("notice").value_or("");
  const int visits = mine.get<int>("visits").value_or(0) + 1;
  mine.set("visits", visits);
  std::string text = "<!DOCTYPE html><title>Parley</title><p>" + parley::html_escape(notice) + "<p>Visit " + std::to_string(visits);
  if (mine.logged_in()) {
    return text + ", " + parley::html_escape(mine.user()) + "<form method=post action=/logout>" + parley::csrf_field(req) +
           "<button>Log out</button></form>";
  }
  return text + "<form method=post action=/login>" + parley::csrf_field(req) +
         "<input name=user required><button>Log in</button></form>";
}

}  // namespace

int main() try {
  parley::server app;
  app.sessions(parley::memory_sessions());
  app.csrf_protection();
  app.route("GET /", [](const parley::request& req) { return parley::html(page(req)); });
  app.route("POST /login", [](const parley::request& req) {
    const std::string user = parley::form_of(req).text("user");
    if (user.empty() || user.size() > 100) throw parley::problem_error(422, "Say who you are, in at most 100 characters.");
    req.session().log_in(user);  // where a real site looks at a password first
    req.session().set("notice", "Welcome.");
    return parley::redirect("/");
  });
  app.route("POST /logout", [](const parley::request& req) {
    req.session().end();
    return parley::redirect("/");
  });
  app.listen("http://127.0.0.1:8080");
  return app.run();
} catch (const std::exception& error) {  // a parley::listen_error says which address, and why
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
