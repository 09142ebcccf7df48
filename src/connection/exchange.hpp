// One request and its response on a connection, on either side: content both ways with back-pressure, and its cancellation.
#pragma once

#include "engine/events.hpp"

#include <parley/body.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley::connection {

class exchange;
class http_connection;

/// What the peer sends: a window of it (limits::receive_window), from the engine to its reader.
class incoming_content final : public parley::detail::body_source {
 public:
  explicit incoming_content(exchange& of) : exchange_(of) {}
  bool ready() noexcept override;
  std::string_view next() override;
  void wait(parley::detail::waiter* who) noexcept override;
  const parley::fields* trailers() noexcept override { return trailers_.get(); }
  std::optional<std::uint64_t> length() noexcept override { return length_; }

  /// The peer's message is whole; its last bytes may still wait to be read.
  [[nodiscard]] bool whole() const { return whole_; }
  /// Collects up to `limit` bytes instead of handing them out in pieces; credit is returned at once as they arrive, or, while
  /// limits::connection_content has no room for them, later.
  void collect(std::size_t limit);
  void keep(std::size_t most) override;
  /// All that waits to be read, whose credit is given back; also of an exchange that was lost.
  [[nodiscard]] std::string take();
  /// Sends 100 if the client waits for it (RFC 9110 §10.1.1). Reading and collecting do it by themselves.
  void ask_for_content() noexcept;
  /// Whether the client waits for 100; if so, nothing sends one by itself any more: who asks sends it, or lets the client go on waiting.
  [[nodiscard]] bool take_expectation() noexcept { return std::exchange(wants_continue_, false); }
  [[nodiscard]] bool too_large() const { return too_large_; }
  [[nodiscard]] std::string& collected() { return waiting_; }

 private:
  friend class http_connection;
  friend class collected_content;
  friend class exchange;
  void wake() noexcept;
  void reset() noexcept;
  void pay();
  void make_room(std::size_t most);

  exchange& exchange_;
  std::string waiting_;     // received, not yet handed out
  std::string handed_out_;  // the piece that `next` gave last
  std::unique_ptr<parley::fields> trailers_;
  std::optional<std::uint64_t> length_;
  parley::detail::waiter* reader_ = nullptr;
  std::size_t collect_limit_ = 0;
  std::size_t owed_ = 0;   // HTTP/2: credit for `handed_out_`, which its reader still uses
  std::size_t share_ = 0;  // of limits::connection_content; wanted, while it is `held_`
  bool held_ = false;      // until there is room for it: what has come waits, no credit is given for it
  bool collecting_ = false;
  bool too_large_ = false;
  bool whole_ = false;
  bool taken_ = false;           // somebody reads it by pieces
  bool wants_continue_ = false;  // the client waits for 100 before it sends
};

/// What we send.
class outgoing_content final : public parley::detail::body_sink {
 public:
  explicit outgoing_content(exchange& of) : exchange_(of) {}
  bool ready() noexcept override;
  void write(std::string&& owned) override;
  void write(std::string_view copied) override;
  /// Throws as the others.
  void write(parley::detail::file_content slice);
  /// Whether slices of files are sent from where they lie. If not, each is read whole when it is written, so they should be small.
  [[nodiscard]] bool takes_files() const noexcept;
  void wait(parley::detail::waiter* who) noexcept override { writer_ = who; }
  void trailers(parley::fields lines) override { trailers_ = std::make_unique<parley::fields>(std::move(lines)); }
  [[nodiscard]] bool has_trailers() const { return trailers_ != nullptr; }
  void end() override;
  /// Content handed over so far.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  friend class http_connection;
  friend class exchange;
  void send(engine::chunk&& piece);
  void wake() noexcept;
  void reset() noexcept;

  exchange& exchange_;
  std::unique_ptr<parley::fields> trailers_;
  parley::detail::waiter* writer_ = nullptr;
  std::uint64_t bytes_ = 0;
  bool room_ = true;
  bool head_sent_ = false;
  bool ended_ = false;
};

/// Comes from its `exchange_owner` (a pool of the loop) and goes back to it. Loop's thread only.
class exchange {
 public:
  exchange() = default;
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  virtual ~exchange() = default;

  /// 0 when it is not bound to a connection.
  [[nodiscard]] engine::stream_id id() const { return id_; }
  [[nodiscard]] http_connection& connection() const { return *connection_; }
  /// Cancelled when the exchange is lost; what runs for it (a handler, a fetch) runs under it.
  [[nodiscard]] parley::detail::cancel_state& cancellation() { return cancel_; }
  [[nodiscard]] incoming_content& incoming() { return incoming_; }
  [[nodiscard]] outgoing_content& outgoing() { return outgoing_; }

  [[nodiscard]] bool head_sent() const { return outgoing_.head_sent_; }
  /// Our message is whole.
  [[nodiscard]] bool sent() const { return outgoing_.ended_; }
  /// It is a byte stream now (Upgrade, CONNECT).
  [[nodiscard]] bool detached() const { return detached_; }
  /// Whoever has the byte stream reads it, and so learns of the peer's end by itself.
  [[nodiscard]] bool read_as_stream() const { return detached_ && incoming_.taken_; }
  /// Nothing can be sent or received on it any more.
  [[nodiscard]] bool lost() const { return lost_; }
  /// Null, or why it was lost, when the peer broke a rule or a limit. The server may still answer when `error()->status` is not 0 and no
  /// head was sent.
  [[nodiscard]] const engine::protocol_error* error() const { return error_.get(); }
  /// It was lost, and the peer certainly did nothing with the request: it may be sent once more whatever its method (RFC 9113 §8.7).
  [[nodiscard]] bool unprocessed() const { return unprocessed_; }

 private:
  friend class http_connection;
  friend class collected_content;
  friend class incoming_content;
  friend class outgoing_content;

  http_connection* connection_ = nullptr;
  engine::stream_id id_ = 0;
  parley::detail::cancel_state cancel_;
  incoming_content incoming_{*this};
  outgoing_content outgoing_{*this};
  std::unique_ptr<engine::protocol_error> error_;
  bool lost_ = false;
  bool unprocessed_ = false;
  bool detached_ = false;
};

}  // namespace parley::connection
