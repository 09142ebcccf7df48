#include "semantics/form_data.hpp"

#include <parley/media_type.hpp>

#include <utility>

#include "base/ascii.hpp"
#include "semantics/boundary.hpp"
#include "semantics/escape.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

constexpr std::string_view disposition_name = "Content-Disposition";

// A parameter's value as it stands there.
std::string form_name(std::string_view raw) {
  const bool quoted = raw.starts_with('"');
  if (quoted) raw = raw.substr(1, raw.size() - 2);
  std::string name;
  name.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (quoted && raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == '"' || raw[i + 1] == '\\')) {
      name += raw[++i];
      continue;
    }
    const std::string_view escape = raw.substr(i, 3);
    const char stands_for = escape == "%22"                ? '"'
                            : base::iequals(escape, "%0D") ? '\r'
                            : base::iequals(escape, "%0A") ? '\n'
                                                           : '\0';
    name += stands_for != '\0' ? stands_for : raw[i];
    if (stands_for != '\0') i += 2;
  }
  return name;
}

std::optional<form_fault> read_disposition(std::string_view value, form_part& part, const form_part_caps& caps) {
  const auto [type, parameters] = split_parameters(value);
  if (!base::iequals(type, "form-data")) return form_fault{400, "The Content-Disposition of a form's part is not form-data."};
  bool named = false;
  parameter_reader reader(parameters);
  while (const auto found = reader.next()) {
    const bool is_name = base::iequals(found->name, "name");
    if (!is_name && !base::iequals(found->name, "filename")) continue;
    if (is_name ? named : part.file_name.has_value())
      return form_fault{400, "The Content-Disposition of a form's part says a name twice."};
    std::string text = form_name(found->raw);
    if (!is_utf8(text)) return form_fault{400, "A name in a form's part is not UTF-8."};
    if (text.size() > (is_name ? caps.name : caps.file_name)) return form_fault{413, "A name in a form's part is too long."};
    if (is_name) {
      named = true;
      part.name = std::move(text);
    } else {
      part.file_name = std::move(text);
    }
  }
  if (!reader.valid()) return form_fault{400, "The Content-Disposition of a form's part is not valid."};
  if (!named) return form_fault{400, "A form's part has no name."};
  return std::nullopt;
}

bool is_identity_encoding(std::string_view value) {
  return base::iequals(value, "7bit") || base::iequals(value, "8bit") || base::iequals(value, "binary");
}

// HTML, "multipart/form-data encoding algorithm"; other controls have no place in a field either.
void append_form_name(std::string& out, std::string_view name) {
  out += '"';
  for (const char c : name) {
    if (c == '"' || (c >= 0 && c < 0x20) || c == 0x7f) {
      constexpr std::string_view digits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    } else {
      // Browsers leave a backslash as it is, and readers take it for an escape: doubled it is read as one by both kinds but the former.
      if (c == '\\') out += c;
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::expected<form_part, form_fault> read_form_part(std::span<const part_line> head, const form_part_caps& caps) {
  form_part part;
  bool disposed = false;
  for (const part_line& line : head) {
    if (base::iequals(line.name, disposition_name)) {
      if (std::exchange(disposed, true))
        return std::unexpected(form_fault{400, "A form's part has two Content-Disposition lines."});
      if (const auto fault = read_disposition(line.value, part, caps)) return std::unexpected(*fault);
    } else if (base::iequals(line.name, "Content-Type")) {
      part.content_type = line.value;
    } else if (base::iequals(line.name, "Content-Transfer-Encoding") && !is_identity_encoding(line.value)) {
      return std::unexpected(
          form_fault{400, "A form's part is encoded for transfer, which RFC 7578 §4.7 leaves to mail; send it as it is."});
    }
  }
  if (!disposed) return std::unexpected(form_fault{400, "A form's part has no Content-Disposition."});
  if (part.content_type.empty()) part.content_type = "text/plain";
  return part;
}

std::optional<std::string> boundary_of(std::string_view content_type, std::string_view essence) {
  const auto type = media_type::parse(content_type);
  if (!type || type->essence() != essence) return std::nullopt;
  const auto boundary = type->get("boundary");
  if (!boundary || !is_boundary(*boundary)) return std::nullopt;
  return std::string(*boundary);
}

std::string form_data_writer::begin_part(std::string_view name) {
  std::string text = std::exchange(first_, false) ? "--" : "\r\n--";
  text.append(boundary_).append("\r\n").append(disposition_name).append(": form-data; name=");
  append_form_name(text, name);
  return text;
}

std::string form_data_writer::field(std::string_view name, std::string_view value) {
  return begin_part(name).append("\r\n\r\n").append(value);
}

std::string form_data_writer::file(std::string_view name, std::string_view file_name, std::string_view content_type) {
  std::string text = begin_part(name);
  text += "; filename=";
  append_form_name(text, file_name);
  const bool valid = media_type::parse(content_type).has_value();
  return text.append("\r\nContent-Type: ").append(valid ? content_type : "application/octet-stream").append("\r\n\r\n");
}

std::string form_data_writer::end() {
  return std::string(std::exchange(first_, false) ? "--" : "\r\n--").append(boundary_).append("--\r\n");
}

}  // namespace parley::semantics
