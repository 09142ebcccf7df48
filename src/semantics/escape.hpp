// Text made harmless for HTML, JSON, logs and terminals.
#pragma once

#include <string>
#include <string_view>

namespace parley::semantics {

/// `&`, `<`, `>`, `"` and `'` as character references: safe in element content and in quoted attributes.
[[nodiscard]] std::string html_escape(std::string_view text);
void append_html(std::string& out, std::string_view text);

/// Appends a JSON string with its quotes (RFC 8259 §7). Bytes that are no valid UTF-8 become U+FFFD; `<`, `>` and `&` are
/// escaped too, so that the text may stand in a script element.
void append_json_string(std::string& out, std::string_view text);

/// Appends text for a log line or a terminal: control characters, 0x7f and bytes that are no valid UTF-8 as `\xNN`, the backslash
/// doubled; so neither a forged line nor an escape sequence comes through. C1 controls (U+0080 to U+009F) count as controls, and so do
/// characters that change the direction of text or separate lines, as in `trace::printable`.
void append_printable(std::string& out, std::string_view text);

/// The length of the valid UTF-8 sequence at the beginning of `text` (RFC 3629: no overlong forms, no surrogates), 0 when there is
/// none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace parley::semantics
