// Content-Disposition of a response, and the names of files in it (RFC 6266, RFC 8187).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

struct content_disposition {
  std::string type;                      // lower case: `attachment`, `inline`
  std::optional<std::string> file_name;  // of `filename*` where it is valid, else of `filename`; not yet safe to use as a path
};

/// Nothing when it breaks the grammar or says a parameter twice (RFC 6266 §4.1).
[[nodiscard]] std::optional<content_disposition> parse_content_disposition(std::string_view value);

/// `attachment; filename="..."`, with `filename*` too where the name, UTF-8, is more than plain ASCII.
[[nodiscard]] std::string attachment(std::string_view file_name);

/// The value of a parameter such as `filename*`: `UTF-8'en'%c2%a3%20rates` (RFC 8187 §3.2.1), as UTF-8. ISO-8859-1 is understood too;
/// nothing for other charsets and for what is not valid.
[[nodiscard]] std::optional<std::string> decode_extended(std::string_view value);
/// The way back, always UTF-8 and without a language.
[[nodiscard]] std::string encode_extended(std::string_view utf8);

/// One name for a file, from what a peer called it (RFC 6266 §4.3, RFC 7578 §4.2): its last part behind slashes and backslashes, without
/// controls, leading dots, and blanks and dots at its ends; at most 255 bytes; `file` where nothing is left. `name` is UTF-8.
[[nodiscard]] std::string safe_file_name(std::string_view name);

}  // namespace parley::semantics
