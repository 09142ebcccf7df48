#include "pages.hpp"

#include "embedded/demo.hpp"
#include "markup.hpp"

#include <parley/date.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace demo {
namespace {

std::string_view asset(std::string_view path) {
  const embedded::file* file = embedded::demo::find(path);
  if (file == nullptr) throw std::logic_error("the demo was built without " + std::string(path));
  return file->bytes;
}

parley::response page(markup content) {
  return parley::html(content.text())
      .header("Content-Language", "en")
      // Nothing from elsewhere, and no scripts: whatever slipped into a page could do nothing.
      .header("Content-Security-Policy",
              "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'")
      .header("X-Content-Type-Options", "nosniff");
}

/// The authority for commands that people paste into a shell. A Host may hold `$`, `;` or `'` (RFC 3986 §3.2.2), which a shell would
/// run; such a one is not shown.
std::string shown_authority(const parley::request& req) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._:[]").contains(c);
  };
  const std::string_view authority = req.authority();
  if (authority.empty() || !std::ranges::all_of(authority, harmless)) return "localhost:8080";
  return std::string(authority);
}

/// The page is going to want it. Whoever types a request by hand sees the one response that was asked for: there are people behind
/// HTTP/1.1, and HTTP/2 is never typed.
void hint_style(const parley::request& req) {
  if (req.version() >= parley::http2) req.hint("/style.css", parley::as::style);
}

parley::response test_page(const parley::request& req, const std::string& modified) {
  hint_style(req);
  const std::string authority = shown_authority(req);
  const std::string origin = std::string(req.scheme()) + "://" + authority;
  // The commands on the page are to work as they stand, and curl does not know the local authority.
  const std::string trust = req.secure() ? " --cacert \"$(parley ca --path)\"" : "";
  const std::string_view version = parley::name(req.version());
  return page(fill(asset("home.html"),
                   {{"authority", authority}, {"origin", origin}, {"trust", trust}, {"version", version}, {"modified", modified}}))
      .header("Last-Modified", modified);
}

bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 3> secret{"authorization", "cookie", "proxy-authorization"};
  const auto same_letter = [](char c, char lower) { return (c | 0x20) == lower; };
  return std::ranges::any_of(secret, [&](std::string_view s) { return std::ranges::equal(name, s, same_letter); });
}

parley::response session_page(const parley::request& req) {
  hint_style(req);
  markup lines;
  for (const auto& [name, value] : req.fields()) {
    if (!is_secret(name)) lines += fill("{{name}}: {{value}}\n", {{"name", name}, {"value", value}});
  }
  const std::string_view encrypted = req.version() == parley::http3 ? "over QUIC, encrypted by its TLS 1.3" : "encrypted by TLS";
  const std::string_view security = req.secure() ? encrypted : "in cleartext";
  return page(fill(asset("session.html"), {{"peer", req.peer()},
                                           {"security", security},
                                           {"method", req.method().name()},
                                           {"target", req.target()},
                                           {"version", parley::name(req.version())},
                                           {"fields", lines}}))
      .header("Cache-Control", "no-store");
}

parley::response error_page(const parley::request&, const parley::problem& what) {
  const std::string status = std::to_string(what.status());
  const std::string_view title = what.status() == 404 ? "Page Not Found" : std::string_view(what.title());
  return page(fill(asset("error.html"), {{"title", title}, {"status", status}, {"sentence", what.detail()}}))
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
  add_asset(app, "icon.svg", "image/svg+xml", modified);
  app.error_page(error_page);
}

}  // namespace demo
