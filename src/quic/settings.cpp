#include "quic/settings.hpp"

#include <algorithm>
#include <span>

namespace parley::quic {

endpoint_keys endpoint_keys::make(base::random_source& random) {
  endpoint_keys keys;
  random.fill(std::as_writable_bytes(std::span(keys.reset)));
  random.fill(std::as_writable_bytes(std::span(keys.token)));
  return keys;
}

std::string endpoint_keys::bytes() const {
  std::string all(reset.begin(), reset.end());
  all.append(token.begin(), token.end());
  return all;
}

std::optional<endpoint_keys> endpoint_keys::from(std::string_view bytes) {
  endpoint_keys keys;
  if (bytes.size() != keys.reset.size() + keys.token.size()) return std::nullopt;
  std::copy_n(bytes.begin(), keys.reset.size(), keys.reset.begin());
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(keys.reset.size()), keys.token.size(), keys.token.begin());
  return keys;
}

}  // namespace parley::quic
