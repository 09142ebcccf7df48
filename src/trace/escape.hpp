// What peers sent, made harmless for a terminal or a log, and secrets kept out of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::trace {

/// On one line and without a terminal's escape sequences: control characters and bytes that are no UTF-8 as `\xNN`, characters
/// that reorder what surrounds them (bidirectional controls) or break a line as `\u{NNNN}`. All else stays as it is, backslashes
/// too: it is for eyes, not for parsing back.
[[nodiscard]] std::string printable(std::string_view text);

/// The lines of a head or of trailers as on the wire, without line ends and without the empty line that ends it.
[[nodiscard]] std::vector<std::string_view> head_lines(std::string_view text);

/// Whether a field's value is a credential: Authorization, Proxy-Authorization, Cookie, Set-Cookie.
[[nodiscard]] bool is_secret(std::string_view field_name);

/// A line of a head, printable; the value of a secret field is replaced by `[hidden]` unless `show_secrets`.
[[nodiscard]] std::string display_line(std::string_view line, bool show_secrets);

/// A URL, printable; the password in `user:password@` is replaced by `[hidden]` unless `show_secrets`.
[[nodiscard]] std::string display_url(std::string_view url, bool show_secrets);

/// The columns that printable text takes in a terminal, each character counted as one (combining ones as none).
[[nodiscard]] std::size_t columns(std::string_view printable_text);

/// `text` in at most `width` columns; what is cut off is marked by `mark` at its end.
[[nodiscard]] std::string shortened(std::string_view printable_text, std::size_t width, std::string_view mark);

}  // namespace parley::trace
