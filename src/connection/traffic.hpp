// The bytes that a loop's connections have carried.
#pragma once

#include "base/counter.hpp"

namespace parley::connection {

struct traffic {
  base::counter received;
  base::counter sent;
};

}  // namespace parley::connection
