// Ordered byte streams and their listeners, as connections see them: TCP, Unix sockets, TLS above them, memory in tests.
#pragma once

#include "base/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace parley::net {

class loop;

/// An address for people and logs: `127.0.0.1:8080`, `[::1]:443`, `unix:/run/parley.sock`, `memory:1`.
struct endpoint {
  std::string host;  // an address without brackets, or a path
  std::uint16_t port = 0;
  bool unix_socket = false;
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool loopback() const;
};

/// Gets a stream's news, on the stream's loop. Nothing comes after `byte_stream::close`.
class stream_handler {
 public:
  /// Where what has arrived goes; not empty. Asked for only when there is something to read, so that a stream that waits holds no memory.
  /// `on_read` mostly follows at once; where nothing was there after all, this is asked again later.
  virtual std::span<char> read_room() = 0;
  /// `n` bytes were read into what `read_room` gave; 0 without an error is the end of the peer's direction.
  virtual void on_read(std::size_t n, std::error_code error) = 0;
  /// `write` takes more again, or the stream has failed.
  virtual void on_writable(std::error_code error) = 0;
  /// While no read is under way: the peer has reset the stream (an error), or has ended its direction behind what is not yet read.
  virtual void on_hangup(std::error_code) {}

 protected:
  ~stream_handler() = default;
};

struct write_result {
  std::size_t written = 0;
  bool blocked = false;         // not all was taken: `wait_writable`, then `on_writable`
  std::error_code error;        // the stream is lost
  std::size_t by_sendfile = 0;  // of `written`: went from a file to the socket without coming here
};

/// One loop's thread only. Destroying it closes it.
class byte_stream {
 public:
  virtual ~byte_stream() = default;
  virtual void handler(stream_handler* to) = 0;
  /// Begins one read; `read_room` and `on_read` follow, never from within this call.
  virtual void read() = 0;
  /// Gives up the read under way; no `on_read` follows for it. Nothing is lost: the next `read` gets what has arrived.
  virtual void cancel_read() = 0;
  /// Writes what the peer takes now, as one gathered write where it can (sendfile for file slices). `more`: another write follows at once,
  /// so the end of this one need not leave before it: no small packets and TLS records in the midst of much. It may then take less
  /// than it could, but not nothing.
  virtual write_result write(std::span<const base::segment> segments, bool more) = 0;
  write_result write(std::span<const base::segment> segments) { return write(segments, false); }
  virtual void wait_writable() = 0;
  /// How many bytes were written that the peer's system has not acknowledged yet (of TCP and below it, so of TLS its records). 0 where
  /// nobody can tell.
  [[nodiscard]] virtual std::uint64_t unsent() const { return 0; }
  /// Ends our direction; reading goes on.
  virtual void shutdown_write() = 0;
  /// Closes both directions. No callback follows.
  virtual void close() = 0;
  /// As close, but what was not delivered is thrown away at once (TCP: reset).
  virtual void abort() = 0;
  /// The addresses of both ends. Asked for before the stream was closed, they stay; asked for later, they may be empty.
  [[nodiscard]] virtual const endpoint& peer() const = 0;
  [[nodiscard]] virtual const endpoint& local() const = 0;
};

class accept_handler {
 public:
  virtual void on_accept(std::unique_ptr<byte_stream> stream) = 0;
  /// Accepting failed for now (descriptors ran out, say): it goes on by itself after a pause.
  virtual void on_accept_error(std::error_code error) = 0;

 protected:
  ~accept_handler() = default;
};

class listener {
 public:
  virtual ~listener() = default;
  /// The address it listens on, with the port it got.
  [[nodiscard]] virtual const endpoint& local() const = 0;
  virtual void start(accept_handler* to) = 0;
  /// Takes no connection for now; new ones wait in the kernel's queue. Until `resume`.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Before `close`, so that it loses nobody (net/drain_listener.hpp): new connections are turned away, those that the system is
  /// making still come. `close` when `settled`, which is to be asked every `listener_drain::ask_again`.
  virtual void turn_away() {}
  [[nodiscard]] virtual bool settled() { return true; }
  /// Accepts what already waits in the queue (`on_accept` is called from within), then closes. It may be destroyed meanwhile.
  virtual void close() = 0;
};

}  // namespace parley::net
