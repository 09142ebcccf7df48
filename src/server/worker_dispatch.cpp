#include "connection/message_access.hpp"
#include "connection/tls_stream.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "server/file_sender.hpp"
#include "server/shaping.hpp"
#include "server/worker.hpp"

#include <parley/status.hpp>

#include <utility>

// From a request's head to its answer's last byte.

namespace parley::server_room {

using detail::fields_access;
using detail::request_access;
using detail::response_access;
using engine::content_length;
using semantics::field_id;

namespace {

server_exchange& of(connection::exchange& x) { return static_cast<server_exchange&>(x); }

constexpr std::size_t copy_below = 16 * 1024;

engine::chunk bytes_chunk(std::string&& bytes) {
  // The view is copied right behind the head: one segment, one write.
  if (bytes.size() < copy_below) return {engine::chunk::view{bytes}};
  return {engine::chunk::owned{std::move(bytes)}};
}

struct length_of_content {
  content_length operator()(const std::monostate&) const { return content_length::of(0); }
  content_length operator()(const std::string& s) const { return content_length::of(s.size()); }
  content_length operator()(const detail::shared_content& s) const { return content_length::of(s.bytes.size()); }
  content_length operator()(const detail::file_content& f) const { return content_length::of(f.length); }
  content_length operator()(const detail::streamed_content& s) const {
    return s.length ? content_length::of(*s.length) : content_length::stream();
  }
  content_length operator()(const detail::tunnel_content&) const { return content_length::no_content(); }
  content_length operator()(const detail::parts_content& p) const { return content_length::of(p.length); }
};

content_length length_for(int status, const response& r) {
  const auto& content = response_access::content(r);
  // RFC 9110 §8.6: no Content-Length in 204; in 304 only what the 200 would have had, which is not known here.
  if (status == 204 || (status == 304 && std::holds_alternative<std::monostate>(content))) return content_length::no_content();
  return std::visit(length_of_content{}, content);
}

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

// RFC 9110 §7.8, §9.3.6: the byte stream changes hands by 101 to an Upgrade, or by 2xx to a CONNECT.
bool can_detach(const request& req, const response& r) {
  return r.status() == 101 ? !req.header("Upgrade").empty() : req.method() == method::connect && r.status() / 100 == 2;
}

}  // namespace

// --- a request begins --------------------------------------------------------------------------------------------------------

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
  server_exchange& x = of(base);
  if (core_.log.on() || core_.measures) {
    x.began = std::chrono::system_clock::now();
    x.began_steadily = std::chrono::steady_clock::now();
  }
  if (draining_) x.connection().close_gracefully();
  if (x.connection().without_tls()) {
    x.connection().close_gracefully();
    return respond(x, core_.without_tls(x.request));
  }
  if (const auto wrong = wrong_scheme(x.request, core_.any_scheme)) return respond(x, core_.error_response(*wrong, x.request));
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
  x.route = core_.find_route(x.request, answer);
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
  if (of(x).awaits_content) run_plain(of(x));
}

void worker::on_too_large(connection::exchange& base) {
  server_exchange& x = of(base);
  if (!std::exchange(x.awaits_content, false)) return;
  counters_.add_limit("content");
  respond(x, core_.answer_to(std::make_exception_ptr(content_too_large(core_.caps.content)), x.request));
}

void worker::run_plain(server_exchange& x) {
  x.awaits_content = false;
  if (!x.incoming().collected().empty()) request_access::content(x.request, x.incoming().collected());
  if (core_.web.csrf && !x.request.method().safe()) [[unlikely]] {
    if (const auto refused = core_.web.check_collected(x.request)) return respond(x, core_.error_response(*refused, x.request));
  }
  if (core_.web.must_await(x.request)) [[unlikely]]
    return prepare(x, &worker::run_plain_now);
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
    return on_reset(x);
  }
  if (result) return respond(x, std::move(*result));
  respond(x, core_.answer_to(result.error(), x.request));
}

// --- the answer --------------------------------------------------------------------------------------------------------------

semantics::response_head worker::make_head(response& r, const connection::http_connection& on) {
  semantics::response_head head = response_access::to_head(std::move(r));
  // RFC 9110 §6.6.1: an origin server with a clock sends Date.
  const bool has_date = fields_access::find(head.fields, field_id::date) != nullptr;
  const bool has_server = fields_access::find(head.fields, field_id::server) != nullptr;
  std::uint16_t http3_port = connections_[on.owner_index].http3_port;
  if (http3_port != 0 && fields_access::find(head.fields, field_id::alt_svc) != nullptr) http3_port = 0;
  if (!has_date && !has_server) {
    head.ready[1] = &date_.lines(core_.product, http3_port);
    return head;
  }
  if (http3_port != 0) fields_access::append(head.fields, field_id::alt_svc, "Alt-Svc", alt_svc_for(http3_port));
  if (!has_date) fields_access::append(head.fields, field_id::date, "Date", date_.now());
  if (!has_server && !core_.product.empty()) fields_access::append(head.fields, field_id::server, "Server", core_.product);
  return head;
}

// What is made of an answer for this request: it may become another one.
void worker::shape(server_exchange& x, response& r) {
  shaped_answer made = shape_answer(core_, coder_, x.request, r);
  if (made.coded) counters_.add(count::responses_coded);
  if (made.range_ignored) counters_.add(count::ranges_ignored);
  counters_.add(count::compression_full, coder_.take_refused());
  if (!made.trailers.empty()) x.outgoing().trailers(std::move(made.trailers));
}

bool worker::finish_state(server_exchange& x, response& r) {
  std::exception_ptr failed;
  try {
    if (core_.web.finish_now(x.request, r)) return true;
  } catch (...) {
    failed = std::current_exception();
  }
  if (failed) {
    r = core_.answer_to(failed, x.request);
    return true;
  }
  write_state(x, std::move(r));
  return false;
}

// Not to be cancelled: whoever leaves now has still logged out.
void worker::write_state(server_exchange& x, response&& r) {
  x.running = true;
  x.answer = std::make_unique<response>(std::move(r));
  detail::start(core_.finish_state(x.request, *x.answer, true), nullptr, [this, &x](detail::outcome<void> result) {
    x.running = false;
    response answer = result ? std::move(*x.answer) : core_.answer_to(result.error(), x.request);
    x.answer.reset();
    if (x.lost()) return on_reset(x);
    respond(x, std::move(answer));
  });
}

void worker::respond(server_exchange& x, response&& r) {
  auto& c = x.connection();
  if (request_access::state(x.request) != nullptr && !x.lost()) [[unlikely]] {
    if (!finish_state(x, r)) return;
  }
  if (std::holds_alternative<detail::tunnel_content>(response_access::content(r)) && !can_detach(x.request, r)) {
    core_.message(message_kind::answer,
                  "a handler for " + std::string(x.request.path()) + " gave a tunnel that the request did not ask for");
    r = core_.error_response(problem(500), x.request);
  }
  send_links(x);
  if (core_.shapes || response_access::shaped(r) || request_access::varies(x.request) != 0) [[unlikely]] {
    shape(x, r);
  }
  if (core_.looks_last) [[unlikely]] {
    core_.look_last(x.request, r);
  }
  x.status = r.status();
  const content_length length =
      x.outgoing().has_trailers() && c.version() == http1_1 ? content_length::stream() : length_for(r.status(), r);
  const bool without_content = x.request.method() == method::head || r.status() == 204 || r.status() == 304;
  // A producer may go on reading the request: after the final head it would be too late for 100.
  const bool streamed = std::holds_alternative<detail::streamed_content>(response_access::content(r));
  if (streamed && r.status() < 300) x.incoming().ask_for_content();
  const semantics::response_head head = make_head(r, c);
  // The field is HTTP/1's and is left out; what it asks for is not.
  if (c.version() >= http2 && semantics::parse_connection_options(head.fields).close) c.close_gracefully();
  if (const auto sent = c.send_response(x, head, length); !sent) {
    if (c.closed()) {
      x.status = 0;
      return close_exchange(x);
    }
    core_.message(message_kind::answer, "an answer to " + std::string(x.request.path()) +
                                            " could not be sent: " + std::string(engine::describe(sent.error())));
    x.status = 0;
    // Such as a status that the request does not allow: a defect of the handler.
    if (!std::exchange(x.gave_up, true)) return respond(x, core_.error_response(problem(500), x.request));
    return close_exchange(x);
  }
  counters_.add_response(x.status);
  if (without_content) {
    end_message(x);
    return close_exchange(x);
  }
  if (send_at_once(x, r)) {
    end_message(x);
    return close_exchange(x);
  }
  x.answer = std::make_unique<response>(std::move(r));
  // A tunnel's handler runs once the engine hands the byte stream over: see `on_detached`.
  if (!std::holds_alternative<detail::tunnel_content>(response_access::content(*x.answer))) produce(x);
}

void worker::end_message(server_exchange& x) {
  const auto ended = x.connection().end(x);
  if (ended || x.connection().closed()) return;
  core_.message(message_kind::answer,
                "an answer to " + std::string(x.request.path()) + " was cut off: " + std::string(engine::describe(ended.error())));
  x.connection().reset(x);
}

/// False for what is yet to be produced.
bool worker::send_at_once(server_exchange& x, response& r) {
  auto& c = x.connection();
  auto& content = response_access::content(r);
  if (auto* bytes = std::get_if<std::string>(&content)) {
    c.send(x, bytes_chunk(std::move(*bytes)));
  } else if (auto* shared = std::get_if<detail::shared_content>(&content)) {
    if (shared->bytes.size() < copy_below) {
      c.send(x, {engine::chunk::view{shared->bytes}});
    } else {
      c.send(x, {engine::chunk::shared{shared->bytes, response_access::keeper(r, *shared)}});
    }
  } else if (auto* file = std::get_if<detail::file_content>(&content)) {
    if (file->length > file_piece || !is_in_memory(file->descriptor, file->offset, file->length)) return false;
    c.send(x, {engine::chunk::file{file->descriptor, file->offset, file->length, std::move(file->owner)}});
  } else if (!std::holds_alternative<std::monostate>(content)) {
    return false;
  }
  return true;
}

void worker::produce(server_exchange& x) {
  x.running = true;
  auto& content = response_access::content(*x.answer);
  auto* const file = std::get_if<detail::file_content>(&content);
  std::exception_ptr thrown;
  try {
    const auto* const parts = std::get_if<detail::parts_content>(&content);
    auto work = file != nullptr    ? send_file(std::move(*file), x.outgoing())
                : parts != nullptr ? send_parts(*parts, x.outgoing())
                                   : std::get<detail::streamed_content>(content).producer(x.writer);
    detail::start(std::move(work), &x.cancellation(), [this, &x](detail::outcome<void> result) {
      producer_ended(x, result ? std::exception_ptr{} : std::move(result.error()));
    });
    return;
  } catch (...) {
    thrown = std::current_exception();
  }
  producer_ended(x, thrown);
}

void worker::on_detached(connection::exchange& base) {
  server_exchange& x = of(base);
  auto* content = x.answer != nullptr ? std::get_if<detail::tunnel_content>(&response_access::content(*x.answer)) : nullptr;
  if (content == nullptr || x.running) return;
  x.running = true;
  std::exception_ptr thrown;
  try {
    auto work = content->handler(x.stream);
    detail::start(std::move(work), &x.cancellation(), [this, &x](detail::outcome<void> result) {
      producer_ended(x, result ? std::exception_ptr{} : std::move(result.error()));
    });
    return;
  } catch (...) {
    thrown = std::current_exception();
  }
  producer_ended(x, thrown);
}

void worker::producer_ended(server_exchange& x, std::exception_ptr error) {
  x.running = false;
  if (!x.lost()) {
    if (error) {
      // Too late for another status: cutting the message off is what tells the client (RFC 9112 §8).
      (void)core_.answer_to(error, x.request);
    } else if (!x.sent()) {  // a tunnel may have ended its direction already
      end_message(x);
    }
  }
  close_exchange(x);
}

// --- its end -------------------------------------------------------------------------------------------------------------------

void worker::on_reset(connection::exchange& base) {
  server_exchange& x = of(base);
  if (x.running || x.waits) return;  // it has been cancelled; `handler_ended` comes, or `begin_pushed`
  x.awaits_content = false;
  const auto* error = x.error();
  if (error && error->status != 0 && !x.head_sent() && !x.connection().closed()) {
    const auto rule = problem(error->status).detail(std::string(error->message));
    return respond(x, core_.error_response(rule, x.request));
  }
  close_exchange(x);
}

void worker::log_exchange(server_exchange& x) {
  const fields& sent = std::as_const(x.request).fields();
  const std::string_view host = fields_access::get(sent, field_id::host);
  const bool begun = x.began != std::chrono::system_clock::time_point();  // it may have been switched on since
  const detail::request_notes* const notes = request_access::known_notes(x.request);
  core_.log.write({.peer = x.connection().peer_name(),
                   .time = begun ? x.began : std::chrono::system_clock::now(),
                   .method = x.request.method().name(),
                   .target = x.request.target(),
                   .version = name_in_log(x.request.version()),
                   .host = host.empty() ? x.request.authority() : host,
                   .status = x.status,
                   .bytes = x.outgoing().bytes(),
                   .duration = begun ? std::chrono::steady_clock::now() - x.began_steadily : std::chrono::nanoseconds(-1),
                   .referer = fields_access::get(sent, field_id::referer),
                   .user_agent = fields_access::get(sent, field_id::user_agent),
                   .pushed = x.pushed,
                   .client = notes != nullptr ? std::string_view(notes->client_address) : std::string_view(),
                   .user = x.request.user(),
                   .id = x.request.id(),
                   .trace = x.request.trace(),
                   .received = notes != nullptr ? notes->tunnelled : 0,
                   .tunnel = x.detached()});
}

void worker::measure(const server_exchange& x) {
  // How long a tunnel lasts is no answer's latency.
  const bool timed = x.began != std::chrono::system_clock::time_point() && !x.detached();
  counters_.requests().add(x.request.method().which(), x.request.version(), x.status,
                           timed ? std::chrono::steady_clock::now() - x.began_steadily : std::chrono::nanoseconds(-1));
}

void worker::close_exchange(server_exchange& x) {
  if (core_.log.on() && x.status != 0) log_exchange(x);
  if (core_.measures && x.status != 0) measure(x);
  request_access::reset(x.request);
  x.route = nullptr;
  x.began = {};
  x.status = 0;
  x.awaits_content = x.gave_up = x.pushed = false;
  x.links.clear();
  x.answer.reset();
  x.connection().finish(x);
  free_.push_back(&x);
}

void worker::on_refused(connection::http_connection& on, engine::stream_id id, const engine::protocol_error& error) {
  if (error.status == 0) return;
  const request nothing;
  const auto rule = problem(error.status).detail(std::string(error.message));
  response answer = core_.error_response(rule, nothing);
  std::string content(answer.content());
  const auto bytes = content.size();
  const semantics::response_head head = make_head(answer, on);
  on.refuse(id, head, std::move(content));
  counters_.add_response(error.status);
  if (!core_.log.on()) return;
  core_.log.write({.peer = on.peer_name(),
                   .time = std::chrono::system_clock::now(),
                   .method = {},
                   .target = {},
                   .version = {},
                   .host = {},
                   .status = error.status,
                   .bytes = bytes,
                   .duration = std::chrono::nanoseconds(-1),
                   .referer = {},
                   .user_agent = {},
                   .pushed = false});
}

}  // namespace parley::server_room
