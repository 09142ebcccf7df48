// The system's signals as callbacks on a loop.
#pragma once

#include "base/function.hpp"

#include <initializer_list>
#include <memory>

namespace parley::net {

class loop;

/// Calls `callback(number)` on the loop for each signal of these (SIGTERM, SIGINT, SIGHUP, SIGUSR1, …) that the process gets,
/// as long as this lives; then what held before holds again, unless another `signals` wants them too. Signals that come in
/// quick succession may be told as one. Throws `std::system_error`. A loop of the system's only; loop's thread only.
class signals {
 public:
  signals(loop& on, std::initializer_list<int> numbers, base::unique_function<void(int)> callback);
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

 private:
  class core;
  std::unique_ptr<core> core_;
};

}  // namespace parley::net
