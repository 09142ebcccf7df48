// Entropy as an interface, so that tests can repeat themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::base {

class random_source {
 public:
  virtual ~random_source() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  std::uint64_t next() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  /// Evenly from 0 to `bound - 1`; `bound` is not 0.
  std::uint64_t below(std::uint64_t bound);
};

/// The kernel's generator, fit for keys and session ids. Usable from any thread. Ends the process when the kernel has no entropy
/// to give, since nothing built upon it could be trusted.
random_source& system_random();

/// The same bytes for the same seed, for tests only: never for anything that a peer must not guess.
class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace parley::base
