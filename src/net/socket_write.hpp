// Writing segments to a socket that does not block.
#pragma once

#include "net/stream.hpp"

namespace parley::net {

struct socket_written : write_result {
  bool full = false;  // the socket takes no more: an edge tells when it does
};

/// Gathers bytes into `sendmsg` and gives file slices to `sendfile`, until all is written or the socket is full. One call sends
/// no more than a few MiB of files: then it says `blocked` though the socket may take more, so that one fast peer does not hold
/// the loop. `more`: see `byte_stream::write`.
[[nodiscard]] socket_written write_segments(int socket, std::span<const base::segment> segments, bool more);

/// What the peer's system has not acknowledged of what was written (a Unix socket: what the peer has not read).
[[nodiscard]] std::uint64_t unsent_bytes(int socket);

}  // namespace parley::net
