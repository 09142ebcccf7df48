// Content-Digest, Repr-Digest and what asks for them (RFC 9530): their syntax. Who hashes, hashes elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

struct field_digest {
  std::string algorithm;  // as registered: `sha-256`, `sha-512`
  std::string bytes;
  bool operator==(const field_digest&) const = default;
};

/// The digests of one field, those of unknown algorithms too (§2, §3). Nothing when it is no dictionary of byte sequences.
[[nodiscard]] std::optional<std::vector<field_digest>> parse_digests(std::string_view value);
/// `sha-256=:...:`; nothing when an algorithm's name is no key of a structured field.
[[nodiscard]] std::optional<std::string> to_text(const std::vector<field_digest>& digests);

/// Which of `offers` a Want-Content-Digest or Want-Repr-Digest prefers (§4): the highest of 1 to 10, 0 is a refusal. Nothing when
/// none is wanted or the value is no dictionary of integers in that range.
[[nodiscard]] std::optional<std::string_view> wanted_digest(std::string_view value, const std::vector<std::string_view>& offers);

}  // namespace parley::semantics
