// A keyed hash, so that nobody can choose names that collide (attacks.md: hash flooding).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::base {

struct hash_key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

/// SipHash with one compression and three finalisation rounds (Aumasson and Bernstein).
[[nodiscard]] std::uint64_t siphash13(hash_key key, std::string_view text);

/// A key drawn from the system when it is first asked for, the same for the life of the process.
[[nodiscard]] hash_key process_hash_key();

/// A quick hash of much content, the same on every machine and in every run. Not keyed, so nothing may depend on nobody making two
/// contents collide; any change of one word changes it.
[[nodiscard]] std::uint64_t content_hash(std::string_view bytes);

/// For `std::unordered_map<std::string, T, base::text_hash, std::equal_to<>>`: finds by view, seeded for each process.
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return static_cast<std::size_t>(siphash13(process_hash_key(), text)); }
};

}  // namespace parley::base
