#include "semantics/escape.hpp"

namespace parley::semantics {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

unsigned byte_at(std::string_view text, std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; }

bool is_continuation(unsigned byte) { return (byte & 0xc0) == 0x80; }

void append_json_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '<' && c != '>' && c != '&') {
    out += c;
    return;
  }
  out += "\\u00";
  out += hex_digits[c >> 4];
  out += hex_digits[c & 15];
}

void append_escaped_byte(std::string& out, char c) {
  out += "\\x";
  out += hex_digits[static_cast<unsigned char>(c) >> 4];
  out += hex_digits[c & 15];
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  const unsigned second = byte_at(text, 1);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  // RFC 3629 §4: the range of the second byte rules out overlong forms, surrogates and what lies beyond U+10FFFF.
  if (first >= 0xc2 && first <= 0xdf) return is_continuation(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && is_continuation(byte_at(text, 2)) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && is_continuation(byte_at(text, 2)) && is_continuation(byte_at(text, 3)) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_html(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_html(out, text);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
      text.remove_prefix(1);
      continue;
    }
    if (length == 1) {
      append_json_ascii(out, text[0]);
    } else if (text.starts_with("\xe2\x80\xa8")) {
      out += "\\u2028";  // line ends in JavaScript before ES2019
    } else if (text.starts_with("\xe2\x80\xa9")) {
      out += "\\u2029";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

namespace {

// U+0080 to U+009F: some terminals obey them.
bool is_c1_control(std::string_view sequence) {
  return sequence.size() == 2 && byte_at(sequence, 0) == 0xc2 && byte_at(sequence, 1) < 0xa0;
}

// Controls of the direction of text and separators of lines and paragraphs: a line could read otherwise than it is. U+061C, U+200E,
// U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF.
bool deceives_reader(std::string_view sequence) {
  if (sequence == "\xd8\x9c" || sequence == "\xef\xbb\xbf") return true;
  if (sequence.size() != 3 || byte_at(sequence, 0) != 0xe2) return false;
  const unsigned last = byte_at(sequence, 2);
  if (byte_at(sequence, 1) == 0x80) return last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae);
  return byte_at(sequence, 1) == 0x81 && last >= 0xa6 && last <= 0xa9;
}

}  // namespace

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    const unsigned first = byte_at(text, 0);
    const std::string_view sequence = text.substr(0, length);
    if (length == 0 || first < 0x20 || first == 0x7f || is_c1_control(sequence) || deceives_reader(sequence)) {
      if (length == 0) length = 1;
      for (char c : text.substr(0, length)) append_escaped_byte(out, c);
    } else if (first == '\\') {
      out += "\\\\";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

}  // namespace parley::semantics
