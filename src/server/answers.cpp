// How a request is answered: routes, middleware, errors; with or without a socket.
#include "connection/message_access.hpp"
#include "semantics/escape.hpp"
#include "semantics/negotiation.hpp"
#include "server/file_access.hpp"
#include "server/server_core.hpp"
#include "server/shaping.hpp"
#include "server/trace_answer.hpp"

#include <parley/media_type.hpp>
#include <parley/status.hpp>
#include <parley/store.hpp>
#include <parley/uri.hpp>

#include <array>
#include <stdexcept>
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

// Content that a plain handler is given beneath a middleware.
task<response> run_plain_handler(request& req, const server_room::route* route, std::size_t limit, bool digests) {
  auto reading = req.text(limit);
  std::string content = co_await reading;
  // The request keeps it: whoever looks at the request later, or streams from its content, finds it.
  detail::request_access::keep_content(req, std::move(content));
  if (digests) server_room::check_content_digest(req);
  response answer = route->plain(req);
  co_return answer;
}

task<response> give(response ready) { co_return ready; }

/// Collects what a producer writes.
class memory_sink final : public detail::body_sink {
 public:
  bool ready() noexcept override { return true; }
  void write(std::string&& owned) override { bytes += owned; }
  void write(std::string_view copied) override { bytes += copied; }
  void wait(detail::waiter*) noexcept override {}
  void trailers(fields lines) override { trailer_lines = std::move(lines); }
  std::string bytes;
  fields trailer_lines;
};

// Runs a streamed answer's producer into memory. Throws what it throws, and `std::length_error` where a server would cut the message off.
task<> produce_whole(response& r) {
  memory_sink sink;
  body_writer writer(&sink);
  detail::streamed_content streamed = std::move(std::get<detail::streamed_content>(detail::response_access::content(r)));
  auto producing = streamed.producer(writer);
  co_await producing;
  if (streamed.length && *streamed.length != sink.bytes.size()) {
    throw std::length_error("a streamed answer announced " + std::to_string(*streamed.length) + " bytes and produced " +
                            std::to_string(sink.bytes.size()));
  }
  detail::response_access::trailers(r) = std::move(sink.trailer_lines);
  detail::response_access::content(r, std::move(sink.bytes));
}

// What a server would send straight from a file.
void read_whole_file(response& r) {
  if (const auto* parts = std::get_if<detail::parts_content>(&detail::response_access::content(r))) {
    std::string all;
    for (std::size_t i = 0; i < parts->files.size(); ++i) {
      const detail::file_content& file = parts->files[i];
      all.append(parts->texts[i]).append(server_room::read_slice(file.descriptor, file.offset, file.length));
    }
    all += parts->texts.back();
    if (all.size() != parts->length) throw std::length_error("a file shrank while it was read to answer with");
    detail::response_access::content(r, std::move(all));
    return;
  }
  const detail::file_content file = std::get<detail::file_content>(detail::response_access::content(r));
  std::string bytes = server_room::read_slice(file.descriptor, file.offset, file.length);
  if (bytes.size() != file.length) throw std::length_error("a file shrank while it was read to answer with");
  detail::response_access::content(r, std::move(bytes));
}

}  // namespace

task<response> next::operator()(request& req) const {
  return core_->run_chain(req, index_, static_cast<const server_room::route*>(route_));
}

const server_room::route* server_core::find_route(request& req, std::optional<response>& answer) const {
  using detail::request_access;
  if (trace && req.method() == method::trace) [[unlikely]] {
    answer = server_room::trace_answer(req);
    return nullptr;
  }
  const std::string_view path = req.path();
  const server_room::match m = routes.find(req.method(), path);
  if (m.found != nullptr) {
    for (std::size_t i = 0; i < m.count; ++i) request_access::add_parameter(req, m.found->names[i], m.values[i]);
    return m.found;
  }
  const auto which = req.method().which();
  if (which == method::id::options && (path == "*" || m.allowed != 0)) {
    answer.emplace(204);
    answer->header("Allow", server_room::allow_value(path == "*" ? routes.all_methods() : m.allowed));
    return nullptr;
  }
  if (which == method::id::other) {  // RFC 9110 §9.1
    answer =
        error_response(problem(501).detail("This server does not know the method " + std::string(req.method().name()) + "."), req);
    return nullptr;
  }
  if (m.allowed != 0 || which == method::id::connect) {
    const auto methods = m.allowed != 0 ? m.allowed : routes.all_methods();
    answer = error_response(problem(405).detail("This resource does not take the method " + std::string(req.method().name()) + "."),
                            req);
    answer->header("Allow", server_room::allow_value(methods));  // RFC 9110 §15.5.6
    return nullptr;
  }
  if (path.find('%') != std::string_view::npos && !percent_decode(path)) {
    answer = error_response(problem(400).detail("The path has a % that is not followed by two hexadecimal digits."), req);
    return nullptr;
  }
  if (!not_found) {
    answer = error_response(problem(404).detail("There is nothing at this address."), req);
    return nullptr;
  }
  if (web.must_await(req)) return nullptr;
  try {
    answer = not_found(req);
  } catch (...) {
    answer = answer_to(std::current_exception(), req);
  }
  return nullptr;
}

task<response> server_core::run_chain(request& req, std::size_t index, const server_room::route* route) const {
  if (index < middleware.size()) return middleware[index](req, next(this, index + 1, route));
  if (route == nullptr) {
    std::optional<response> answer;
    detail::request_access::clear_parameters(req);
    route = find_route(req, answer);
    if (route == nullptr) return give(std::move(*answer));
  }
  if (route->at_once) {
    if (auto answer = route->at_once(req)) return give(std::move(*answer));
  }
  if (route->tasked) return route->tasked(req);
  return run_plain_handler(req, route, caps.content, digests);
}

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

// A co_await a statement: g++ 12 (design §5).
task<std::optional<response>> server_core::prepare(request& req, const server_room::route* route) const {
  if (web.store != nullptr && (route == nullptr || !route->stateless) && web.must_await(req)) {
    auto loading = web.load(req);
    co_await loading;
  }
  if (web.csrf) {
    auto checking = web.check(req);
    const std::optional<problem> refused = co_await checking;
    if (refused) {
      std::optional<response> answer(error_response(*refused, req));
      co_return answer;
    }
  }
  co_return std::nullopt;
}

task<std::optional<response>> server_core::load_session(request& req) const {
  auto loading = web.load(req);
  co_await loading;
  co_return std::nullopt;
}

task<> server_core::finish_state(const request& req, response& answer, bool loop_goes_on) const {
  if (web.finish_now(req, answer)) co_return;
  auto finishing = web.finish(req, answer, loop_goes_on);
  co_await finishing;
}

// --- without a socket ----------------------------------------------------------------------------------------------------------

task<response> server_core::handle_whole(request& req) const {
  std::optional<response> first = looks_first ? look_first(req) : std::nullopt;
  auto answering = first ? give(std::move(*first)) : handle_request(req);
  response result = co_await answering;
  if (looks_last) look_last(req, result);
  co_return result;
}

task<response> server_core::handle_request(request& req) const {
  server_room::compressor coder(compression);
  coder.make_current();
  detail::request_access::web(req, &web);
  std::optional<response> answer;
  const server_room::route* route = find_route(req, answer);
  response result(200);
  std::exception_ptr thrown;
  try {
    std::optional<response> refused;
    if (route == nullptr && middleware.empty() && !answer) {
      auto loading = load_session(req);
      refused = co_await loading;
      find_route(req, answer);
    } else if ((route != nullptr || !middleware.empty()) && must_prepare(req, route)) {
      auto preparing = prepare(req, route);
      refused = co_await preparing;
    }
    if (refused) {
      result = *std::move(refused);
    } else if (const auto rule = server_room::partial_put(req)) {
      result = error_response(*rule, req);
    } else if (route == nullptr && middleware.empty()) {
      result = std::move(*answer);
    } else if (middleware.empty() && route->plain && req.content().size() > caps.content) {
      throw content_too_large(caps.content);
    } else {
      auto chain = run_chain(req, 0, route);
      result = co_await chain;
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) result = answer_to(thrown, req);
  thrown = nullptr;
  try {
    auto finishing = finish_state(req, result, false);
    co_await finishing;
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) result = answer_to(thrown, req);

  auto shaped = server_room::shape_answer(*this, coder, req, result);
  if (!shaped.trailers.empty()) detail::response_access::trailers(result) = std::move(shaped.trailers);

  const bool without_content = req.method() == method::head || result.status() == 204 || result.status() == 304;
  const bool streams = std::holds_alternative<detail::streamed_content>(detail::response_access::content(result));
  std::optional<std::uint64_t> length;
  if (streams && !without_content) {
    auto producing = produce_whole(result);
    co_await producing;
    length = result.content().size();
  } else if (streams) {
    length = std::get<detail::streamed_content>(detail::response_access::content(result)).length;
  } else {
    const auto* file = std::get_if<detail::file_content>(&detail::response_access::content(result));
    const auto* parts = std::get_if<detail::parts_content>(&detail::response_access::content(result));
    length = file != nullptr ? file->length : parts != nullptr ? parts->length : result.content().size();
    if ((file != nullptr || parts != nullptr) && !without_content) read_whole_file(result);
  }
  if (length && result.status() != 204 && result.status() != 304) result.fields().set("Content-Length", std::to_string(*length));
  if (without_content) detail::response_access::content(result, std::string());
  co_return result;
}

response server_core::handle(request req) {
  auto whole = handle_whole(req);
  return parley::run(std::move(whole));
}

}  // namespace parley
