// The bytes that a loop's connections have carried.
#pragma once

#include "base/counter.hpp"

namespace parley::connection {

struct traffic {
  base::counter received;
  base::counter sent;
  base::counter by_sendfile;  // of `sent`: files that never were in this process's memory
};

}  // namespace parley::connection
