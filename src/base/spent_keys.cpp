#include "base/spent_keys.hpp"

#include <utility>

namespace parley::base {

spent_keys::outcome spent_keys::spend(std::uint64_t key, time_point now) {
  const std::lock_guard lock(mutex_);
  if (now - turned_ >= time_) {
    // Nothing has come for so long that what is new is old enough as well.
    const bool all = now - turned_ >= 2 * time_;
    old_ = std::exchange(new_, {});
    if (all) old_ = {};
    turned_ = now;
  }
  if (new_.contains(key) || old_.contains(key)) return outcome::known;
  if (new_.size() + old_.size() >= most_) return outcome::full;
  new_.insert(key);
  return outcome::fresh;
}

std::size_t spent_keys::size() const {
  const std::lock_guard lock(mutex_);
  return new_.size() + old_.size();
}

}  // namespace parley::base
