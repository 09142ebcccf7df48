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

// From a handler's answer to its last byte.

namespace parley::server_room {

using detail::fields_access;
using detail::request_access;
using detail::response_access;
using engine::content_length;
using semantics::field_id;

namespace {

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

// RFC 9110 §7.8, §9.3.6: the byte stream changes hands by 101 to an Upgrade, or by 2xx to a CONNECT.
bool can_detach(const request& req, const response& r) {
  return r.status() == 101 ? !req.header("Upgrade").empty() : req.method() == method::connect && r.status() / 100 == 2;
}

}  // namespace

semantics::response_head worker::make_head(response& r, const connection::http_connection& on, bool announces) {
  semantics::response_head head = response_access::to_head(std::move(r));
  // RFC 9110 §6.6.1: an origin server with a clock sends Date.
  const bool has_date = fields_access::find(head.fields, field_id::date) != nullptr;
  const bool has_server = fields_access::find(head.fields, field_id::server) != nullptr;
  std::uint16_t http3_port = announces ? connections_[on.owner_index].http3_port : std::uint16_t{0};
  if (http3_port != 0 && fields_access::find(head.fields, field_id::alt_svc) != nullptr) http3_port = 0;
  if (!has_date && !has_server) {
    head.ready[1] = &date_.lines(core_.product, http3_port);
    return head;
  }
  // An empty one keeps ours out: of an answer that a proxy passes on, say.
  if (has_server && fields_access::get(head.fields, field_id::server).empty()) [[unlikely]] {
    head.fields.remove("Server");
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
    if (x.lost()) {
      drop_content(answer);
      return on_reset(x);
    }
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
  // RFC 7838 §3: what a proxy answers says nothing of where another origin is besides.
  const bool of_another = core_.any_scheme && (x.request.method() == method::connect || x.request.scheme() != "https");
  const semantics::response_head head = make_head(r, c, !of_another);
  // The field is HTTP/1's and is left out; what it asks for is not.
  if (c.version() >= http2 && semantics::parse_connection_options(head.fields).close) c.close_gracefully();
  if (const auto sent = c.send_response(x, head, length); !sent) {
    drop_content(r);
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
    drop_content(r);
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

void worker::drop_content(response& r) { response_access::content(r) = std::monostate(); }

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
  server_exchange& x = server_exchange::of(base);
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

}  // namespace parley::server_room
