#include "connection/message_access.hpp"
#include "server/shaping.hpp"
#include "server/worker.hpp"

#include <parley/status.hpp>

#include <utility>

// From a request's head to the handler's answer. What becomes of that is in worker_answer.cpp.

namespace parley::server_room {

using detail::request_access;

namespace {

// RFC 9110 §7.4: a target in absolute-form must name the scheme by which it came.
std::optional<problem> wrong_scheme(const request& req, bool http_too) {
  const std::string_view scheme = req.scheme();
  if (scheme == (req.secure() ? "https" : "http")) return std::nullopt;
  if (http_too && scheme == "http") return std::nullopt;
  if (scheme == "http" || scheme == "https") {
    return problem(421).detail("This connection is not the one for " + std::string(scheme) + " resources.");
  }
  return problem(400).detail("The scheme of the target is neither http nor https.");
}

}  // namespace

server_exchange& worker::take_exchange() {
  if (free_.empty()) return exchanges_.emplace_back(*this);
  server_exchange& x = *free_.back();
  free_.pop_back();
  return x;
}

connection::exchange& worker::on_request(connection::http_connection& on, engine::request_event&& event) {
  if (on.requests() == core_.caps.requests_per_connection) counters_.add_limit("requests_per_connection");
  if (on.version() >= http2) {
    const bool http3 = on.version() == parley::http3;
    counters_.add(http3 ? count::requests_http3 : count::requests_http2);
    if (on.early()) counters_.add(count::requests_early);
    if (on.requests() == 1) counters_.add(http3 ? count::connections_http3 : count::connections_http2);
  }
  server_exchange& x = take_exchange();
  take_request(x, on, std::move(event.head));
  request_access::hints(x.request, &x);
  return x;
}

void worker::take_request(server_exchange& x, connection::http_connection& on, semantics::request_head&& head) {
  counters_.add(count::requests);
  request_access::from_head(x.request, std::move(head));
  request_access::peer(x.request, &on.peer_name());
  if (on.tls() != nullptr) request_access::secure(x.request, on.tls());
  if (on.early()) [[unlikely]] {
    request_access::early(x.request);
  }
  request_access::source(x.request, &x.incoming());
  request_access::content_limit(x.request, core_.caps.content);
  request_access::web(x.request, &core_.web);
}

void worker::on_begin(connection::exchange& base) {
  server_exchange& x = server_exchange::of(base);
  if (core_.log.on() || core_.measures) {
    x.began = std::chrono::system_clock::now();
    x.began_steadily = std::chrono::steady_clock::now();
  }
  if (draining_) x.connection().close_gracefully();
  if (x.connection().without_tls()) {
    x.connection().close_gracefully();
    return respond(x, core_.without_tls(x.request));
  }
  if (request_access::names_scheme(x.request)) {
    if (const auto wrong = wrong_scheme(x.request, core_.any_scheme)) return respond(x, core_.error_response(*wrong, x.request));
  }
  // RFC 8470 §5.2: no handler hears of what must not be done twice.
  if (!x.request.method().safe() && x.request.early_data()) [[unlikely]] {
    counters_.add(count::too_early);
    const auto rule =
        problem(425).detail("This request came before its client had shown that it is there, and is not safe to repeat.");
    return respond(x, core_.error_response(rule, x.request));
  }
  if (core_.looks_first) [[unlikely]] {
    if (auto first = core_.look_first(x.request)) return respond(x, std::move(*first));
  }
  if (x.request.method() == method::put) [[unlikely]] {
    if (const auto rule = partial_put(x.request)) return respond(x, core_.error_response(*rule, x.request));
  }
  std::optional<response> answer;
  // What nothing matches is answered behind the middleware, which may let nobody so far.
  x.route = core_.middleware.empty() ? core_.find_route(x.request, answer) : core_.match_route(x.request);
  if (core_.middleware.empty() && x.route != nullptr && x.route->at_once && !core_.must_prepare(x.request, x.route) &&
      try_at_once(x)) {
    return;
  }
  if (!core_.middleware.empty() || (x.route != nullptr && x.route->tasked)) return start_handler(x);
  if (x.route == nullptr && !answer) return prepare(x, &worker::answer_unmatched);
  if (x.route == nullptr) return respond(x, std::move(*answer));
  if (core_.web.csrf && !x.request.method().safe()) [[unlikely]] {
    std::string why;  // before its content is collected for nothing
    if (core_.web.check_head(x.request, why) == detail::web_context::verdict::refused) return run_plain(x);
  }
  x.awaits_content = true;
  if (x.incoming().whole()) return;  // `on_received` follows
  if (x.incoming().length().value_or(0) > core_.caps.content) return on_too_large(x);
  x.incoming().collect(core_.caps.content);
}

void worker::on_received(connection::exchange& x) {
  if (server_exchange::of(x).awaits_content) run_plain(server_exchange::of(x));
}

void worker::on_too_large(connection::exchange& base) {
  server_exchange& x = server_exchange::of(base);
  if (!std::exchange(x.awaits_content, false)) return;
  counters_.add_limit("content");
  respond(x, core_.answer_to(std::make_exception_ptr(content_too_large(core_.caps.content)), x.request));
}

void worker::run_plain(server_exchange& x) {
  x.awaits_content = false;
  if (!x.incoming().collected().empty()) request_access::content(x.request, x.incoming().collected());
  // Before its token is looked at: who is logged in has other ones.
  if (core_.web.must_await(x.request)) [[unlikely]]
    return prepare(x, &worker::run_plain_loaded);
  run_plain_loaded(x);
}

void worker::run_plain_loaded(server_exchange& x) {
  if (core_.web.csrf && !x.request.method().safe()) [[unlikely]] {
    if (const auto refused = core_.web.check_collected(x.request)) return respond(x, core_.error_response(*refused, x.request));
  }
  run_plain_now(x);
}

void worker::run_plain_now(server_exchange& x) {
  std::exception_ptr thrown;
  try {
    if (core_.digests) check_content_digest(x.request);
    response answer = x.route->plain(x.request);
    return respond(x, std::move(answer));
  } catch (...) {
    thrown = std::current_exception();
  }
  respond(x, core_.answer_to(thrown, x.request));
}

bool worker::try_at_once(server_exchange& x) {
  std::exception_ptr thrown;
  try {
    std::optional<response> answer = x.route->at_once(x.request);
    if (!answer) return false;
    respond(x, std::move(*answer));
    return true;
  } catch (...) {
    thrown = std::current_exception();
  }
  respond(x, core_.answer_to(thrown, x.request));
  return true;
}

void worker::prepare(server_exchange& x, void (worker::*how)(server_exchange&)) {
  x.running = true;
  // What a plain handler gets was collected, and its token checked with it.
  const bool load_only = how != &worker::start_handler_now;
  auto work = load_only ? core_.load_session(x.request) : core_.prepare(x.request, x.route);
  detail::start(std::move(work), &x.cancellation(), [this, &x, how](detail::outcome<std::optional<response>> result) {
    x.running = false;
    if (x.lost()) return on_reset(x);
    if (!result) return respond(x, core_.answer_to(result.error(), x.request));
    if (*result) return respond(x, std::move(**result));
    (this->*how)(x);
  });
}

void worker::answer_unmatched(server_exchange& x) {
  std::optional<response> answer;
  core_.find_route(x.request, answer);
  respond(x, std::move(*answer));
}

void worker::start_handler(server_exchange& x) {
  if (core_.must_prepare(x.request, x.route)) [[unlikely]]
    return prepare(x, &worker::start_handler_now);
  start_handler_now(x);
}

void worker::start_handler_now(server_exchange& x) {
  x.running = true;
  std::exception_ptr thrown;
  try {
    // Without middleware the handler's own task is the root: no frame between.
    task<response> work = core_.middleware.empty() ? x.route->tasked(x.request) : core_.run_chain(x.request, 0, x.route);
    detail::start(std::move(work), &x.cancellation(),
                  [this, &x](detail::outcome<response> result) { handler_ended(x, std::move(result)); });
    return;
  } catch (...) {
    thrown = std::current_exception();  // from a handler that is no coroutine itself
  }
  x.running = false;
  respond(x, core_.answer_to(thrown, x.request));
}

void worker::handler_ended(server_exchange& x, detail::outcome<response> result) {
  x.running = false;
  if (x.lost()) {
    // Who has logged out and left before the answer is logged out all the same.
    if (result && request_access::state(x.request) != nullptr) return write_state(x, std::move(*result));
    if (result) drop_content(*result);
    return on_reset(x);
  }
  if (result) return respond(x, std::move(*result));
  respond(x, core_.answer_to(result.error(), x.request));
}

}  // namespace parley::server_room
