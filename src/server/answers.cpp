// How a request is answered: routes, middleware, and what must be awaited first. Errors are in error_answers.cpp.
#include "connection/message_access.hpp"
#include "server/server_core.hpp"
#include "server/shaping.hpp"
#include "server/trace_answer.hpp"

#include <parley/uri.hpp>

#include <utility>

namespace parley {

namespace {

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
    answer->header("Allow", server_room::allow_value(path == "*" ? routes.all_methods() : m.allowed, trace));
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
    answer->header("Allow", server_room::allow_value(methods, trace));  // RFC 9110 §15.5.6
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

const server_room::route* server_core::match_route(request& req) const {
  if (trace && req.method() == method::trace) [[unlikely]] {
    return nullptr;
  }
  const server_room::match m = routes.find(req.method(), req.path());
  for (std::size_t i = 0; m.found != nullptr && i < m.count; ++i)
    detail::request_access::add_parameter(req, m.found->names[i], m.values[i]);
  return m.found;
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

}  // namespace parley
