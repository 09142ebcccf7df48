#include "h1/start_line.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/ascii.hpp"
#include "base/scan.hpp"
#include "h1/violations.hpp"

namespace parley::h1 {

namespace {

using engine::protocol_error;

constexpr std::size_t version_size = 8;  // HTTP/1.1

constexpr std::uint64_t eight_bytes(std::string_view text) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return word;
}

std::uint64_t load_eight(const char* p) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, p, 8);
  } else {
    word = eight_bytes({p, 8});
  }
  return word;
}

// RFC 9112 §2.3. A higher minor version of 1 is read as 1.1 (RFC 9110 §2.5), another major version is one we do not speak.
std::optional<protocol_error> parse_version(std::string_view text, parley::version& out) {
  if (text.size() == version_size) [[likely]] {
    const std::uint64_t word = load_eight(text.data());
    if (word == eight_bytes("HTTP/1.1")) [[likely]] {
      out = parley::version::http1_1;
      return std::nullopt;
    }
    if (word == eight_bytes("HTTP/1.0")) {
      out = parley::version::http1_0;
      return std::nullopt;
    }
    if (text.starts_with("HTTP/") && base::is_digit(text[5]) && text[6] == '.' && base::is_digit(text[7])) {
      if (text[5] != '1') return violation::version_not_supported;
      out = parley::version::http1_1;
      return std::nullopt;
    }
  }
  return violation::bad_version;
}

std::optional<protocol_error> parse_target_of(std::string_view line, std::size_t offset, std::size_t size, request_line& out) {
  out.target = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)};
  auto parts = semantics::parse_target(out.method, line.substr(offset, size));
  if (!parts) {
    protocol_error error = violation::bad_target;
    error.message = parts.error();
    return error;
  }
  out.parts = *parts;
  return std::nullopt;
}

// RFC 1945 §4.1: `GET` SP Request-URI CRLF. The very first servers also took the path alone.
std::optional<protocol_error> parse_simple_request(std::string_view line, bool allowed, request_line& out) {
  const bool with_method = line.starts_with("GET ");
  const std::size_t offset = with_method ? 4 : 0;
  const std::string_view target = line.substr(offset);
  const bool plausible = (with_method && !target.empty()) || target.starts_with('/');
  if (!plausible || base::find_not_target(target) != target.size()) return violation::bad_request_line;
  if (!allowed) return violation::http09_refused;
  out.method = parley::method::get;
  out.version = parley::version::http0_9;
  return parse_target_of(line, offset, target.size(), out);
}

}  // namespace

std::optional<protocol_error> parse_request_line(std::string_view line, bool allow_simple, request_line& out) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == last) {
    // No space, or one: there is no version. A tab never separates (RFC 9112 §3 permits it; smuggling thrives on it).
    return parse_simple_request(line, allow_simple, out);
  }
  const std::string_view name = line.substr(0, first);
  auto method = parley::method::parse(name);
  if (!method) return base::is_token(name) ? violation::unknown_long_method : violation::bad_method;
  out.method = *method;

  const std::string_view target = line.substr(first + 1, last - first - 1);
  // More than one space between or behind the parts, or a space within the target, shows here too.
  if (target.empty() || target.find(' ') != target.npos) return violation::bad_request_line;
  if (auto error = parse_version(line.substr(last + 1), out.version)) return error;
  return parse_target_of(line, first + 1, target.size(), out);
}

std::optional<protocol_error> parse_status_line(std::string_view line, status_line& out) {
  if (line.size() < version_size + 4 || line[version_size] != ' ') return violation::bad_status_line;
  if (auto error = parse_version(line.substr(0, version_size), out.version)) {
    return error->name == violation::version_not_supported.name ? error : violation::bad_status_line;
  }
  const std::string_view digits = line.substr(version_size + 1, 3);
  if (!base::all_of_class(digits, base::class_digit) || digits[0] == '0') return violation::bad_status_line;
  out.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');

  const std::string_view rest = line.substr(version_size + 4);
  if (!rest.empty() && rest[0] != ' ') return violation::bad_status_line;
  const std::size_t skipped = rest.empty() ? 0 : 1;
  out.reason = {static_cast<std::uint32_t>(version_size + 4 + skipped), static_cast<std::uint32_t>(rest.size() - skipped)};
  return std::nullopt;
}

}  // namespace parley::h1
