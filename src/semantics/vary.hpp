// Vary (RFC 9110 §12.5.5).
#pragma once

#include <parley/fields.hpp>

#include <string_view>

namespace parley::semantics {

/// Says in Vary that the response depends on the request's field `name`, unless it says so already, or `*`. One line comes of all.
void add_vary(parley::fields& response, std::string_view name);
/// Whether it says so, or `*`.
[[nodiscard]] bool varies_by(const parley::fields& response, std::string_view name);

}  // namespace parley::semantics
