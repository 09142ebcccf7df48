// Reads a head, or a trailer section, straight from the receive buffer.
#pragma once

#include <parley/fields.hpp>
#include <parley/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/block_pool.hpp"
#include "engine/protocol_error.hpp"
#include "h1/head_controls.hpp"
#include "h1/start_line.hpp"

namespace parley::h1 {

enum class head_kind : std::uint8_t { request, response, trailers };

/// Parses incrementally: `parse` is given the same bytes again with more behind them, and goes on at the line that was not whole.
/// Nothing is copied; what was found are offsets into the bytes, to be handed to `fields_access::assign`.
class head_parser {
 public:
  enum class progress : std::uint8_t { incomplete, complete, failed };

  /// Room for the lines of most heads, on the caller's stack: what was found lies there until it is taken.
  using scratch = std::array<parley::detail::field_slot, 64>;

  explicit head_parser(const limits& caps) : limits_(&caps) {}
  /// For the heads that begin from now on.
  void caps(const limits& of) { limits_ = &of; }
  head_parser(const head_parser&) = delete;
  head_parser& operator=(const head_parser&) = delete;
  ~head_parser() { base::release_block(memory_); }

  /// Begins a head. `allow_simple`: a request line without version is one of HTTP/0.9, and all of its head.
  void start(head_kind kind, bool allow_simple = false);
  /// Reads on. `bytes` begins where the head begins; when the head is complete, `slots` may lie in `room`.
  progress parse(std::string_view bytes, scratch& room);
  /// What was found is gone, and no memory is held.
  void release() {
    if (memory_.data != nullptr) [[unlikely]]
      release_memory();
  }

  /// How many bytes the complete head took, the empty line included.
  [[nodiscard]] std::size_t size() const { return position_; }
  /// The lines that were found so far; offsets are relative to the head.
  [[nodiscard]] std::span<const parley::detail::field_slot> slots() const { return {slots_, count_}; }
  /// Valid once the first line was read, also after a failure behind it.
  [[nodiscard]] const request_line& request() const { return request_; }
  [[nodiscard]] const status_line& status() const { return status_; }
  [[nodiscard]] const head_controls& controls() const { return controls_; }
  /// A response's field went on in the next line: the CR LF within values are to be replaced by spaces (RFC 9112 §5.2).
  [[nodiscard]] bool folded() const { return folded_; }
  [[nodiscard]] const engine::protocol_error& error() const { return error_; }

 private:
  progress fail(const engine::protocol_error& error);
  progress fail_long_line(bool head_is_full);
  progress fail_control(const char* at, const char* end);
  progress start_line(std::string_view line);
  progress field_line(const char* bytes, const char* line, const char* end, const char* limit);
  progress continued_line(const char* bytes, const char* line, const char* end);
  progress read_lines(std::string_view bytes);
  void skip_plain_lines(std::string_view bytes);
  void keep_slots(std::size_t room);
  void release_memory();

  [[nodiscard]] std::size_t line_limit() const { return start_line_due_ ? limits_->start_line : limits_->field_line; }

  const limits* limits_;
  base::block memory_;  // holds the slots of a head that is not yet complete, or has many
  parley::detail::field_slot* slots_ = nullptr;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  std::size_t position_ = 0;  // where the line begins that is not whole
  std::size_t scanned_ = 0;   // so much of it is known to be free of control characters
  std::size_t max_size_ = 0;
  std::size_t max_count_ = 0;
  head_kind kind_ = head_kind::request;
  bool allow_simple_ = false;
  bool start_line_due_ = true;
  bool folded_ = false;
  head_controls controls_;
  request_line request_;
  status_line status_;
  engine::protocol_error error_;
};

}  // namespace parley::h1
