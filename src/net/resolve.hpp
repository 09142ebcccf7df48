// From a host's name to its addresses.
#pragma once

#include "net/loop.hpp"
#include "net/stream.hpp"

namespace parley::net {

/// Addresses in the order in which to try them, with the port that was asked for; never empty.
using resolve_callback = base::unique_function<void(std::expected<std::vector<endpoint>, std::error_code>)>;

/// Looks a host up: a numeric address (without brackets) is its own answer; `localhost` and names below it are the loopback
/// addresses, whatever the system says (RFC 6761 §6.3); others are asked of the system, on the pool. `done` is called once,
/// never from within this call. Errors: those of `resolve_category`, and `resource_unavailable_try_again` when the pool is full.
/// Destroying what is returned gives it up, and `done` is not called. `done` may destroy it.
[[nodiscard]] std::unique_ptr<pending> resolve(loop& on, const std::string& host, std::uint16_t port, resolve_callback done);

/// getaddrinfo's errors (EAI_NONAME, …).
[[nodiscard]] const std::error_category& resolve_category();

/// The system's preference among addresses kept, but the two families take turns (RFC 8305 §4), so that the second try does not
/// fail for the first one's reason.
[[nodiscard]] std::vector<endpoint> interleave_families(std::vector<endpoint> addresses);

}  // namespace parley::net
