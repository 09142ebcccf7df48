// What stands above a connection: the server's dispatch, or the client's fetch.
#pragma once

#include "engine/events.hpp"

#include <string_view>

namespace parley::connection {

class exchange;
class http_connection;

/// Calls come on the loop, never from within a call that the owner makes, save `on_closed` and `on_reset` from `abort`.
class exchange_owner {
 public:
  /// Server: a request's head arrived. An exchange to bind it to; it stays the owner's.
  virtual exchange& on_request(http_connection& on, engine::request_event&& request) = 0;
  /// Server: the exchange is bound to the connection (`id` and content may be used): begin.
  virtual void on_begin(exchange& x) = 0;
  /// Server: a violation before there was an exchange (a malformed head, a time-out). The answer, if there is to be one, is sent with
  /// `refuse`; without, the connection just closes.
  virtual void on_refused(http_connection& on, engine::stream_id id, const engine::protocol_error& error) = 0;
  /// Client: a response's head arrived; interim ones may come before it.
  virtual void on_response(exchange& x, engine::response_event&& response) = 0;
  /// The peer's message is whole. For one that ended with its head it comes right after `on_begin` or `on_response`.
  virtual void on_received(exchange& x) = 0;
  /// More content came than was to be collected; the rest is dropped.
  virtual void on_too_large(exchange& x) = 0;
  /// The connection has become this exchange's byte stream.
  virtual void on_detached(exchange& x) = 0;
  /// The exchange is lost; its cancellation has been triggered. `finish` it when nothing runs for it any more. In HTTP/1 the connection
  /// goes with it, in HTTP/2 and 3 it goes on.
  virtual void on_reset(exchange& x) = 0;
  /// Client: the server promises a response to a request that nobody sent (RFC 9113 §8.4). An exchange to bind it to, which then
  /// begins with `on_response` and is finished like any other; null refuses it.
  virtual exchange* on_push(http_connection&, engine::push_event&&) { return nullptr; }
  /// Client: no exchange is open, and another can begin.
  virtual void on_idle(http_connection& c) = 0;
  /// Client: `can_send_request` was false and has turned true. In HTTP/2 and 3 that is while other exchanges go on; in HTTP/1 `on_idle`
  /// comes right behind it.
  virtual void on_capacity(http_connection&) {}
  /// Client: a ticket was kept, by which a later connection may resume this one's session.
  virtual void on_ticket(http_connection&) {}
  /// No further exchange can begin on it. Comes at most once, before `on_closed`.
  virtual void on_draining(http_connection& c) = 0;
  /// The peer broke a rule of the protocol, or a limit of it. At most once for the connection itself, and in HTTP/2 and 3 once more for
  /// each exchange that was lost by it.
  virtual void on_violation(http_connection&, const engine::protocol_error&) {}
  /// One of our own limits (a member of `parley::limits`, by name) ends something that no rule is broken by: an idle connection, say.
  virtual void on_limit(http_connection&, std::string_view) {}
  /// The transport is closed and no exchange is open. The owner destroys it, not before this call has returned (use `loop::defer`).
  virtual void on_closed(http_connection& c) = 0;

 protected:
  ~exchange_owner() = default;
};

}  // namespace parley::connection
