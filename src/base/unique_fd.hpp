// The owner of a file descriptor.
#pragma once

#include <utility>

namespace parley::base {

class unique_fd {
 public:
  unique_fd() = default;
  /// Owns `fd`; a negative one stands for none.
  explicit unique_fd(int fd) : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  /// Gives up ownership.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// Closes what it owns, and owns `fd`. Keeps `errno`.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace parley::base
