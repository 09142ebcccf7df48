// The parts of multipart/form-data: what their heads say, and how they are written (RFC 7578, and HTML's "multipart form data" for escapes).
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "semantics/multipart_reader.hpp"

namespace parley::semantics {

/// Bytes after decoding.
struct form_part_caps {
  std::size_t name = 256;
  std::size_t file_name = 1024;
};

/// Names are UTF-8 and otherwise what the client likes, line breaks included.
struct form_part {
  std::string name;
  std::optional<std::string> file_name;  // present for files, empty when none was chosen; see `safe_file_name`
  std::string content_type;              // `text/plain` when there is none (RFC 7578 §4.4)
};

/// What the head of a part says. It has one Content-Disposition, `form-data` with a name. `filename*` does not count (RFC 7578 §4.2); `%22`,
/// `%0D` and `%0A` in names stand for a quote and line breaks, as browsers write them; a backslash is one unless a quote or
/// another one follows. Encodings of transfer other than 7bit, 8bit and binary are refused (§4.7).
[[nodiscard]] std::expected<form_part, form_fault> read_form_part(std::span<const part_line> head, const form_part_caps& caps = {});

/// The boundary of a multipart Content-Type of that type, such as `multipart/form-data`; nothing when it is another or has none that is
/// valid.
[[nodiscard]] std::optional<std::string> boundary_of(std::string_view content_type, std::string_view essence);

/// Writes multipart/form-data: pieces of text, with the content of files between them.
class form_data_writer {
 public:
  /// `boundary` as `make_boundary` makes it.
  explicit form_data_writer(std::string boundary) : boundary_(std::move(boundary)) {}

  [[nodiscard]] std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }
  /// A whole part.
  [[nodiscard]] std::string field(std::string_view name, std::string_view value);
  /// The head of a file's part, which its bytes follow. A content type that is none becomes application/octet-stream.
  [[nodiscard]] std::string file(std::string_view name, std::string_view file_name, std::string_view content_type);
  /// After the last part.
  [[nodiscard]] std::string end();

 private:
  std::string begin_part(std::string_view name);

  std::string boundary_;
  bool first_ = true;
};

}  // namespace parley::semantics
