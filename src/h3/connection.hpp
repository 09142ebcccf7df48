// HTTP/3 over a transport's streams, both roles (RFC 9114, RFC 9204, RFC 9218, RFC 9220, RFC 9297).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "engine/budget.hpp"
#include "engine/event_queue.hpp"
#include "engine/progress_clock.hpp"
#include "engine/scheduler.hpp"
#include "engine/stream_engine.hpp"
#include "engine/stream_store.hpp"
#include "engine/watcher.hpp"
#include "fieldcode/qpack_decoder.hpp"
#include "fieldcode/qpack_encoder.hpp"
#include "h3/closing.hpp"
#include "h3/frame.hpp"
#include "h3/frame_order.hpp"
#include "h3/frame_reader.hpp"
#include "h3/priority_updates.hpp"
#include "h3/push_ids.hpp"
#include "h3/repeated_head.hpp"
#include "h3/settings.hpp"
#include "h3/stream.hpp"
#include "semantics/malformed.hpp"
#include "semantics/pseudo_send.hpp"

namespace parley::h3 {

struct options {
  /// Client: takes pushed responses (MAX_PUSH_ID). A server pushes where its peer allows it.
  bool push = false;
  /// Server: announces SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 9220).
  bool extended_connect = false;
  /// Server: any other `:scheme` than https is for the owner to judge, as at a proxy; else it is misdirected.
  bool any_scheme = false;
  /// Announces SETTINGS_H3_DATAGRAM (RFC 9297): the transport takes DATAGRAM frames.
  bool datagrams = false;
  /// Client with early data: the server's settings of the connection before, from `peer_settings`.
  std::optional<settings> remembered = {};
  /// For hashing and for GREASE; different for each connection.
  std::uint64_t seed = 0;
  /// Server: so many request streams its transport grants at first, and one more for each that is closed. 0: it is not known.
  std::uint64_t request_streams = 0;
};

/// A datagram of an exchange (RFC 9297 §2).
struct datagram {
  engine::stream_id id = 0;
  std::string bytes;
};

/// One connection.
///
/// When an exchange is over. At a client: when both messages are whole, when `reset` was called, and at its `reset_event`. At a server:
/// when its response was handed over completely and sent (a request that is not whole is then stopped with STOP_SENDING H3_NO_ERROR, RFC
/// 9114 §4.1), or when `reset` was called. An exchange that its peer has cancelled, or that was cancelled for what the peer did, counts
/// among `limits::streams` until the owner, which had a `request_event` and now a `reset_event` of it, calls `reset(id)` or
/// `send_end(id)`: as long as something runs for it.
///
/// Delivered content is credited by `consume` alone, all of it, also after the exchange's end; `reset` credits what is left.
///
/// The transport must call `stream_closed` for every stream that either side has opened, once, and nothing for that stream behind it.
/// `caps` must outlive the connection.
class connection final : public engine::stream_engine {
 public:
  using time_point = engine::time_point;
  using stream_id = engine::stream_id;
  using transport_stream = engine::transport_stream;
  using misuse = engine::misuse;

  connection(engine::role role, const limits& caps, options how, time_point now);
  ~connection() override;

  /// The exchange of a promised response, at both ends: its push stream comes later.
  static constexpr stream_id first_push = stream_id{1} << 62;

  // --- connection.cpp
  void start(bool early, time_point now) override;
  void early_data_rejected(time_point now) override;
  void stream_limits(std::uint64_t bidirectional, std::uint64_t unidirectional) override;
  void stream_closed(transport_stream id, time_point now) override;
  void transport_closed(const engine::protocol_error& why, time_point now) override;

  // --- connection_recv.cpp
  void receive(transport_stream id, std::string_view bytes, bool fin, time_point now) override;
  void receive_reset(transport_stream id, std::uint64_t code, time_point now) override;
  void receive_stop(transport_stream id, std::uint64_t code, time_point now) override;
  void consume(stream_id id, std::size_t n) override;
  void set_aside(stream_id id, std::size_t n) override;

  // --- connection_datagrams.cpp
  void receive_datagram(std::string_view bytes, time_point now) override;
  /// The next datagram that came for an exchange whose CONNECT has a protocol. At most limits::datagrams wait; more are dropped.
  [[nodiscard]] std::optional<datagram> next_datagram();
  /// Sends a datagram on such an exchange; false when the peer takes none, or nothing can be sent on it. It may be lost.
  [[nodiscard]] bool send_datagram(stream_id id, std::string_view bytes);

  // --- connection_send.cpp
  std::expected<stream_id, misuse> send_request(const semantics::request_head& head, engine::content_length length,
                                                time_point now) override;
  std::expected<void, misuse> send_response(stream_id id, const semantics::response_head& head, engine::content_length length,
                                            time_point now) override;
  /// A slice of a file cannot be sent: the exchange is lost with `content_not_allowed`.
  std::expected<bool, misuse> send_data(stream_id id, engine::chunk&& data, time_point now) override;
  std::expected<void, misuse> send_end(stream_id id, const parley::fields* trailers, time_point now) override;

  // --- connection_push.cpp
  std::expected<stream_id, misuse> push(stream_id parent, const semantics::request_head& promised, time_point now) override;
  [[nodiscard]] bool can_push(stream_id parent) const override;

  // --- connection_output.cpp
  [[nodiscard]] std::optional<engine::any_transport_action> next_action() override;
  [[nodiscard]] std::optional<transport_stream> next_stream() override;
  engine::stream_output output(transport_stream id, std::span<std::string_view> pieces) override;
  void accepted(transport_stream id, std::size_t n, bool fin, time_point now) override;
  void blocked(transport_stream id) override;
  void unblocked(transport_stream id) override;
  void acknowledged(transport_stream id, std::size_t n) override;

  // --- connection_control.cpp
  void reset(stream_id id, time_point now) override;
  void close_gracefully(time_point now) override;
  [[nodiscard]] bool wants_close() const override { return finished_; }
  [[nodiscard]] bool ended() const override { return finished_ && events_.empty() && actions_taken_ == actions_.size(); }
  [[nodiscard]] bool can_send_request() const override { return request_room() > 0; }
  [[nodiscard]] std::size_t request_room() const override;
  [[nodiscard]] bool idle() const override { return live_ == 0; }

  // --- connection_time.cpp
  [[nodiscard]] std::optional<time_point> deadline() const override;
  void expired(time_point now) override;
  void rest() override;
  bool rest_long(time_point now) override;

  std::optional<engine::event> next_event() override { return events_.pop(); }
  [[nodiscard]] parley::version version() const override { return parley::version::http3; }
  [[nodiscard]] const engine::protocol_error* error() const override { return error_.get(); }
  void observe(engine::observer* sink, std::uint64_t id) override { watch_.attach(sink, id); }

  /// What the peer's SETTINGS say, once they have come; a client may keep it for early data of the next connection.
  [[nodiscard]] const settings* peer_settings() const { return settings_seen_ ? &theirs_ : nullptr; }
  /// The bytes that this connection holds beyond this object, for those who account for connections: tables and streams.
  [[nodiscard]] std::size_t memory() const;

 private:
  /// A stream of ours that lives as long as the connection, in order of their opening; and the one that nobody needs.
  struct own_stream {
    transport_stream id = stream::no_transport;
    send_buffer output;
    bool window_shut = false;
    bool ends = false;
    bool over = false;
  };
  enum own : std::uint8_t { own_control, own_encoder, own_decoder, own_grease, own_count };
  /// A push stream of ours.
  struct own_push {
    transport_stream id;
    stream_id exchange;
  };
  /// A unidirectional stream of the peer's.
  enum class uni_kind : std::uint8_t { starting, starting_push, control, encoder, decoder, push, ignored };
  struct peer_stream {
    transport_stream id = 0;
    uni_kind kind = uni_kind::starting;
    bool fin = false;
    bool waits = false;   // a push stream whose promise has not come
    bool closed = false;  // its transport has done with it
    std::uint8_t have = 0;
    std::array<char, most_varint_bytes> head{};
    stream_id exchange = 0;
    base::buffer bytes;  // that wait for the promise
    time_point until{};
  };
  /// A field section as it came.
  struct section_in {
    frame_type type;
    std::string_view bytes;  // behind the push id
    std::uint64_t push_id;
    bool last;  // the stream ends behind it
    std::uint64_t wire_size;
  };
  enum class decoded : std::uint8_t { whole, line_too_long, too_large, blocked, failed };

  // bytes in (connection_recv.cpp)
  void open_request(transport_stream id, std::string_view bytes, bool fin);
  void take_bytes(stream& s, std::string_view bytes, bool fin);
  [[nodiscard]] bool take_step(stream& s, const frame_reader::result& r, bool last);
  [[nodiscard]] bool begin_frame(stream& s);
  [[nodiscard]] bool take_payload(stream& s, std::string_view piece, bool last);
  [[nodiscard]] bool take_whole_frame(stream& s, std::string_view payload, bool last);
  [[nodiscard]] bool begin_data(stream& s);
  void data_piece(stream& s, std::string_view piece);
  void end_of_stream(stream& s);
  void message_received(stream& s, bool tell);
  void drop_input(stream& s, std::uint64_t n);
  void credit(transport_stream id, std::uint64_t n);
  void release_used() {
    if (!used_.empty()) [[unlikely]] {
      used_.clear();
    }
  }
  [[nodiscard]] bool refuse_frame(frame_verdict verdict, frame_kind kind);

  // unidirectional streams in (connection_unidirectional.cpp)
  void receive_unidirectional(transport_stream id, std::string_view bytes, bool fin);
  [[nodiscard]] bool read_stream_head(peer_stream& u, std::string_view& bytes, std::uint64_t& value);
  [[nodiscard]] bool begin_unidirectional(peer_stream& u, std::uint64_t type);
  void begin_push_stream(std::size_t at, std::uint64_t push_id);
  void take_unidirectional(std::size_t at, std::string_view bytes, bool fin);
  void take_control(std::string_view bytes);
  [[nodiscard]] bool begin_control_frame();
  void take_instructions(uni_kind kind, std::string_view bytes);
  void ignore_stream(peer_stream& u, error_code code);
  [[nodiscard]] peer_stream* find_unidirectional(transport_stream id);
  [[nodiscard]] bool is_peers_unidirectional(transport_stream id) const { return (id & 2) != 0 && ((id & 1) == 0) == is_server(); }

  // field sections in (connection_heads.cpp)
  template <class Section>
  [[nodiscard]] decoded decode(stream& s, const section_in& in, Section& section, std::size_t longest_section);
  void take_section(stream& s, const section_in& in);
  void take_request(stream& s, const section_in& in);
  void take_response(stream& s, const section_in& in);
  void take_trailers(stream& s, const section_in& in);
  void take_promise(stream& parent, const section_in& in);
  void keep_blocked(stream& s, const section_in& in);
  void unblock(transport_stream id);
  void resume(stream& s, std::unique_ptr<waiting_bytes> kept);
  [[nodiscard]] bool refuse_section(stream& s, decoded how);
  void malformed_message(stream& s, const semantics::malformed& fault);

  // control frames in (connection_frames.cpp)
  void on_control_frame(frame_type type, std::string_view payload);
  void on_settings(std::string_view payload);
  void on_goaway(std::string_view payload);
  void on_max_push_id(std::string_view payload);
  void on_cancel_push(std::string_view payload);
  void on_priority_update(frame_type type, std::string_view payload);
  [[nodiscard]] bool read_only_id(std::string_view payload, std::uint64_t& id);
  [[nodiscard]] bool glitch();

  // streams, faults (connection.cpp)
  stream& open_stream(stream_id id);
  [[nodiscard]] stream* find_transport(transport_stream id);
  void close_transport(stream& s);
  void enter(stream& s, frame_place place);
  void settle(stream& s);
  void remove(stream& s);
  void stop_sending(stream& s);
  void stop_reading(stream& s, error_code code);
  void abandon(stream& s, error_code code);
  void lose(stream& s, const engine::protocol_error& error, bool unprocessed = false);
  void reject(stream& s, const engine::protocol_error& error);
  void fail_stream(stream& s, const engine::protocol_error& error);
  void fail(const engine::protocol_error& error);
  void lose_all(const engine::protocol_error& error);
  void finish(error_code code, std::string_view reason);
  void finish_if_drained();
  void say_last();
  [[nodiscard]] engine::protocol_error for_us(engine::protocol_error error) const;
  // RFC 9218 §10: a client that has never said anything about priorities cannot mean "one after the other", which would let a large
  // response hold up all others; nor do our own requests.
  [[nodiscard]] semantics::priority usual_priority() const {
    return {.urgency = 3, .incremental = !is_server() || !priorities_known_};
  }
  [[nodiscard]] bool is_server() const { return role_ == engine::role::server; }
  [[nodiscard]] bool peer_opened(const stream& s) const { return is_server() != s.pushed; }
  // A request for which the server's transport grants no stream yet: it was sent as early data, which was refused.
  [[nodiscard]] bool not_granted(const stream& s) const {
    return !is_server() && !s.pushed && s.transport / 4 >= bidirectional_limit_;
  }

  // messages out (connection_send.cpp)
  [[nodiscard]] std::expected<void, misuse> send_interim(stream& s, const semantics::response_head& head);
  [[nodiscard]] std::expected<void, misuse> send_tunnel(stream& s, const semantics::response_head& head);
  [[nodiscard]] std::expected<stream*, misuse> sending_to(stream_id id);
  void head_sent(stream& s, engine::content_length length, bool ends);
  void message_handed_over(stream& s);
  void end_output(stream& s);
  void message_sent(stream& s);

  // frames out (connection_output.cpp, connection_heads_out.cpp)
  void write_control(frame_type type, std::string_view payload);
  void write_control_id(frame_type type, std::uint64_t id);
  void write_own_streams();
  void write_data_header(stream& s, std::uint64_t size);
  void schedule(stream& s);
  void count_queued(const stream& s, std::uint64_t before);
  void flush_instructions();
  void move_instructions(own which);
  [[nodiscard]] own_stream* find_own(transport_stream id);
  [[nodiscard]] transport_stream own_id(std::uint64_t index) const { return index * 4 + (is_server() ? 3 : 2); }
  void update_room();
  void tell_writable(stream& s);
  [[nodiscard]] bool has_room(const stream& s) const;
  /// A frame with a field section, until something else is written: its bytes, and what goes to the peer's table for it.
  struct written_section {
    std::string_view frame;
    std::size_t instructions;
    [[nodiscard]] std::size_t size() const { return frame.size() + instructions; }
  };
  template <class Visit>
  written_section write_section(stream& s, frame_type type, std::uint64_t push_id, std::size_t bound, Visit&& each);
  [[nodiscard]] semantics::sendable write_request(stream& s, const semantics::request_head& head,
                                                  std::optional<std::uint64_t> length, frame_type type, std::uint64_t push_id);
  void write_response(stream& s, const semantics::response_head& head, std::optional<std::uint64_t> length);
  bool write_again(stream& s, const semantics::response_head& head, std::optional<std::uint64_t> length);
  void keep_head(const semantics::response_head& head, std::optional<std::uint64_t> length, std::string_view frame);
  void write_trailers(stream& s, const parley::fields& trailers);

  // pushes (connection_push.cpp)
  void allow_pushes();
  void cancel_push(stream& s);
  void attach_push(stream& s, peer_stream& u);
  [[nodiscard]] stream* find_pushed(transport_stream id);

  // time (connection_time.cpp)
  void start_head_clock(stream& s, std::chrono::milliseconds time);
  void start_receive_clock(stream& s);
  void watch_sending(stream& s);
  void watch_from(time_point until) { sweep_at_ = std::min(sweep_at_, until); }
  void start_output_clock();
  void output_progress(std::uint64_t n);
  void sweep();
  void sweep_pushes();
  [[nodiscard]] bool receives_slowly(stream& s);
  [[nodiscard]] bool sends_slowly(stream& s);
  [[nodiscard]] bool reading_shut(const stream& s) const;
  [[nodiscard]] std::uint64_t least_rate(std::size_t of) const { return is_server() ? of : 0; }
  void output_stalled();
  [[nodiscard]] bool rests_later() const;

  // observations (observe_frames.cpp)
  void see_frame(engine::direction way, stream_id on, frame_type type, std::uint64_t size, std::string_view payload);

  static constexpr time_point never = time_point::max();

  const limits& limits_;
  const engine::role role_;
  const options options_;
  engine::watcher watch_;
  engine::event_queue events_;
  std::vector<engine::any_transport_action> actions_;
  std::size_t actions_taken_ = 0;
  fieldcode::qpack_decoder decoder_;
  fieldcode::qpack_encoder encoder_;
  std::unique_ptr<repeated_head> again_;  // the head that comes again and again
  std::uint64_t last_head_ = 0;           // the sign of the last one that may be such a one
  std::uint64_t instructions_in_ = 0;     // bytes for our table, since the last head: for those who look on
  engine::stream_store<stream> streams_;
  engine::scheduler turns_;
  std::unique_ptr<engine::protocol_error> error_;

  settings theirs_;
  std::array<own_stream, own_count> own_;
  std::vector<own_push> own_pushes_;
  std::vector<peer_stream> uni_;
  frame_reader control_reader_;
  frame_place control_place_;
  base::buffer control_partial_;
  std::vector<base::buffer> used_;  // what events may point into, until the next call
  engine::budget resets_;
  engine::budget glitches_;
  priority_updates early_priorities_;
  push_ids pushes_;
  closing closing_;
  std::vector<datagram> datagrams_;

  std::uint64_t bidirectional_limit_ = 0;
  std::uint64_t unidirectional_limit_ = 0;
  std::uint64_t next_request_ = 0;         // how many request streams we have opened
  std::uint64_t next_unidirectional_ = 3;  // the same of unidirectional ones
  std::uint64_t requests_end_ = 0;         // server: 4 above the highest request stream that came
  std::uint64_t requests_closed_ = 0;      // server: request streams that the transport has done with
  std::uint64_t push_limit_ = 0;           // server: one above the highest push id that may be used
  std::uint64_t next_push_ = 0;            // server: the next push id; client: one above the highest that was promised
  std::uint32_t live_ = 0;                 // exchanges that are not over
  std::uint32_t peers_live_ = 0;           // those of them that the peer has opened
  std::uint32_t pushes_live_ = 0;          // and those that are pushed
  std::uint64_t requests_ = 0;
  std::uint64_t queued_ = 0;            // bytes of all exchanges that were not sent
  std::uint64_t held_ = 0;              // and those that were, and may be lost
  std::uint64_t acknowledged_new_ = 0;  // since the output clock was set last
  std::uint64_t unread_ = 0;            // content of all exchanges that was told, and neither consumed nor set aside
  std::uint64_t control_acknowledged_ = 0;
  std::uint64_t control_written_ = 0;
  std::uint32_t earned_ = 0;  // frames without use that messages excuse
  bool started_ = false;
  bool early_ = false;
  bool relied_on_remembered_ = false;
  bool settings_seen_ = false;
  bool priorities_known_ = false;  // the client uses those of RFC 9218
  bool finished_ = false;          // no further frame in either direction
  bool any_full_ = false;          // somebody waits until the connection has room
  bool output_clock_runs_ = false;
  bool rested_ = false;  // since it is idle, what it can do without for long was given back

  time_point now_;
  time_point idle_since_;
  time_point settings_until_ = never;
  time_point sweep_at_ = never;  // no stream's time ends before
  engine::progress_clock output_clock_;
};

}  // namespace parley::h3
