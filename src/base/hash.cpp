#include "base/hash.hpp"

#include <bit>
#include <cstring>

#include "base/random.hpp"

namespace parley::base {
namespace {

struct sip_state {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void compress(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

std::uint64_t load_little(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

std::uint64_t siphash13(hash_key key, std::string_view text) {
  sip_state state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d, key.first ^ 0x6c7967656e657261,
                  key.second ^ 0x7465646279746573};
  const std::size_t whole = text.size() & ~std::size_t{7};
  for (std::size_t i = 0; i < whole; i += 8) state.compress(load_little(text.data() + i));

  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  for (std::size_t i = whole; i < text.size(); ++i) {
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << 8 * (i - whole);
  }
  state.compress(last);

  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

namespace {
constexpr std::uint64_t odd_a = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
constexpr std::uint64_t odd_b = 0xc2b2ae3d27d4eb4f;

// Reversible in both arguments: what differs in one word differs for good.
std::uint64_t mix_word(std::uint64_t state, std::uint64_t word) { return std::rotl(state + word * odd_b, 31) * odd_a; }

std::uint64_t spread(std::uint64_t h) {
  h = (h ^ (h >> 33)) * odd_b;
  h = (h ^ (h >> 29)) * odd_a;
  return h ^ (h >> 32);
}
}  // namespace

std::uint64_t content_hash(std::string_view bytes) {
  // Four lanes, so that the multiplications of one step do not wait for each other.
  std::uint64_t lanes[4] = {odd_a, odd_b, 0, odd_a ^ odd_b};
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = mix_word(lanes[i], load_little(at + 8 * i));
  }
  std::uint64_t hash = bytes.size() * odd_a;
  for (const std::uint64_t lane : lanes) hash = mix_word(hash, spread(lane));
  for (; left >= 8; left -= 8, at += 8) hash = mix_word(hash, load_little(at));
  for (; left > 0; --left, ++at) hash = mix_word(hash, static_cast<unsigned char>(*at) + 1U);
  return spread(hash);
}

hash_key process_hash_key() {
  static const hash_key key{system_random().next(), system_random().next()};
  return key;
}

}  // namespace parley::base
