// What a line of the timeline says of a message.
#pragma once

#include "trace/exchange.hpp"

#include <string>

namespace parley::trace {

/// `143 B head + 25 B content`; of HTTP/2 also what the head was before compression: `38 B head (HPACK; 143 B of text)`.
[[nodiscard]] std::string sizes(const message& m);
/// `GET localhost:8080/hello`, from a request's head.
[[nodiscard]] std::string title_from_head(const exchange& x);
/// `200 OK`
[[nodiscard]] std::string status_text(const message& response);

}  // namespace parley::trace
