#include "connection/message_access.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "server/worker.hpp"

#include <utility>

// An exchange's end: what the log and the counters get, and where the exchange goes.

namespace parley::server_room {

using detail::fields_access;
using detail::request_access;
using semantics::field_id;

void worker::on_reset(connection::exchange& base) {
  server_exchange& x = server_exchange::of(base);
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
  x.answer.reset();  // before the request, whose content its producer may hold on to
  request_access::reset(x.request);
  x.route = nullptr;
  x.began = {};
  x.status = 0;
  x.awaits_content = x.gave_up = x.pushed = false;
  x.links.clear();
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
  const semantics::response_head head = make_head(answer, on, false);
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
