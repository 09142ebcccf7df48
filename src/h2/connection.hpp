// HTTP/2 over one byte stream, both roles (RFC 9113, RFC 7541, RFC 8441, RFC 9218).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/budget.hpp"
#include "engine/byte_engine.hpp"
#include "engine/event_queue.hpp"
#include "engine/progress_clock.hpp"
#include "engine/scheduler.hpp"
#include "engine/send_queue.hpp"
#include "engine/watcher.hpp"
#include "fieldcode/hpack_decoder.hpp"
#include "fieldcode/hpack_encoder.hpp"
#include "h2/closing.hpp"
#include "h2/flow_window.hpp"
#include "h2/frame.hpp"
#include "h2/frame_reader.hpp"
#include "h2/priority_updates.hpp"
#include "h2/settings.hpp"
#include "h2/stream.hpp"
#include "h2/stream_store.hpp"
#include "semantics/malformed.hpp"
#include "semantics/pseudo_send.hpp"

namespace parley::h2 {

struct options {
  /// Client: takes pushed responses (SETTINGS_ENABLE_PUSH). A server pushes where its peer's setting allows it.
  bool push = false;
  /// Server: announces SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441).
  bool extended_connect = false;
  /// The byte stream is TLS's: `:scheme` is https, else http.
  bool secure = true;
  /// Server: any other `:scheme` is for the owner to judge, as at a proxy; else it is misdirected.
  bool any_scheme = false;
  /// For hashing and for GREASE; different for each connection.
  std::uint64_t seed = 0;
};

/// One connection.
///
/// When an exchange is over. At a client: when both messages are whole, when `reset` was called, and at its `reset_event`. At a server:
/// when its response was handed over completely and sent, or when `reset` was called. A request that is not whole by then is stopped with
/// RST_STREAM NO_ERROR (RFC 9113 §8.1): at once when much of it is to come, else when 16 KiB of it have come or `limits::linger_time` is
/// over, so that what was on its way is still judged by the rules, and a peer that is about to end it is not reset. An exchange that its peer has cancelled, or that was cancelled for what the peer did, counts among
/// `limits::streams` until the owner, which had a `request_event` and now a `reset_event` of it, calls `reset(id)` or `send_end(id)`: as
/// long as something runs for it.
///
/// Delivered content is credited by `consume` alone, all of it, also after the exchange's end; `reset` credits what is left.
///
/// `caps` must outlive the connection.
class connection final : public engine::byte_engine {
 public:
  using time_point = engine::time_point;
  using stream_id = engine::stream_id;
  using misuse = engine::misuse;

  connection(engine::role role, const limits& caps, options how, time_point now);
  ~connection() override;

  /// After `Upgrade: h2c` (RFC 7540 §3.2), right after construction: stream 1 is that request, which is whole. Server: with the decoded
  /// HTTP2-Settings of the client; no `request_event` comes. Client: with nothing.
  std::expected<stream_id, engine::protocol_error> upgraded(parley::method::id method, std::string_view settings_payload,
                                                            time_point now);

  // --- connection_recv.cpp
  std::size_t receive(std::string_view bytes, time_point now) override;
  void receive_eof(time_point now) override;
  [[nodiscard]] bool wants_read() const override { return !finished_; }
  void consume(stream_id id, std::size_t n) override;
  void set_aside(stream_id id, std::size_t n) override;

  // --- connection_send.cpp
  std::expected<stream_id, misuse> send_request(const semantics::request_head& head, engine::content_length length,
                                                time_point now) override;
  std::expected<void, misuse> send_response(stream_id id, const semantics::response_head& head, engine::content_length length,
                                            time_point now) override;
  std::expected<bool, misuse> send_data(stream_id id, engine::chunk&& data, time_point now) override;
  std::expected<void, misuse> send_end(stream_id id, const parley::fields* trailers, time_point now) override;

  // --- connection_push.cpp
  std::expected<stream_id, misuse> push(stream_id parent, const semantics::request_head& promised, time_point now) override;
  [[nodiscard]] bool can_push(stream_id parent) const override;

  // --- connection_output.cpp
  std::size_t output(std::span<engine::segment> out) override;
  void written(std::size_t n, time_point now) override;
  void delivered(std::uint64_t n, time_point now) override;
  [[nodiscard]] bool has_output() const override { return !out_.empty() || (!turns_.empty() && send_.left() > 0); }

  // --- connection_control.cpp
  void reset(stream_id id, time_point now) override;
  void close_gracefully(time_point now) override;
  [[nodiscard]] bool wants_close() const override { return finished_; }
  [[nodiscard]] bool ended() const override;
  [[nodiscard]] bool can_send_request() const override { return request_room() > 0; }
  [[nodiscard]] std::size_t request_room() const override;
  [[nodiscard]] bool idle() const override;

  // --- connection_time.cpp
  [[nodiscard]] std::optional<time_point> deadline() const override;
  void expired(time_point now) override;
  void rest() override;
  bool rest_long(time_point now) override;

  std::optional<engine::event> next_event() override { return events_.pop(); }
  [[nodiscard]] parley::version version() const override { return parley::version::http2; }
  [[nodiscard]] const engine::protocol_error* error() const override { return error_.get(); }
  void observe(engine::observer* sink, std::uint64_t id) override;

  /// The bytes that this connection holds beyond this object, for those who account for connections: tables and streams.
  [[nodiscard]] std::size_t memory() const;

 private:
  /// A field block whose frames are not all here.
  struct field_block {
    std::uint32_t stream = 0;  // 0: none
    std::uint32_t promised = 0;
    std::uint8_t flags = 0;  // of its first frame
    std::uint32_t continuations = 0;
    std::string bytes;
  };
  /// A whole field block.
  struct whole_block {
    std::uint32_t stream;
    std::uint32_t promised;
    bool end_stream;
    std::string_view bytes;
    std::uint64_t wire_size;
  };

  // frames in (connection_recv.cpp)
  [[nodiscard]] std::size_t receive_preface(std::string_view bytes);
  [[nodiscard]] bool receive_step(const frame_reader::result& r);
  void on_frame(const frame_header& h, std::string_view payload);
  void data_begin(const frame_header& h);
  void data_piece(std::string_view bytes);
  void data_end(const frame_header& h);
  void drop_data(std::uint32_t size);
  void end_of_input();
  [[nodiscard]] bool full_of_events() const { return events_.size() >= max_waiting_events; }
  // What an input means for that stream, wherever it is; faults that cost the connection, or a stream that is gone, are dealt with.
  [[nodiscard]] bool allowed(stream* s, std::uint32_t id, stream_input input);
  [[nodiscard]] stream_state state_of(const stream* s, std::uint32_t id) const;

  // field blocks in (connection_heads.cpp)
  enum class decoded : std::uint8_t { whole, line_too_long, failed };
  void on_headers(const frame_header& h, std::string_view payload);
  void on_push_promise(const frame_header& h, std::string_view payload);
  void on_continuation(const frame_header& h, std::string_view payload);
  void begin_block(const frame_header& h, std::uint32_t promised, std::string_view fragment);
  void take_block(const whole_block& b);
  template <class Section>
  [[nodiscard]] decoded decode(std::string_view block, Section& section);
  bool drop_block(std::string_view block);
  void take_request(const whole_block& b);
  void take_response(stream& s, const whole_block& b);
  void take_trailers(stream& s, const whole_block& b);
  void take_promise(stream* parent, const whole_block& b);
  void refuse_stream(std::uint32_t id, const engine::protocol_error& error);
  void malformed_message(stream& s, const semantics::malformed& fault);
  void message_received(stream& s, bool tell);

  // other frames in (connection_frames.cpp)
  void on_priority(const frame_header& h, std::string_view payload);
  void bad_priority(const frame_header& h);
  void on_rst_stream(const frame_header& h, std::string_view payload);
  void on_settings(const frame_header& h, std::string_view payload);
  [[nodiscard]] const engine::protocol_error* apply_settings(std::string_view payload);
  void settings_acknowledged();
  void on_ping(const frame_header& h, std::string_view payload);
  void on_goaway(const frame_header& h, std::string_view payload);
  void on_window_update(const frame_header& h, std::string_view payload);
  void on_priority_update(const frame_header& h, std::string_view payload);
  [[nodiscard]] bool glitch();

  // streams, faults (connection.cpp)
  stream& open_stream(std::uint32_t id, stream_input how);
  void feed(stream& s, stream_input input);
  void settle(stream& s);
  void remove(stream& s);
  void stop_sending(stream& s);
  void abandon(stream& s, error_code code);
  void lose(stream& s, const engine::protocol_error& error, bool unprocessed = false);
  void fail_stream(stream& s, const engine::protocol_error& error);
  void fail(const engine::protocol_error& error);
  void lose_all(const engine::protocol_error& error);
  void finish();
  void finish_if_drained();
  void say_last();
  [[nodiscard]] engine::protocol_error for_us(engine::protocol_error error) const;
  // RFC 9113 §5.3.2, RFC 9218 §10: a client that has never said anything about priorities cannot mean "one after the other", which would
  // let a large response hold up all others; nor do our own requests.
  [[nodiscard]] semantics::priority usual_priority() const {
    return {.urgency = 3, .incremental = !is_server() || !priorities_known_};
  }
  [[nodiscard]] std::uint32_t largest_frame() const {
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(limits_.frame, default_frame_size, largest_frame_size));
  }
  [[nodiscard]] bool is_server() const { return role_ == engine::role::server; }
  [[nodiscard]] bool is_peers(std::uint32_t id) const { return (id % 2 == 1) == is_server(); }

  // messages out (connection_send.cpp)
  [[nodiscard]] std::expected<void, misuse> send_interim(stream& s, const semantics::response_head& head);
  [[nodiscard]] std::expected<void, misuse> send_tunnel(stream& s, const semantics::response_head& head);
  [[nodiscard]] std::expected<stream*, misuse> sending_to(stream_id id);
  void head_sent(stream& s, engine::content_length length, bool ends);
  void send_content(stream& s, engine::chunk&& data, std::uint64_t size);
  void message_handed_over(stream& s);
  void message_sent(stream& s);
  [[nodiscard]] bool may_linger(const stream& s) const;
  void linger(stream& s);
  void stop_request(stream& s);

  // frames out (connection_output.cpp, connection_heads_out.cpp)
  char* begin_frame(std::size_t size);
  void write_frame(const frame_header& h, std::string_view payload, bool control = true);
  void write_reset(std::uint32_t id, error_code code);
  void write_goaway(std::uint32_t last, error_code code, std::string_view text);
  void write_window_update(std::uint32_t id, std::uint32_t by);
  void write_end(stream& s);
  void write_preface();
  void count_control(std::size_t bytes);
  void seal();
  void pump();
  void write_content(stream& s);
  void schedule(stream& s);
  void update_room();
  void tell_writable(stream& s);
  [[nodiscard]] bool has_room(const stream& s) const;
  void credit_connection();
  void credit_all_of(stream& s);
  void credit_stream(stream& s);
  template <class Visit>
  std::size_t write_block(frame_header h, std::uint32_t promised, std::size_t bound, Visit&& each);
  [[nodiscard]] semantics::sendable write_request(const semantics::request_head& head, std::optional<std::uint64_t> length,
                                                  const frame_header& h, std::uint32_t promised);
  [[nodiscard]] semantics::sendable write_response(const semantics::response_head& head, std::optional<std::uint64_t> length,
                                                   const frame_header& h);
  void write_trailers(stream& s, const parley::fields& trailers);

  // time (connection_time.cpp)
  void start_receive_clock(stream& s);
  void watch_sending(stream& s);
  void watch_from(time_point until) { sweep_at_ = std::min(sweep_at_, until); }
  [[nodiscard]] time_point idle_until() const;
  void sweep();
  [[nodiscard]] bool rests_later() const;
  [[nodiscard]] bool receives_slowly(stream& s);
  [[nodiscard]] bool sends_slowly(stream& s);
  [[nodiscard]] std::uint64_t least_rate(std::size_t of) const { return is_server() ? of : 0; }
  void output_stalled();

  // observations (observe_frames.cpp)
  void see_frame(engine::direction way, const frame_header& h, std::string_view payload);

  static constexpr std::size_t max_waiting_events = 32;
  // Before the peer's SETTINGS: what RFC 9113 §6.5.2 recommends as the least.
  static constexpr std::uint32_t assumed_streams = 100;
  static constexpr time_point never = time_point::max();

  const limits& limits_;
  const engine::role role_;
  const options options_;
  engine::watcher watch_;
  engine::event_queue events_;
  engine::send_queue out_;
  frame_reader reader_;
  fieldcode::hpack_decoder decoder_;
  fieldcode::hpack_encoder encoder_;
  stream_store streams_;
  closed_streams closed_;
  engine::scheduler turns_;
  std::unique_ptr<engine::protocol_error> error_;

  settings theirs_;
  send_window send_;
  receive_window receive_;
  engine::budget resets_;
  engine::budget glitches_;
  priority_updates early_priorities_;
  field_block block_;
  closing closing_;

  stream* data_stream_ = nullptr;  // the reader of the DATA frame that is coming; null: nobody
  char* last_flags_ = nullptr;     // of the DATA frame written last, while nobody has seen it
  std::uint32_t last_data_ = 0;    // its stream, and size
  std::uint32_t last_size_ = 0;
  std::uint32_t highest_peers_ = 0;  // the highest id that the peer has opened
  std::uint32_t next_ours_ = 1;      // the next id that we open
  std::uint32_t peers_open_ = 0;     // streams that the peer has opened and that count
  std::uint32_t ours_open_ = 0;      // streams that we have opened and that count; promised ones too
  std::uint32_t pushes_open_ = 0;    // client: promised streams that are there
  std::uint32_t settings_unacked_ = 0;
  std::uint32_t head_room_ = 1024;             // what the last request's head took
  std::uint32_t our_window_ = default_window;  // SETTINGS_INITIAL_WINDOW_SIZE that the peer has acknowledged
  std::uint64_t requests_ = 0;
  std::uint64_t queued_ = 0;       // content of all streams that waits
  std::uint64_t written_ = 0;      // of all output
  std::uint64_t control_new_ = 0;  // bytes of frames that the peer made us send, and that wait
  std::uint64_t control_old_ = 0;
  std::uint64_t control_mark_ = 0;
  std::uint32_t updates_earned_ = 0;  // WINDOW_UPDATEs that our DATA may cause
  std::size_t unconsumed_ = 0;        // given by the last `receive` and not taken
  bool data_dropped_ = false;         // and was credited when it began
  bool preface_due_ = false;          // server: the client's
  bool settings_seen_ = false;
  bool rested_ = false;            // since it is idle, what it can do without for long was given back
  bool priorities_known_ = false;  // the client uses those of RFC 9218
  bool frame_begun_ = false;       // a part of a frame is here
  bool eof_ = false;
  bool eof_seen_ = false;
  bool finished_ = false;  // no further frame in either direction, but for what is queued
  bool aborted_ = false;
  bool any_full_ = false;           // somebody waits until limits::connection_send_window has room
  bool window_clock_runs_ = false;  // content waits for the connection's window
  bool control_exceeded_ = false;   // the peer makes us say more than it reads

  time_point now_;
  time_point frame_since_;  // the connection's opening, or the first byte of a frame that is not whole
  time_point block_since_;
  time_point idle_since_;
  time_point settings_until_;
  std::chrono::nanoseconds round_trip_ = std::chrono::milliseconds(100);
  time_point settings_sent_;
  time_point sweep_at_ = never;  // no stream's time ends before
  engine::progress_clock output_clock_;
  engine::progress_clock window_clock_;
};

}  // namespace parley::h2
