// Counted references without atomics: for what one loop's callbacks share.
#pragma once

#include <cstddef>
#include <utility>

namespace parley::net {

/// Base of T. Made with `new`, destroyed when its last reference goes. One thread only.
template <class T>
class counted {
 public:
  counted() = default;
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

 protected:
  ~counted() = default;

 private:
  template <class U>
  friend class intrusive;
  std::size_t references_ = 0;
};

template <class T>
class intrusive {
 public:
  intrusive() = default;
  explicit intrusive(T* to) noexcept : to_(to) {
    if (to_ != nullptr) ++to_->references_;
  }
  intrusive(const intrusive& other) noexcept : intrusive(other.to_) {}
  intrusive(intrusive&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  intrusive& operator=(intrusive other) noexcept {
    std::swap(to_, other.to_);
    return *this;
  }
  ~intrusive() {
    if (to_ != nullptr && --to_->references_ == 0) delete to_;
  }

  [[nodiscard]] T* get() const { return to_; }
  T* operator->() const { return to_; }
  T& operator*() const { return *to_; }
  [[nodiscard]] explicit operator bool() const { return to_ != nullptr; }

 private:
  T* to_ = nullptr;
};

}  // namespace parley::net
