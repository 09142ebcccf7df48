// How HTTP/2 and 3 write down what a peer can do wrong: what it costs, its error code, a sentence and the rule.
#pragma once

#include "engine/protocol_error.hpp"

#include <cstdint>
#include <string_view>

namespace parley::engine {

/// Costs the connection. `Code` is the version's own enumeration of error codes.
template <class Code>
constexpr protocol_error all_lost(Code code, std::string_view name, std::string_view message, std::string_view section,
                                  std::string_view limit = {}) {
  return {.scope = error_scope::connection,
          .status = 0,
          .code = static_cast<std::uint32_t>(code),
          .name = name,
          .message = message,
          .section = section,
          .limit = limit};
}

/// Costs the stream.
template <class Code>
constexpr protocol_error one_lost(Code code, std::string_view name, std::string_view message, std::string_view section,
                                  std::string_view limit = {}, int status = 0) {
  protocol_error e = all_lost(code, name, message, section, limit);
  e.scope = error_scope::stream;
  e.status = status;
  return e;
}

}  // namespace parley::engine
