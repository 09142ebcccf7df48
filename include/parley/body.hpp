// Content as a stream, in both directions, with back-pressure.
#pragma once

#include <parley/config.hpp>
#include <parley/fields.hpp>
#include <parley/task.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley {

/// Thrown by reads and writes when the peer has left, was cut off, or broke the protocol while content was under way.
class PARLEY_API connection_lost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown when content is larger than the reader allows; a server answers 413.
class PARLEY_API content_too_large : public std::runtime_error {
 public:
  explicit content_too_large(std::size_t limit);
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  std::size_t limit_;
};

namespace detail {

struct body_access;  // src/connection/message_access.hpp

/// Woken once by what it waits for.
class waiter {
 public:
  virtual void wake() noexcept = 0;

 protected:
  ~waiter() = default;
};

/// Where content comes from: an exchange, or memory.
class body_source {
 public:
  virtual ~body_source() = default;
  /// A piece, the end or a failure is there.
  virtual bool ready() noexcept = 0;
  /// The next piece, valid until the next call; empty at the end. Throws `connection_lost`.
  virtual std::string_view next() = 0;
  /// Wakes `who` when `ready` has become true; null: nobody waits any more.
  virtual void wait(waiter* who) noexcept = 0;
  /// The trailers, once the end was read; null when there are none.
  virtual const fields* trailers() noexcept = 0;
  /// The length that was announced; nothing when it is not known.
  virtual std::optional<std::uint64_t> length() noexcept = 0;
  /// The reader is going to keep the content, up to `most` bytes: its next piece may have to wait for room
  /// (limits::connection_content).
  virtual void keep(std::size_t /*most*/) {}
};

/// Where content goes.
class body_sink {
 public:
  virtual ~body_sink() = default;
  /// More can be written now, or the exchange is lost.
  virtual bool ready() noexcept = 0;
  /// Throws `connection_lost`.
  virtual void write(std::string&& owned) = 0;
  virtual void write(std::string_view copied) = 0;
  virtual void wait(waiter* who) noexcept = 0;
  virtual void trailers(fields lines) = 0;
  /// What was written must not wait for more, as it would in a coding.
  virtual void flush() {}
  /// Ends it before whoever writes it has returned: a tunnel's direction.
  virtual void end() {}
};

class read_operation final : public operation, private waiter {
 public:
  explicit read_operation(body_source* from) : source_(from) {}
  std::string_view await_resume() {
    finish();
    return source_ ? source_->next() : std::string_view{};
  }

 private:
  bool ready() noexcept override { return !source_ || source_->ready(); }
  void start() override { source_->wait(this); }
  void cancel() noexcept override { source_->wait(nullptr); }
  void wake() noexcept override { complete(); }
  body_source* source_;
};

class write_operation final : public operation, private waiter {
 public:
  explicit write_operation(body_sink* to) : sink_(to) {}
  void await_resume() { finish(); }

 private:
  bool ready() noexcept override { return sink_->ready(); }
  void start() override { sink_->wait(this); }
  void cancel() noexcept override { sink_->wait(nullptr); }
  void wake() noexcept override { complete(); }
  body_sink* sink_;
};

}  // namespace detail

/// Reads a message's content piece by piece. A handle: it belongs to its request or response and lives no longer.
///
/// Nothing is received beyond a window (limits::receive_window) until it is read. Loop's thread only.
class PARLEY_API body_reader {
 public:
  body_reader() = default;
  explicit body_reader(detail::body_source* from) : source_(from) {}

  /// `co_await read()`: the next piece, valid until the next read; empty at the end.
  /// Throws `connection_lost`, or `cancelled` when the exchange is given up.
  [[nodiscard]] detail::read_operation read() { return detail::read_operation(source_); }
  /// Everything that is still to come. Throws `content_too_large` above `limit` bytes, or as `read`.
  task<std::string> text(std::size_t limit = 1024 * 1024);
  /// The announced length; nothing when it is not known beforehand.
  [[nodiscard]] std::optional<std::uint64_t> length() const;
  /// The trailer fields; null before the end, or when there are none.
  [[nodiscard]] const fields* trailers() const;

 private:
  detail::body_source* source_ = nullptr;
};

/// Writes a message's content piece by piece. A handle, as `body_reader`.
class PARLEY_API body_writer {
 public:
  explicit body_writer(detail::body_sink* to) : sink_(to) {}

  /// `co_await write(piece)`: hands the piece over, which is copied or moved during the call; completes when there is room for
  /// more (limits::send_window). Throws `connection_lost` when the peer has left, `cancelled` when the exchange is given up,
  /// `std::length_error` beyond the announced length.
  [[nodiscard]] detail::write_operation write(std::string_view piece) {
    sink_->write(piece);
    return detail::write_operation(sink_);
  }
  [[nodiscard]] detail::write_operation write(std::string&& piece) {
    sink_->write(std::move(piece));
    return detail::write_operation(sink_);
  }
  [[nodiscard]] detail::write_operation write(const char* piece) { return write(std::string_view(piece)); }
  /// Has what was written sent on now, where a content coding (parley/compression.hpp) would rather wait for more. Without it that
  /// happens once the handler waits for something.
  void flush() { sink_->flush(); }
  /// Trailer fields to send behind the content, where the version carries them.
  void trailers(fields lines) { sink_->trailers(std::move(lines)); }

 private:
  friend struct detail::body_access;
  detail::body_sink* sink_;
};

/// The byte stream that a connection becomes by Upgrade or CONNECT (RFC 9110 §7.8, §9.3.6). Both directions are independent: a peer that
/// ends its own is read to its end, and takes what is written as long as the handler that has read from it goes on.
class PARLEY_API tunnel {
 public:
  tunnel(detail::body_source* from, detail::body_sink* to) : reader_(from), writer_(to), sink_(to) {}
  [[nodiscard]] detail::read_operation read() { return reader_.read(); }
  [[nodiscard]] detail::write_operation write(std::string_view piece) { return writer_.write(piece); }
  /// Ends our direction, behind what was written: the peer reads the end, and may still send. What is written later fails. Without it the
  /// direction ends with the handler.
  void end() { sink_->end(); }

 private:
  body_reader reader_;
  body_writer writer_;
  detail::body_sink* sink_;
};

}  // namespace parley
