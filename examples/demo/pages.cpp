#include "pages.hpp"

#include "page.hpp"

#include <parley/date.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace demo {
namespace {

parley::response test_page(const parley::request& req, const std::string& modified) {
  return page(req, "Test Page", "/",
              fill(asset("home.html"), {{"authority", shown_authority(req)},
                                        {"origin", shown_origin(req)},
                                        {"trust", trust_option(req)},
                                        {"version", parley::name(req.version())},
                                        {"modified", modified}}))
      .header("Last-Modified", modified);
}

bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 3> secret{"authorization", "cookie", "proxy-authorization"};
  const auto same_letter = [](char c, char lower) { return (c | 0x20) == lower; };
  return std::ranges::any_of(secret, [&](std::string_view s) { return std::ranges::equal(name, s, same_letter); });
}

parley::response session_page(const parley::request& req) {
  markup lines;
  for (const auto& [name, value] : req.fields()) {
    if (!is_secret(name)) lines += fill("{{name}}: {{value}}\n", {{"name", name}, {"value", value}});
  }
  return page(req, "Your Session", "/session",
              fill(asset("session.html"), {{"peer", req.peer()},
                                           {"security", security_of(req)},
                                           {"method", req.method().name()},
                                           {"target", req.target()},
                                           {"version", parley::name(req.version())},
                                           {"fields", lines}}))
      .header("Cache-Control", "no-store");
}

parley::response problem_page(const parley::request& req, const parley::problem& what) {
  const std::string status = std::to_string(what.status());
  const std::string_view title = what.status() == 404 ? "Page Not Found" : std::string_view(what.title());
  return error_page(req, title, fill(asset("error.html"), {{"title", title}, {"status", status}, {"sentence", what.detail()}}))
      .header("Vary", "Accept")
      .status(what.status());
}

/// A file of the program itself: its bytes need neither copy nor owner.
void add_asset(parley::server& app, std::string_view path, std::string_view type, const std::string& modified) {
  const std::string_view bytes = asset(path);
  app.route("GET /" + std::string(path), [bytes, type = std::string(type), modified](const parley::request&) {
    parley::response answer;
    answer.content(bytes, nullptr, type);
    answer.header("Cache-Control", "max-age=3600").header("Last-Modified", modified);
    return answer;
  });
}

}  // namespace

void add_pages(parley::server& app) {
  // The pages are part of the program, so they are as they are since it started.
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string modified = parley::format_date(now);
  app.route("GET /", [modified](const parley::request& req) { return test_page(req, modified); });
  app.route("GET /session", session_page);
  add_asset(app, "style.css", "text/css; charset=utf-8", modified);
  add_asset(app, "live.js", "text/javascript; charset=utf-8", modified);
  add_asset(app, "icon.svg", "image/svg+xml", modified);
  app.error_page(problem_page);
}

}  // namespace demo
