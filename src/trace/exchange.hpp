// Records folded into exchanges: one request and its response, with the connection it went over.
#pragma once

#include "trace/recorded.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::trace {

/// One side's message, as this end saw it.
struct message {
  std::string head;        // wire text, or a line a field (head_step::text); empty where there is none (HTTP/0.9 responses)
  std::string start_line;  // where the text has none (HTTP/2)
  parley::version version = parley::version::http1_1;
  int status = 0;                        // of a response
  std::uint64_t head_bytes = 0;          // on the wire; 0 where nobody said
  std::uint64_t content = 0;             // bytes, without framing
  std::uint64_t written = 0;             // bytes that went out since it began; of an outgoing one
  std::string trailers;                  // `Name: value` lines
  std::optional<time_point> first_byte;  // received, or written
  std::optional<time_point> last_byte;
  bool begun = false;    // its head was seen, or for HTTP/0.9 its content
  bool ended = false;    // it is whole
  bool flushed = false;  // outgoing, with HTTP/2: its end was written
};

/// One address that was tried.
struct attempt {
  std::string address;
  time_point started{};
  std::optional<time_point> done;
  std::string error;  // empty for a success
  bool quic = false;  // over UDP: the handshake is part of it
};

/// TLS, between connecting and the first request.
struct handshake {
  time_point started{};
  std::optional<time_point> done;
  std::string about;
  std::string error;  // empty for a success
};

struct exchange {
  std::uint64_t connection = 0;
  engine::stream_id stream = 0;
  std::uint64_t number = 1;  // the how manieth of its connection; above 1 the connection was reused
  engine::role role = engine::role::client;

  std::string peer;  // the address that it went over; also on a reused connection
  std::string host;  // that was looked up; empty where there was no need
  std::string addresses;
  std::optional<time_point> resolve_started, resolve_done;
  std::vector<attempt> attempts;
  std::optional<handshake> tls;
  /// The CONNECT that opened the proxy's tunnel, with how the proxy was reached; of the first exchange in it. Null: none.
  std::shared_ptr<const exchange> tunnel;

  engine::stream_id promised_on = 0;  // pushed: the stream of the exchange whose server promised it
  std::vector<std::string> promises;  // what was promised on this one: `GET /style.css on stream 2`
  bool early = false;                 // HTTP/3: the request went before the handshake was done (RFC 8470)
  message request;
  std::vector<std::string> interim_heads;  // of 1xx responses
  message response;

  bool reset = false;                  // HTTP/2: it was lost, and its connection goes on
  std::string error;                   // what broke the session, one sentence
  std::string closed;                  // the reason, when the connection closed before the exchange was whole
  std::optional<time_point> given_up;  // when it was lost, or looked at before its end

  /// The earliest time there is.
  [[nodiscard]] time_point started() const;
  /// The latest time there is.
  [[nodiscard]] time_point finished() const;
};

/// What an exchange that is not whole was doing last: `looking up example.org`, `waiting for the response`.
[[nodiscard]] std::string last_doing(const exchange& x);

struct connection_state;  // trace/connection_state.hpp

/// Sees records in order and gives each exchange once it is whole or lost.
class exchange_folder {
 public:
  using sink = std::function<void(exchange&&)>;
  explicit exchange_folder(sink give);
  exchange_folder(const exchange_folder&) = delete;
  exchange_folder& operator=(const exchange_folder&) = delete;
  ~exchange_folder();

  void add(const recorded& one);
  /// Gives what is still under way, as it is at `now`, where that is known.
  void flush(std::optional<time_point> now = {});

 private:
  connection_state& find_connection(std::uint64_t id);
  void take_tunnel(std::uint64_t into, const connect_step& step);
  void give_whole(connection_state& on);
  void give_all(connection_state& on, bool closed, std::optional<time_point> now);

  sink give_;
  std::vector<connection_state> connections_;
};

/// All exchanges of some records, those that did not end too.
[[nodiscard]] std::vector<exchange> fold(std::span<const recorded> records);

}  // namespace parley::trace
