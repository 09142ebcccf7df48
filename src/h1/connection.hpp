// HTTP/0.9, 1.0 and 1.1 over one byte stream, both roles (RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/byte_engine.hpp"
#include "engine/event_queue.hpp"
#include "engine/progress_clock.hpp"
#include "engine/send_queue.hpp"
#include "engine/watcher.hpp"
#include "h1/chunked_decoder.hpp"
#include "h1/framing.hpp"
#include "h1/head_parser.hpp"
#include "h1/head_writer.hpp"
#include "h1/state_tables.hpp"

namespace parley::h1 {

struct options {
  /// Server: a first request without version is answered as HTTP/0.9; otherwise it is a 400.
  bool allow_http09 = true;
  /// The byte stream is secured: HTTP/0.9 never was, so it is refused there.
  bool secure = false;
  /// Client: how many requests may be under way at once; above 1 they are pipelined (RFC 9112 §9.3.2).
  std::uint32_t pipeline = 1;
};

/// One connection. A server reads requests one after the other: the next is parsed once the response to the one before it has
/// been handed over completely. A client sends the next request once the one before it has been handed over completely.
///
/// `caps` must outlive the connection.
class connection final : public engine::byte_engine {
 public:
  using time_point = engine::time_point;
  using stream_id = engine::stream_id;
  using misuse = engine::misuse;

  connection(engine::role role, const limits& caps, options how, time_point now);

  // --- connection_recv.cpp
  std::size_t receive(std::string_view bytes, time_point now) override;
  void receive_eof(time_point now) override;
  [[nodiscard]] bool wants_read() const override;
  void consume(stream_id id, std::size_t n) override;

  // --- connection_send.cpp
  std::expected<stream_id, misuse> send_request(const semantics::request_head& head, engine::content_length length,
                                                time_point now) override;
  std::expected<void, misuse> send_response(stream_id id, const semantics::response_head& head, engine::content_length length,
                                            time_point now) override;
  std::expected<bool, misuse> send_data(stream_id id, engine::chunk&& data, time_point now) override;
  std::expected<void, misuse> send_end(stream_id id, const parley::fields* trailers, time_point now) override;

  // --- connection_control.cpp
  void reset(stream_id id, time_point now) override;
  void close_gracefully(time_point now) override;
  std::size_t output(std::span<engine::segment> out) override { return queue_.peek(out); }
  void written(std::size_t n, time_point now) override;
  void delivered(std::uint64_t n, time_point now) override;
  [[nodiscard]] std::optional<time_point> deadline() const override;
  void expired(time_point now) override;
  void rest() override;

  // --- connection.cpp
  std::optional<engine::event> next_event() override { return busy_ ? busy_->events.pop() : std::nullopt; }
  [[nodiscard]] bool has_output() const override { return !queue_.empty(); }
  [[nodiscard]] bool wants_close() const override { return sending_ == send_state::closed; }
  [[nodiscard]] bool ended() const override;
  [[nodiscard]] bool can_send_request() const override;
  [[nodiscard]] bool idle() const override;
  [[nodiscard]] parley::version version() const override { return version_; }
  [[nodiscard]] const engine::protocol_error* error() const override { return error_.get(); }
  void observe(engine::observer* sink, std::uint64_t id) override { watch_.attach(sink, id); }

  [[nodiscard]] receive_state receiving() const { return receiving_; }
  [[nodiscard]] send_state sending() const { return sending_; }

 private:
  /// A request and its response, of which at least one is not whole.
  struct exchange {
    stream_id id = 0;
    parley::method::id method = parley::method::id::get;
    parley::version version = parley::version::http1_1;
    bool persistent = false;  // the connection goes on after it
    bool upgrade = false;     // the request offers another protocol
    bool refused = false;     // its request broke a rule: one final response may follow, then the connection ends
    std::uint16_t interim = 0;
  };

  /// The content that is being received.
  struct incoming {
    body content = body::none;
    bool expects_continue = false;  // the peer holds its content back until it sees a 100
    bool discard = false;           // nobody will read it
    bool given_up = false;          // nor will it be taken: it is too long, and the response says so
    bool trailers = false;          // the last chunk has arrived
    std::uint64_t remaining = 0;    // of content by length
    std::uint64_t unread = 0;       // delivered, and not yet taken by the application
    std::uint64_t discarded = 0;
  };

  /// The message that is being sent.
  struct outgoing {
    stream_id id = 0;
    std::uint64_t remaining = 0;  // of content by length
    sent_body content = sent_body::none;
    bool full = false;  // `writable` is owed
  };

  // receiving (connection_recv.cpp)
  std::size_t receive_some(std::string_view bytes);
  std::size_t receive_start(std::string_view bytes);
  std::size_t receive_head(std::string_view bytes);
  void take_request(std::string_view text);
  void take_response(std::string_view text);
  void begin_simple_response();
  void begin_content(const received_head& meaning);
  std::size_t receive_content(std::string_view bytes);
  std::size_t receive_chunked(std::string_view bytes);
  std::size_t receive_trailers(std::string_view bytes);
  std::size_t receive_raw(std::string_view bytes);
  void deliver(std::string_view data);
  void message_complete();
  void end_of_input();
  [[nodiscard]] bool blocked() const;
  [[nodiscard]] std::size_t window() const;

  /// What only a busy connection needs: one block of memory, which goes from one that becomes idle to the next that becomes busy.
  struct busy_part {
    explicit busy_part(const limits& caps) : parser(caps) {}
    head_parser parser;
    engine::event_queue events;
    std::vector<exchange> exchanges;  // in order; those before `first` are over
    std::size_t first = 0;
  };

  // both directions (connection.cpp)
  busy_part& busy() {
    if (!busy_) become_busy();
    return *busy_;
  }
  void become_busy();
  head_parser& parser() { return busy().parser; }
  void tell(auto&& event) { busy().events.push(std::forward<decltype(event)>(event)); }
  receive_action feed(receive_input input);
  void feed(send_input input);
  exchange* find(stream_id id);
  exchange& current() { return busy_->exchanges[busy_->first]; }
  [[nodiscard]] bool has_exchange() const { return busy_ && busy_->first < busy_->exchanges.size(); }
  [[nodiscard]] std::span<exchange> open_exchanges() const {
    return busy_ ? std::span(busy_->exchanges).subspan(busy_->first) : std::span<exchange>();
  }
  exchange& open_exchange();
  void close_exchange();
  void drop_exchanges();
  void settle();
  void settle_client();
  void drain();
  void fail(engine::protocol_error error);
  void fail_server(const engine::protocol_error& error);
  void fail_client(const engine::protocol_error& error);
  void end_connection();
  void abort();
  void detach(stream_id id);

  // sending (connection_send.cpp)
  [[nodiscard]] std::expected<void, misuse> check_response(const exchange& x, int status, engine::content_length length) const;
  [[nodiscard]] bool keeps_alive(const exchange& x, const semantics::response_head& head) const;
  [[nodiscard]] std::expected<void, misuse> check_request(const semantics::request_head& head, engine::content_length length) const;
  std::expected<void, misuse> send_interim(exchange& x, const semantics::response_head& head);
  std::expected<void, misuse> send_switch(exchange& x, const semantics::response_head& head);
  std::expected<void, misuse> send_final(exchange& x, const semantics::response_head& head, engine::content_length length);
  std::expected<outgoing*, misuse> sending_to(stream_id id, send_input input);
  void queue_content(engine::chunk&& data);
  template <class Head>
  void queue_head(stream_id id, const Head& head, const head_framing& framing);
  void mark_output();
  void message_sent();

  // time (connection_control.cpp)
  enum class wait : std::uint8_t { nothing, head, request, content };
  struct watch {
    time_point until{};
    wait what = wait::nothing;
  };
  [[nodiscard]] watch receive_watch() const;
  void output_stalled();
  // A client's own patience with a slow server is `stall_time` and whatever its user sets; rates are a server's defence.
  [[nodiscard]] std::uint64_t least_rate(std::size_t of) const { return role_ == engine::role::server ? of : 0; }
  void start_content_clock() { content_clock_.start(now_, limits_.stall_time); }

  static constexpr std::size_t max_waiting_events = 8;

  const limits& limits_;
  const engine::role role_;
  const options options_;
  engine::watcher watch_;
  engine::send_queue queue_;
  std::unique_ptr<busy_part> busy_;  // until `rest`
  chunked_decoder chunks_;

  receive_state receiving_ = receive_state::start;
  send_state sending_ = send_state::idle;
  parley::version version_ = parley::version::http1_1;
  incoming in_;
  outgoing out_;
  stream_id last_id_ = 0;
  stream_id last_ended_ = 0;  // the message that we sent last to its end
  std::unique_ptr<engine::protocol_error> error_;

  std::size_t unconsumed_ = 0;     // given by the last `receive` and not taken
  std::uint32_t empty_lines_ = 0;  // before the head that is due
  bool closing_ = false;           // no further exchange
  bool eof_ = false;
  bool eof_seen_ = false;  // and what came before it is dealt with
  bool aborted_ = false;
  bool last_had_content_ = false;    // whether the message `last_ended_` could carry content
  bool content_clock_late_ = false;  // reading went on at an unknown time after its last progress

  time_point now_;
  time_point head_since_;                 // the connection's opening, the first byte of a head, or the end of the last exchange
  time_point discard_until_;              // for all of the content that is discarded
  engine::progress_clock content_clock_;  // of content that we receive
  engine::progress_clock output_clock_;   // of what we send
};

}  // namespace parley::h1
