// The Connection field (RFC 9110 §7.6.1).
#pragma once

#include <parley/fields.hpp>

#include <string_view>

#include "semantics/list.hpp"

namespace parley::semantics {

struct connection_options {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  /// False when a line is no list of tokens. What else was read still counts: `close` must not be lost.
  bool valid = true;
};

/// All Connection lines as flags.
[[nodiscard]] connection_options parse_connection_options(const parley::fields& f);

/// Calls `visit(std::string_view)` for each option as received: the names of the fields that end at this hop, among others.
template <class Visit>
bool for_each_connection_option(const parley::fields& f, Visit&& visit) {
  return for_each_element(f, field_id::connection, visit);
}

/// Whether one of the options is `name`, without regard to case.
[[nodiscard]] bool has_connection_option(const parley::fields& f, std::string_view name);

}  // namespace parley::semantics
