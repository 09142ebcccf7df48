#include "connection/make_engine.hpp"
#include "connection/select.hpp"
#include "connection/tcp_connection.hpp"
#include "semantics/fields_access.hpp"

#include <utility>

// How a connection that began with HTTP/1 goes on with HTTP/2.

namespace parley::connection {

void tcp_connection::select(bool allowed) {
  undecided_ = true;
  may_be_http2_ = allowed;
}

bool tcp_connection::decide() {
  switch (look_at_first_bytes(in_.readable())) {
    case first_bytes::undecided:
      if (!peer_ended_) return false;
      break;
    case first_bytes::http1: break;
    case first_bytes::http2:
      if (may_be_http2_) {
        go_on_with(make_http2_engine(engine::role::server, limits_, {.secure = false, .seed = engine_seed(id_)}, loop_.now()));
      } else {
        http2_refused_ = true;
      }
  }
  undecided_ = false;
  return true;
}

void tcp_connection::look_at(engine::event& e) {
  if (auto* request = std::get_if<engine::request_event>(&e)) {
    if (may_be_http2_) upgrade(*request);
  } else if (auto* reset = std::get_if<engine::reset_event>(&e)) {
    explain(*reset);
  }
}

// What is no HTTP/1 at all.
void tcp_connection::explain(engine::reset_event& e) {
  if (tls_hello_) {
    e.error.name = "tls-on-cleartext";
    e.error.message = "This port speaks plain HTTP, and the client began a TLS handshake: use http:// or the https port.";
    e.error.section = "RFC 9110 §4.2.2";
  }
  if (http2_refused_) {
    e.error.name = "http2-not-settled";
    e.error.message = tls_ != nullptr || without_tls_
                          ? "The client began with HTTP/2, which over TLS has to be settled by ALPN (h2)."
                          : "The client began with HTTP/2, which this server does not speak here: use HTTP/1.1.";
    e.error.section = "RFC 9113 §3.2";
  }
}

void tcp_connection::go_on_with(std::unique_ptr<engine::byte_engine> engine) {
  may_be_http2_ = false;
  engine_ = std::move(engine);
  if (observer_ != nullptr) engine_->observe(observer_, id_);
  if (graceful_) engine_->close_gracefully(loop_.now());
}

// What came right behind the 101 was taken as the content of a tunnel, byte by byte; it is HTTP/2's.
void tcp_connection::upgraded(std::unique_ptr<engine::byte_engine> engine) {
  while (const auto e = engine_->next_event()) {
    if (const auto* data = std::get_if<engine::data_event>(&*e)) returned_ += static_cast<std::uint32_t>(data->bytes.size());
  }
  go_on_with(std::move(engine));
}

// RFC 7540 §3.2: the request becomes stream 1, whose client has said all, and is answered there. Only the first one asks, and only one
// without content: else its whole content would have to be kept until then.
void tcp_connection::upgrade(engine::request_event& e) {
  may_be_http2_ = false;
  if (!e.ended) return;
  const auto settings = h2c_settings(e.head);
  if (!settings) return;
  auto next = make_upgraded_http2_engine(engine::role::server, limits_, {.secure = false, .seed = engine_seed(id_)},
                                         e.head.method.which(), *settings, loop_.now());
  if (!next) return;  // settings that no client can mean: it is answered as if it had not asked
  semantics::response_head switching;
  switching.status = 101;
  parley::detail::fields_access::append(switching.fields, semantics::field_id::upgrade, "Upgrade", "h2c");
  if (!engine_->send_response(e.id, switching, engine::content_length::no_content(), loop_.now())) return;
  before_.reset(static_cast<engine::byte_engine*>(engine_.release()));
  go_on_with(std::move(*next));
  e.id = 1;
}

}  // namespace parley::connection
