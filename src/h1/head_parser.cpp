#include "h1/head_parser.hpp"

#include <algorithm>
#include <cstring>

#include "base/ascii.hpp"
#include "h1/line_scan.hpp"
#include "h1/plain_lines.hpp"
#include "h1/violations.hpp"
#include "semantics/field_name.hpp"

namespace parley::h1 {

using engine::protocol_error;
using parley::detail::field_slot;

void head_parser::start(head_kind kind, bool allow_simple) {
  count_ = 0;
  position_ = 0;
  scanned_ = 0;
  kind_ = kind;
  allow_simple_ = allow_simple;
  start_line_due_ = kind != head_kind::trailers;
  folded_ = false;
  controls_ = {};
  request_ = {};
  const bool trailers = kind == head_kind::trailers;
  max_size_ = trailers ? limits_->trailers : limits_->head;
  // The number of lines is kept in 16 bits.
  max_count_ = std::min<std::size_t>(trailers ? limits_->trailer_count : limits_->field_count, UINT16_MAX);
}

void head_parser::release_memory() {
  base::release_block(memory_);
  memory_ = {};
}

// Moves the slots into memory of our own, with room for more.
void head_parser::keep_slots(std::size_t room) {
  const base::block larger = base::acquire_block(room * sizeof(field_slot));
  if (count_ > 0) std::memcpy(larger.data, slots_, count_ * sizeof(field_slot));
  base::release_block(memory_);
  memory_ = larger;
  slots_ = reinterpret_cast<field_slot*>(larger.data);
  capacity_ = larger.size / sizeof(field_slot);
}

head_parser::progress head_parser::fail(const protocol_error& error) {
  error_ = error;
  return progress::failed;
}

head_parser::progress head_parser::fail_long_line(bool head_is_full) {
  if (kind_ == head_kind::trailers) return fail(head_is_full ? violation::trailers_too_large : violation::field_line_too_long);
  if (start_line_due_) return fail(violation::start_line_too_long);
  return fail(head_is_full ? violation::head_too_large : violation::field_line_too_long);
}

head_parser::progress head_parser::fail_control(const char* at, const char* end) {
  if (*at == '\n') return fail(violation::bare_lf);
  if (*at != '\r') return fail(violation::control_character);
  if (at + 1 == end) return progress::incomplete;
  return fail(violation::bare_cr);
}

head_parser::progress head_parser::parse(std::string_view bytes, scratch& room) {
  if (memory_.data == nullptr) {
    slots_ = room.data();
    capacity_ = room.size();
  }
  const progress p = read_lines(bytes);
  if (p == progress::incomplete && memory_.data == nullptr && count_ > 0) keep_slots(capacity_);
  return p;
}

head_parser::progress head_parser::read_lines(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  if (start_line_due_ && kind_ == head_kind::request && scanned_ == 0) {
    position_ = read_plain_request_line(bytes.substr(0, max_size_), limits_->start_line, request_);
    start_line_due_ = position_ == 0;
  }
  while (true) {
    if (!start_line_due_ && scanned_ == 0) {
      skip_plain_lines(bytes);
      if (bytes.size() - position_ >= 2 && begin[position_] == '\r' && begin[position_ + 1] == '\n') [[likely]] {
        position_ += 2;
        return position_ <= max_size_ ? progress::complete : fail_long_line(true);
      }
    }
    const char* const line = begin + position_;
    // Where both limits would be passed, the one that is passed first counts, however the bytes are cut.
    const std::size_t room = max_size_ > position_ + 2 ? max_size_ - position_ - 2 : 0;
    const bool head_is_full = room < line_limit();
    const std::size_t allowed = head_is_full ? room : line_limit();
    const auto present = static_cast<std::size_t>(end - line);
    const char* const stop = present > allowed + 2 ? line + allowed + 2 : end;

    const char* const at = line_scan::find_control(line + scanned_, stop, begin);
    const auto length = static_cast<std::size_t>(at - line);
    if (length > allowed) [[unlikely]]
      return fail_long_line(head_is_full);
    if (at == stop) [[unlikely]] {
      scanned_ = length;
      return progress::incomplete;
    }
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n') [[unlikely]] {
      scanned_ = length;
      return fail_control(at, end);
    }

    position_ += length + 2;
    scanned_ = 0;
    if (start_line_due_) {
      if (const auto p = start_line({line, length}); p != progress::incomplete) return p;
    } else if (length == 0) {
      return position_ <= max_size_ ? progress::complete : fail_long_line(true);
    } else if (const auto p = field_line(begin, line, at, end); p != progress::incomplete) [[unlikely]] {
      return p;
    }
  }
}

void head_parser::skip_plain_lines(std::string_view bytes) {
  const std::size_t room = std::min(capacity_, max_count_) - count_;
  // A line that leaves no room for the empty line behind it is not for here: there the head is too large.
  const std::size_t most = max_size_ - std::min<std::size_t>(max_size_, 2);
  if (position_ > most) return;
  const plain_lines found = read_plain_lines(bytes.substr(0, most), position_, limits_->field_line, slots_ + count_, room);
  position_ = found.position;
  count_ += found.count;
  controls_.add(found.controls);
}

// For this and the following two, `incomplete` means: go on with the next line.
head_parser::progress head_parser::start_line(std::string_view line) {
  start_line_due_ = false;
  const auto error =
      kind_ == head_kind::request ? parse_request_line(line, allow_simple_, request_) : parse_status_line(line, status_);
  if (error) return fail(*error);
  const bool simple = kind_ == head_kind::request && request_.version == parley::version::http0_9;
  return simple ? progress::complete : progress::incomplete;
}

head_parser::progress head_parser::field_line(const char* bytes, const char* line, const char* end, const char* limit) {
  const char* const colon = line_scan::find_colon(line, end, limit);
  const auto name_size = static_cast<std::size_t>(colon - line);
  auto id = semantics::field_id::unknown;
  if (colon == end || (id = semantics::find_field_name({line, name_size})) == semantics::field_id::unknown) {
    if (base::is_ows(*line)) return continued_line(bytes, line, end);
    if (colon == end) return fail(violation::missing_colon);
    const std::string_view name{line, name_size};
    if (!base::is_token(name)) {
      const bool space = !name.empty() && base::is_ows(name.back());
      return fail(space ? violation::space_before_colon : violation::bad_field_name);
    }
    if (name_size > UINT16_MAX) return fail(violation::field_line_too_long);
  }
  if (count_ == max_count_) [[unlikely]] {
    return fail(kind_ == head_kind::trailers ? violation::too_many_trailers : violation::too_many_fields);
  }
  if (count_ == capacity_) [[unlikely]]
    keep_slots(capacity_ * 2);

  // RFC 9112 §5.1: white space around the value is no part of it. One space before it is the rule.
  const char* value = colon + 1;
  if (value != end && *value == ' ') [[likely]]
    ++value;
  while (value != end && base::is_ows(*value)) ++value;
  const char* value_end = end;
  while (value_end != value && base::is_ows(value_end[-1])) --value_end;

  slots_[count_++] = {.name_offset = static_cast<std::uint32_t>(line - bytes),
                      .value_offset = static_cast<std::uint32_t>(value - bytes),
                      .value_length = static_cast<std::uint32_t>(value_end - value),
                      .name_length = static_cast<std::uint16_t>(name_size),
                      .id = static_cast<std::uint16_t>(id)};
  controls_.add(static_cast<std::size_t>(id));
  return progress::incomplete;
}

// RFC 9112 §5.2: a server may refuse a folded line, and does; a user agent has to read it as if the fold were spaces.
head_parser::progress head_parser::continued_line(const char* bytes, const char* line, const char* end) {
  if (count_ == 0) return fail(violation::leading_white_space);
  if (kind_ != head_kind::response) return fail(violation::obs_fold);
  while (line != end && base::is_ows(*line)) ++line;
  while (line != end && base::is_ows(end[-1])) --end;
  if (line == end) return progress::incomplete;
  field_slot& last = slots_[count_ - 1];
  if (last.value_length == 0) last.value_offset = static_cast<std::uint32_t>(line - bytes);
  last.value_length = static_cast<std::uint32_t>(end - bytes) - last.value_offset;
  folded_ = true;
  return progress::incomplete;
}

}  // namespace parley::h1
