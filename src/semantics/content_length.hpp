// One Content-Length, or none, or a refusal (RFC 9110 §8.6, RFC 9112 §6.3).
#pragma once

#include <parley/fields.hpp>

#include <cstdint>
#include <expected>
#include <optional>

namespace parley::semantics {

/// The length that the head declares; nothing when it has no such field; or a sentence that says why the head must be refused.
///
/// Stricter than RFC 9112 §6.3 has to be: one line with one value. Repeated lines and lists are refused even when they agree, since
/// what stands before or behind us may take another one. Digits alone, and no more than 64 bits hold.
[[nodiscard]] std::expected<std::optional<std::uint64_t>, const char*> agreed_content_length(const parley::fields& f);

}  // namespace parley::semantics
