#include "semantics/trace_context.hpp"

#include <algorithm>
#include <span>

#include "base/ascii.hpp"

namespace parley::semantics {

namespace {

constexpr std::size_t traceparent_length = 55;

// Lower-case digits, two a byte; false for others.
bool take_hex(std::string_view text, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const char c : text.substr(2 * i, 2)) {
      if (!base::is_digit(c) && (c < 'a' || c > 'f')) return false;
    }
    out[i] = static_cast<std::uint8_t>(base::hex_value(text[2 * i]) << 4 | base::hex_value(text[2 * i + 1]));
  }
  return true;
}

void append_hex_bytes(std::string& out, std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) out += {digits[byte >> 4], digits[byte & 15]};
}

bool all_zeros(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

void fill_id(std::span<std::uint8_t> id, base::random_source& random) {
  do random.fill(std::as_writable_bytes(id));
  while (all_zeros(id));
}

}  // namespace

traceparent traceparent::make(base::random_source& random, bool sampled) {
  traceparent trace;
  fill_id(trace.trace_id, random);
  fill_id(trace.parent_id, random);
  trace.sampled = sampled;
  return trace;
}

traceparent traceparent::child(base::random_source& random) const {
  traceparent trace = *this;
  fill_id(trace.parent_id, random);
  return trace;
}

std::optional<traceparent> parse_traceparent(std::string_view value) {
  value = base::trim_ows(value);
  if (value.size() < traceparent_length) return std::nullopt;
  traceparent trace;
  std::array<std::uint8_t, 1> version{}, flags{};
  if (!take_hex(value, version) || version[0] == 0xff || value[2] != '-' || value[35] != '-' || value[52] != '-')
    return std::nullopt;
  // §3.2.4: a later version may have more, behind another hyphen.
  if (value.size() > traceparent_length && (version[0] == 0 || value[traceparent_length] != '-')) return std::nullopt;
  if (!take_hex(value.substr(3), trace.trace_id) || !take_hex(value.substr(36), trace.parent_id) ||
      !take_hex(value.substr(53), flags))
    return std::nullopt;
  if (all_zeros(trace.trace_id) || all_zeros(trace.parent_id)) return std::nullopt;
  trace.sampled = (flags[0] & 1) != 0;
  return trace;
}

std::string to_text(const traceparent& trace) {
  std::string text = "00-";
  append_hex_bytes(text, trace.trace_id);
  text += '-';
  append_hex_bytes(text, trace.parent_id);
  return text += trace.sampled ? "-01" : "-00";
}

}  // namespace parley::semantics
