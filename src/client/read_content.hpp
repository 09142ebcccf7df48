// What is done to a response's content on its way to the reader.
#pragma once

#include "client/plan.hpp"

#include <parley/body.hpp>
#include <parley/client.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace parley::fetching {

/// Where the content of `of` comes from; it is that object's alone from now on.
[[nodiscard]] std::shared_ptr<parley::detail::body_source> source_of(response& of);

/// Reads what of it nobody wants, up to a bound, so that its connection can be used again. `of` must outlive the task.
[[nodiscard]] task<> pass_over(response& of);

/// All of it into memory. Throws `fetch_error` (content_too_large, and what it was lost by). `of` and `to` must outlive the task.
[[nodiscard]] task<> collect_content(response& of, std::size_t limit, const origin& to);

/// Checks it against what Content-Digest and Repr-Digest say, once it is whole. `partial`: it is not all of the representation.
void check_digests(response& of, bool partial, const origin& to);

/// Undoes its Content-Encoding. Throws `fetch_error` (decoding) for one that is not known here.
void decode_content(response& of, std::uint64_t most, unsigned ratio, const origin& to);

}  // namespace parley::fetching
