// The keys behind parley::secret_keys.
#pragma once

#include <parley/hidden_state.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace parley::detail {

struct key_ring {
  static constexpr std::size_t key_bytes = 32;
  static constexpr std::size_t most = 4;

  [[nodiscard]] std::vector<std::string> all() {
    const std::lock_guard lock(mutex);
    return keys;
  }
  [[nodiscard]] std::string newest() {
    const std::lock_guard lock(mutex);
    return keys.front();
  }

  std::mutex mutex;
  std::vector<std::string> keys;  // the newest first
  std::string file;               // empty: in memory alone
};

struct secret_keys_access {
  [[nodiscard]] static key_ring& ring(const secret_keys& keys) { return *keys.ring_; }
};

}  // namespace parley::detail
