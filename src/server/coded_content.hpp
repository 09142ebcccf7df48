// Content on its way into a coding: bounded pieces, back-pressure kept.
#pragma once

#include "coding/encoder.hpp"
#include "server/compression.hpp"

#include <parley/body.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <memory>

namespace parley::server_room {

/// Content up to this size is coded in one go, within its loop's turn; longer content in pieces, between which the loop turns.
inline constexpr std::size_t coded_at_once = 64 * 1024;

/// Whether an answer may be sent in a coding; then it says `Vary: Accept-Encoding`. What is not worth it, by its length or type, may only for
/// who refuses it as it is.
[[nodiscard]] bool may_be_coded(const request& req, const response& r, const compression_settings& how);

/// Puts the content of `r` into the coding and says so in its fields; its ETag becomes that of the coding. `for_head`: the content is not going to
/// be sent. `place` is kept until it was.
void put_into_coding(response& r, const compression_settings::offer& how, bool for_head, std::shared_ptr<void> place);

}  // namespace parley::server_room
