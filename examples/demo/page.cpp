#include "page.hpp"

#include "embedded/demo.hpp"

#include <parley/csrf.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace demo {
namespace {

struct place {
  std::string_view path;
  std::string_view name;
};
constexpr std::array<place, 7> places{{{"/customers", "Customers"},
                                       {"/order", "Order"},
                                       {"/files", "Files"},
                                       {"/live", "Live"},
                                       {"/visits", "Visits"},
                                       {"/account", "Account"},
                                       {"/session", "Session"}}};

markup links(std::string_view present) {
  markup all;
  for (const auto& [path, name] : places) {
    all += fill(asset(path == present ? "link_here.html" : "link.html"), {{"path", path}, {"name", name}});
  }
  return all;
}

parley::response framed(const parley::request& req, std::string_view title, std::string_view present, const markup& content,
                        const markup& head, std::string_view policy) {
  const markup whole = fill(asset("page.html"), {{"title", title},
                                                 {"head", head},
                                                 {"links", links(present)},
                                                 {"content", content},
                                                 {"version", parley::name(req.version())},
                                                 {"security", security_of(req)}});
  return parley::html(whole.text())
      .header("Content-Language", "en")
      .header("Cache-Control", "no-cache")  // it tells by which version of HTTP it came
      .header("Content-Security-Policy", policy)
      .header("Referrer-Policy", "same-origin")
      .header("X-Content-Type-Options", "nosniff");
}

/// The page is going to want it. Whoever types a request by hand sees the one response that was asked for: there are people behind
/// HTTP/1.1, and HTTP/2 is never typed.
void hint_style(const parley::request& req) {
  if (req.version() >= parley::http2) req.hint("/style.css", parley::as::style);
}

// Nothing from elsewhere, and no scripts: whatever slipped into a page could do nothing.
constexpr std::string_view plain_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
constexpr std::string_view script_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri "
    "'none'; "
    "frame-ancestors 'none'";

}  // namespace

std::string_view asset(std::string_view path) {
  const embedded::file* file = embedded::demo::find(path);
  if (file == nullptr) throw std::logic_error("the demo was built without " + std::string(path));
  return file->bytes;
}

parley::response page(const parley::request& req, std::string_view title, std::string_view place, const markup& content) {
  hint_style(req);
  return framed(req, title, place, content, {}, plain_policy);
}

parley::response scripted_page(const parley::request& req, std::string_view title, std::string_view place, const markup& content,
                               const markup& head) {
  hint_style(req);
  return framed(req, title, place, content, head, script_policy);
}

parley::response error_page(const parley::request& req, std::string_view title, const markup& content) {
  return framed(req, title, {}, content, {}, plain_policy);
}

markup token_field(const parley::request& req) { return hidden_field("csrf_token", parley::csrf_token(req)); }

markup hidden_field(std::string_view name, std::string_view value) {
  return fill(asset("hidden.html"), {{"name", name}, {"value", value}});
}

markup notice(std::string_view text) { return fill(asset("notice.html"), {{"text", text}}); }
markup warning(std::string_view text) { return fill(asset("warning.html"), {{"text", text}}); }

markup text_field(const text_input& input, std::string_view value, std::string_view fault) {
  return fill(asset(fault.empty() ? "field.html" : "field_fault.html"), {{"name", input.name},
                                                                         {"label", input.label},
                                                                         {"autocomplete", input.autocomplete},
                                                                         {"longest", input.longest},
                                                                         {"value", value},
                                                                         {"fault", fault}});
}

/// A Host may hold `$`, `;` or `'` (RFC 3986 §3.2.2), which a shell would run; such a one is not shown.
std::string shown_authority(const parley::request& req) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._:[]").contains(c);
  };
  const std::string_view authority = req.authority();
  if (authority.empty() || !std::ranges::all_of(authority, harmless)) return "localhost:8080";
  return std::string(authority);
}

std::string shown_origin(const parley::request& req) { return std::string(req.scheme()) + "://" + shown_authority(req); }

std::string_view trust_option(const parley::request& req) {
  return req.secure() ? " --cacert \"$(parley ca --path)\"" : std::string_view();
}

std::string security_of(const parley::request& req) {
  if (!req.secure()) return "in cleartext";
  if (req.version() == parley::http3) return "over QUIC, encrypted by its TLS 1.3";
  const auto tls = req.tls();
  return "encrypted by " + (tls && !tls->version.empty() ? tls->version : "TLS");
}

}  // namespace demo
