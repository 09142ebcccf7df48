// Large files: piece by piece, each in memory before the loop sends it, so that no disk ever makes a loop wait.
#pragma once

#include "connection/exchange.hpp"

#include <parley/response.hpp>
#include <parley/task.hpp>

#include <cstdint>

namespace parley::server_room {

/// What is looked for, read in and handed over in one go.
inline constexpr std::uint64_t file_piece = 1024 * 1024;
/// What is handed over in one go where it is read into memory to be sent (QUIC): a pooled block, which is still in the processor's caches when it
/// is encrypted.
inline constexpr std::uint64_t file_piece_in_memory = 64 * 1024;

/// Whether a part of a file can be read without a disk; also no when the system cannot tell. Does not wait.
[[nodiscard]] bool is_in_memory(int descriptor, std::uint64_t offset, std::uint64_t length);

/// Reads a part of a file so that it is in memory. Blocking: for the pool.
void bring_into_memory(int descriptor, std::uint64_t offset, std::uint64_t length);

/// The same on the pool. Where that is full it is asked again until the exchange is given up. `file` outlives it.
[[nodiscard]] task<> wait_for_disk(const detail::file_content& file, std::uint64_t offset, std::uint64_t length);

/// Sends slices of files and the text between them as content whose head was sent. `parts` outlives it.
[[nodiscard]] task<> send_parts(const detail::parts_content& parts, connection::outgoing_content& to);

/// Sends `file` as content whose head was sent. Where the pool is full it is asked again until the exchange is given up.
[[nodiscard]] task<> send_file(detail::file_content file, connection::outgoing_content& to);

}  // namespace parley::server_room
