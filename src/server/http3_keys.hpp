// The secrets of a server's HTTP/3 (connection/http3.hpp), kept across restarts so that clients of the process before hear at once that
// their connections are gone (RFC 9000 §10.3).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace parley::server_room {

/// From the data folder, where each port has its own: what a server of one port answers must not end the connections of another one
/// (RFC 9000 §21.11). New ones where there are none yet; where they can be neither read nor written, new ones for this run, and `message` hears
/// why. `folder` may be empty: then nothing is kept.
[[nodiscard]] std::string http3_keys(const std::string& folder, std::uint16_t port,
                                     const std::function<void(std::string_view)>& message);

}  // namespace parley::server_room
