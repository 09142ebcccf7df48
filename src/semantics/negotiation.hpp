// Proactive content negotiation (RFC 9110 §12).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace parley::semantics {

/// Which of `offers` (media types, the server's favourite first) an Accept value prefers; nothing when it accepts none.
///
/// The most specific range that matches an offer gives its weight (RFC 9110 §12.5.1); among equals the offer that was named more exactly
/// wins, then the earlier one. Elements that break the grammar are ignored; a value without any other accepts all, as an empty one.
[[nodiscard]] std::optional<std::size_t> preferred(std::string_view accept, std::span<const std::string_view> offers);

/// Which of `offers` (content codings, `identity` among them where that is possible) an Accept-Encoding value prefers; nothing when
/// it refuses all. `present` tells an empty field, which asks for identity, from none, which allows all (RFC 9110 §12.5.3).
[[nodiscard]] std::optional<std::size_t> preferred_coding(std::string_view accept_encoding, bool present,
                                                          std::span<const std::string_view> offers);

/// Which of `offers` (language tags) an Accept-Language value prefers, by basic filtering (RFC 4647 §3.3.1) with weights; nothing
/// when none matches.
[[nodiscard]] std::optional<std::size_t> preferred_language(std::string_view accept_language,
                                                            std::span<const std::string_view> offers);

/// Which of `offers` (language tags) is the best single answer, by lookup (RFC 4647 §3.4): the ranges in the order of their weights, each
/// shortened from its end until it is one of the offers, so that `de-CH-1996` finds `de`. A range `*` finds nothing, what has the weight 0
/// is no answer. Nothing when none is found: then a default is sent.
[[nodiscard]] std::optional<std::size_t> lookup_language(std::string_view accept_language,
                                                         std::span<const std::string_view> offers);

}  // namespace parley::semantics
