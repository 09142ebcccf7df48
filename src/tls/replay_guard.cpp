#include "tls/replay_guard.hpp"

#include "tls/gnutls_handles.hpp"

#include <algorithm>
#include <ctime>
#include <new>
#include <utility>

namespace parley::tls {
namespace {

constexpr long turn_seconds = 2 * static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(replay_guard::window).count());

// GnuTLS calls this; nothing may throw through it.
int add_replay(void* self, std::time_t expires, const gnutls_datum_t* key, const gnutls_datum_t*) {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(key->data), key->size);
    return static_cast<replay_guard*>(self)->add(bytes, expires, std::time(nullptr)) ? 0 : GNUTLS_E_DB_ENTRY_EXISTS;
  } catch (const std::bad_alloc&) {
    return GNUTLS_E_DB_ENTRY_EXISTS;
  }
}

}  // namespace

replay_guard::replay_guard(std::size_t most) : most_(most) {
  if (gnutls_anti_replay_init(&native_) < 0) throw std::bad_alloc();
  gnutls_anti_replay_set_window(native_, static_cast<unsigned>(window.count()));
  gnutls_anti_replay_set_ptr(native_, this);
  gnutls_anti_replay_set_add_function(native_, add_replay);
}

replay_guard::~replay_guard() { gnutls_anti_replay_deinit(native_); }

bool replay_guard::add(std::string_view key, long expires, long now) {
  const std::lock_guard lock(mutex_);
  if (now - turned_ > turn_seconds && now > latest_old_) {
    old_ = std::exchange(new_, {});
    latest_old_ = 0;
    for (const auto& [known, until] : old_) latest_old_ = std::max(latest_old_, until);
    turned_ = now;
  }
  std::string owned(key);
  if (new_.contains(owned) || old_.contains(owned) || new_.size() + old_.size() >= most_) {
    ++refused_;
    return false;
  }
  new_.emplace(std::move(owned), expires);
  return true;
}

std::size_t replay_guard::size() const {
  const std::lock_guard lock(mutex_);
  return new_.size() + old_.size();
}

std::size_t replay_guard::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace parley::tls
