// What an engine tells its connection.
#pragma once

#include "engine/protocol_error.hpp"
#include "semantics/message_head.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace parley::engine {

/// An exchange's id within its connection: 1, 2, 3... in HTTP/1, the stream's id in HTTP/2 and 3. 0 is the connection itself.
using stream_id = std::uint64_t;

enum class role : std::uint8_t { client, server };

/// A request arrived (at a server). `ended`: it has no content and no trailers; no `complete` follows.
struct request_event {
  stream_id id;
  semantics::request_head head;
  bool ended;
  bool expects_continue;  // the client waits for 100 (RFC 9110 §10.1.1)
};

/// A response arrived (at a client); interim ones have `informational` set.
struct response_event {
  stream_id id;
  semantics::response_head head;
  bool ended;
  bool informational;
};

/// Content. The view is valid until the next call of the engine. Credit is returned with `consume`.
struct data_event {
  stream_id id;
  std::string_view bytes;
};

struct trailers_event {
  stream_id id;
  parley::fields trailers;
};

/// The peer's message is whole.
struct complete_event {
  stream_id id;
};

/// The exchange is lost: reset by the peer, or cut off with its connection. Nothing more can be sent or received on it.
struct reset_event {
  stream_id id;
  protocol_error error;
  /// The peer certainly did nothing with the request, so it may be sent once more whatever its method (RFC 9113 §8.7).
  bool unprocessed = false;
};

/// `send_data` takes more again.
struct writable_event {
  stream_id id;
};

/// The connection has become this exchange's byte stream (Upgrade, CONNECT; RFC 9110 §7.8, §9.3.6): from here on `data` events are
/// raw bytes, `send_data` sends raw bytes, and its end is the end of the stream in that direction.
struct detached_event {
  stream_id id;
};

/// Client: the server promises a response to a request that nobody sent (RFC 9113 §8.4). It follows as a `response_event` of `id`;
/// `reset(id)` refuses it.
struct push_event {
  stream_id parent;
  stream_id id;
  semantics::request_head head;
};

/// The peer takes no further requests on this connection. Those above `last` that were sent get a `reset` of their own.
struct goaway_event {
  stream_id last;
};

using event = std::variant<request_event, response_event, data_event, trailers_event, complete_event, reset_event, writable_event,
                           detached_event, push_event, goaway_event>;

/// How long a message's content is, as its sender knows it beforehand.
struct content_length {
  enum class kind : std::uint8_t { none, known, unknown };
  kind what = kind::none;
  std::uint64_t bytes = 0;
  static content_length no_content() { return {}; }
  static content_length of(std::uint64_t n) { return {kind::known, n}; }
  static content_length stream() { return {kind::unknown, 0}; }
};

/// Bytes to send. Small views are copied; the others are sent from where they lie, kept alive by their owner until sent.
struct chunk {
  /// `data` is copied during the call.
  struct view {
    std::string_view data;
  };
  struct owned {
    std::string data;
  };
  struct shared {
    std::string_view data;
    std::shared_ptr<const void> owner;
  };
  /// A slice of an open file; `owner` closes it.
  struct file {
    int descriptor;
    std::uint64_t offset;
    std::uint64_t length;
    std::shared_ptr<const void> owner;
  };
  std::variant<view, owned, shared, file> content = view{};
  [[nodiscard]] std::uint64_t size() const;
};

}  // namespace parley::engine
