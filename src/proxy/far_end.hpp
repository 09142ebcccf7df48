// The other side of a tunnel: a byte stream, as coroutines read and write it.
#pragma once

#include "base/block_pool.hpp"
#include "net/stream.hpp"

#include <parley/task.hpp>

#include <memory>
#include <string_view>
#include <system_error>

namespace parley::proxying {

/// One reader and one writer at a time. Loop's thread only.
class far_end final : private net::stream_handler {
 public:
  explicit far_end(std::unique_ptr<net::byte_stream> on);
  far_end(const far_end&) = delete;
  far_end& operator=(const far_end&) = delete;
  ~far_end();

  class read_operation;
  class write_operation;
  /// The next piece, valid until the next read; empty at the end. Throws `connection_lost`.
  [[nodiscard]] read_operation read();
  /// Completes once the system has taken all of it; it must stay until then. Throws `connection_lost`.
  [[nodiscard]] write_operation write(std::string_view piece);
  /// Ends our direction.
  void end() { stream_->shutdown_write(); }
  /// Throws away what was not delivered, so that the other side sees that this was no end.
  void abort() { stream_->abort(); }

 private:
  std::span<char> read_room() override;
  void on_read(std::size_t n, std::error_code error) override;
  void on_writable(std::error_code error) override;
  void on_hangup(std::error_code error) override;
  void give_back();
  /// Whether nothing is left to wait for: all is written, or the stream is lost.
  bool push();

  std::unique_ptr<net::byte_stream> stream_;
  base::block buffer_;  // only while something was read
  std::string_view to_write_;
  std::size_t received_ = 0;
  std::error_code lost_;
  read_operation* reader_ = nullptr;
  write_operation* writer_ = nullptr;
  bool reading_ = false;
  bool ended_ = false;
};

class far_end::read_operation final : public detail::operation {
 public:
  explicit read_operation(far_end& of) : of_(of) {}
  std::string_view await_resume();

 private:
  friend class far_end;
  bool ready() noexcept override;
  void start() override;
  void cancel() noexcept override;
  void done() { complete(); }
  far_end& of_;
};

class far_end::write_operation final : public detail::operation {
 public:
  explicit write_operation(far_end& of) : of_(of) {}
  void await_resume();

 private:
  friend class far_end;
  void start() override;
  void cancel() noexcept override { of_.writer_ = nullptr; }
  void done() { complete(); }
  far_end& of_;
};

inline far_end::read_operation far_end::read() { return read_operation(*this); }

}  // namespace parley::proxying
