// The byte stream that a proxy's 200 to a CONNECT opens (RFC 9110 §9.3.6), whatever version the proxy speaks.
#pragma once

#include "client/call.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

#include <memory>

namespace parley::fetching {

/// `through` has got its 2xx. `far` is whom the tunnel leads to, for messages. Closed in order, what was written still leaves: for up to two
/// seconds, or until the other end is done.
[[nodiscard]] std::unique_ptr<net::byte_stream> make_tunnel_stream(net::loop& on, std::shared_ptr<call> through, net::endpoint far);

}  // namespace parley::fetching
