#include "h1/chunked_decoder.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "h1/violations.hpp"

namespace parley::h1 {

namespace {

// What a byte means within an extension.
enum extension_class : std::uint8_t {
  class_semicolon,
  class_equals,
  class_quote,
  class_escape,
  class_white,
  class_tchar,
  class_text,
  class_cr
};
constexpr std::size_t extension_class_count = 8;

constexpr extension_class extension_class_of(char c) {
  switch (c) {
    case ';': return class_semicolon;
    case '=': return class_equals;
    case '"': return class_quote;
    case '\\': return class_escape;
    case ' ':
    case '\t': return class_white;
    case '\r': return class_cr;
    default: return base::is_token_char(c) ? class_tchar : class_text;
  }
}

}  // namespace

const engine::protocol_error* chunked_decoder::size_digit(char c) {
  const int digit = base::hex_value(c);
  if (digit < 0) return &violation::bad_chunk_size;
  if (size_ > UINT64_MAX >> 4) return &violation::chunk_size_overflow;
  size_ = size_ << 4 | static_cast<std::uint64_t>(digit);
  state_ = state::size;
  return nullptr;
}

// RFC 9112 §7.1.1: chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
const engine::protocol_error* chunked_decoder::extension_byte(char c) {
  using enum state;
  constexpr state bad = size_first;  // no extension goes back to the size
  using row = std::array<state, extension_class_count>;
  // clang-format off
  static constexpr std::array<row, 9> table{{
    //                 ;            =             "             \        white         tchar   other   CR
    /* before_name  */ {bad,         bad,          bad,          bad,     before_name,  name,   bad,    bad},
    /* name         */ {before_name, before_value, bad,          bad,     after_name,   name,   bad,    line_end},
    /* after_name   */ {before_name, before_value, bad,          bad,     after_name,   bad,    bad,    bad},
    /* before_value */ {bad,         bad,          quoted,       bad,     before_value, value,  bad,    bad},
    /* value        */ {before_name, bad,          bad,          bad,     after_value,  value,  bad,    line_end},
    /* quoted       */ {quoted,      quoted,       after_quoted, escaped, quoted,       quoted, quoted, bad},
    /* escaped      */ {quoted,      quoted,       quoted,       quoted,  quoted,       quoted, quoted, bad},
    /* after_quoted */ {before_name, bad,          bad,          bad,     after_value,  bad,    bad,    line_end},
    /* after_value  */ {before_name, bad,          bad,          bad,     after_value,  bad,    bad,    bad},
  }};
  // clang-format on
  const auto index = static_cast<std::size_t>(state_) - static_cast<std::size_t>(before_name);
  const state next = table[index][extension_class_of(c)];
  if (next == bad) return &violation::bad_chunk_extension;
  state_ = next;
  return nullptr;
}

// One byte of a size line, of the CR LF behind it, or of the CR LF behind the data.
const engine::protocol_error* chunked_decoder::line_byte(char c, const limits& caps) {
  switch (state_) {
    case state::line_end:
      if (c != '\n') return &violation::bare_cr;
      state_ = state::data;
      return nullptr;
    case state::data_cr:
      if (c != '\r') return &violation::missing_chunk_end;
      state_ = state::data_lf;
      return nullptr;
    case state::data_lf:
      if (c != '\n') return &violation::missing_chunk_end;
      state_ = state::size_first;
      size_ = 0;
      line_ = 0;
      return nullptr;
    default: break;
  }
  if (c == '\n') return &violation::bare_lf;
  // Within a size line. CR LF do not count.
  if (c != '\r' && ++line_ > caps.chunk_line) return &violation::chunk_line_too_long;
  if (state_ == state::size_first) return size_digit(c);
  if (state_ == state::size) {
    if (c == '\r') {
      state_ = state::line_end;
      return nullptr;
    }
    if (c != ';') return size_digit(c);
    state_ = state::before_name;
  } else {
    const auto* error =
        !base::is_class(c, base::class_field_value) && c != '\r' ? &violation::control_character : extension_byte(c);
    if (error != nullptr) return error;
  }
  if (c != '\r' && ++extensions_ > caps.chunk_extensions) return &violation::chunk_extensions_too_long;
  return nullptr;
}

chunked_decoder::result chunked_decoder::decode(std::string_view bytes, std::size_t max_data, const limits& caps) {
  result r;
  while (r.consumed < bytes.size()) {
    if (state_ != state::data) {
      r.error = line_byte(bytes[r.consumed], caps);
      if (r.error != nullptr) return r;
      ++r.consumed;
      if (state_ == state::data && size_ == 0) {
        r.ended = true;
        return r;
      }
      continue;
    }
    const std::uint64_t room = std::min<std::uint64_t>(max_data, bytes.size() - r.consumed);
    const auto n = static_cast<std::size_t>(std::min(size_, room));
    r.data = bytes.substr(r.consumed, n);
    r.consumed += n;
    size_ -= n;
    if (size_ == 0) state_ = state::data_cr;
    return r;
  }
  return r;
}

}  // namespace parley::h1
