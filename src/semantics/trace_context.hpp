// traceparent (W3C Trace Context §3.2): which trace a request belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace parley::semantics {

struct traceparent {
  std::array<std::uint8_t, 16> trace_id{};  // not all zeros
  std::array<std::uint8_t, 8> parent_id{};  // not all zeros
  bool sampled = false;

  /// A new trace.
  [[nodiscard]] static traceparent make(base::random_source& random, bool sampled);
  /// The same trace, with a new parent: what is sent on.
  [[nodiscard]] traceparent child(base::random_source& random) const;
  bool operator==(const traceparent&) const = default;
};

/// Nothing when it is not valid (§3.2.2): upper case, zeros, version ff. Later versions are read as far as they begin like this one.
[[nodiscard]] std::optional<traceparent> parse_traceparent(std::string_view value);
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`
[[nodiscard]] std::string to_text(const traceparent& trace);

}  // namespace parley::semantics
