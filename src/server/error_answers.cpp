// How errors look: problem details, a line of text, or a page; and what exceptions of handlers mean.
#include "connection/message_access.hpp"
#include "semantics/escape.hpp"
#include "semantics/negotiation.hpp"
#include "server/server_core.hpp"

#include <parley/media_type.hpp>
#include <parley/status.hpp>
#include <parley/store.hpp>

#include <array>
#include <utility>

namespace parley {

namespace {

// A page for people: small, valid, readable in light and dark, without a single outside resource. `link`: where to go instead, or none.
std::string default_page(const problem& what, std::string_view link) {
  std::string title = std::to_string(what.status()) + " ";
  semantics::append_html(title, what.title());
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      title +
      "</title>\n<style>\n:root{color-scheme:light dark}\n"
      "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:38rem;margin:18vh auto 0;padding:0 1.5rem}\n"
      "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}\np{margin:0 0 "
      ".5rem;opacity:.8;overflow-wrap:anywhere}\n</style>\n</head>\n<body>\n<h1>" +
      title + "</h1>\n";
  if (!what.detail().empty()) {
    page += "<p>";
    semantics::append_html(page, what.detail());
    page += "</p>\n";
  }
  if (!link.empty()) {
    page += "<p><a href=\"";
    semantics::append_html(page, link);
    page += "\">";
    semantics::append_html(page, link);
    page += "</a></p>\n";
  }
  return page + "</body>\n</html>\n";
}

// In words, for who takes neither a page nor JSON.
std::string default_text(const problem& what) {
  std::string text = std::to_string(what.status()) + " " + what.title();
  if (!what.detail().empty()) text += ": " + what.detail();
  return text + "\n";
}

enum class error_form { page, details, words };

bool sends_json(const request& req) {
  const auto type = media_type::parse(req.header("Content-Type"));
  return type && (type->subtype() == "json" || type->suffix() == "json");
}

// Who asks for JSON gets details, and so does who sends JSON and does not mind; everybody else a page.
error_form form_for(const request& req) {
  static constexpr std::array<std::string_view, 4> for_people{"text/html", problem::content_type, "application/json", "text/plain"};
  static constexpr std::array<std::string_view, 4> for_programs{problem::content_type, "application/json", "text/html",
                                                                "text/plain"};
  const auto& offers = sends_json(req) ? for_programs : for_people;
  const auto choice = semantics::preferred(req.fields().joined("Accept"), offers);
  const std::string_view type = offers[choice.value_or(0)];
  if (type == "text/html") return error_form::page;
  return type == "text/plain" ? error_form::words : error_form::details;
}

// RFC 9110 §12.5.5: the same URL has an answer for people and one for programs.
response by_accept(response answer) {
  answer.header("Vary", "Accept");
  return answer;
}

response page_of(const problem& what, std::string_view link = {}) {
  response page = html(default_page(what, link));
  detail::response_access::status(page, what.status());
  page.header("Content-Language", "en");
  return page;
}

problem from_store(const store_error& e) {
  if (e.why() == store_error::kind::full) return problem(507).detail("The storage is full; nothing was changed.");
  return problem(503).detail("The storage cannot be used at the moment; nothing was changed. Try again later.");
}

response with_retry_after(response&& r) {
  r.header("Retry-After", "1");
  return std::move(r);
}

}  // namespace

response server_core::error_response(const problem& what, const request& req) const {
  const error_form form = form_for(req);
  if (form == error_form::details) {
    if (req.id().empty()) return by_accept(to_response(what));
    return by_accept(to_response(problem(what).extension_text("request_id", req.id())));
  }
  if (form == error_form::words) return by_accept(text(default_text(what)).status(what.status()));
  if (error_page) {
    try {
      response page = error_page(req, what);
      detail::response_access::status(page, what.status());
      return page;
    } catch (const std::exception& e) {
      message(server_room::message_kind::handler, std::string("the error page's function threw: ") + e.what());
    } catch (...) {
      message(server_room::message_kind::handler, "the error page's function threw something unknown");
    }
  }
  return by_accept(page_of(what));
}

// RFC 9110 §4.2.2: nothing of an https origin is told without TLS, so this is not the site's own page.
response server_core::without_tls(const request& req) const {
  const std::string_view target = req.target();
  std::string link = "https://" + (req.authority().empty() ? std::string("HOST:PORT") : std::string(req.authority()));
  if (target.starts_with('/')) link += target;
  const auto what = problem(400).detail("This port speaks HTTPS, and the request came without TLS: use " + link);
  if (form_for(req) != error_form::page) return error_response(what, req);
  if (req.authority().empty()) return by_accept(page_of(what));
  return by_accept(page_of(problem(400).detail("This port speaks HTTPS, and the request came without TLS. Use:"), link));
}

response server_core::answer_to(std::exception_ptr thrown, const request& req) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const problem_error& e) {
    response answer = error_response(e.what_problem(), req);
    for (const auto& line : e.fields()) answer.fields().set(line.name, line.value);
    return answer;
  } catch (const content_too_large& e) {
    return error_response(
        problem(413).detail("The content is larger than the " + std::to_string(e.limit()) + " bytes allowed here."), req);
  } catch (const store_error& e) {
    storage_errors_.fetch_add(1, std::memory_order_relaxed);
    message(server_room::message_kind::storage, std::string("storage: ") + e.what());
    return with_retry_after(error_response(from_store(e), req));
  } catch (const overloaded&) {
    return with_retry_after(error_response(problem(503).detail("Too much is waiting at the moment. Try again later."), req));
  } catch (const timed_out&) {
    return with_retry_after(error_response(problem(503).detail("This took too long. Try again later."), req));
  } catch (const cancelled&) {
    return with_retry_after(error_response(problem(503).detail("This was given up. Try again later."), req));
  } catch (const std::exception& e) {
    handler_errors_.fetch_add(1, std::memory_order_relaxed);
    message(server_room::message_kind::handler,
            "a handler for " + std::string(req.method().name()) + " " + std::string(req.path()) + " threw: " + e.what());
  } catch (...) {
    handler_errors_.fetch_add(1, std::memory_order_relaxed);
    message(server_room::message_kind::handler,
            "a handler for " + std::string(req.method().name()) + " " + std::string(req.path()) + " threw something unknown");
  }
  return error_response(problem(500).detail("Something went wrong here. It was noted."), req);
}

}  // namespace parley
