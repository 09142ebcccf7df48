#include "connection/make_engine.hpp"

#include "h1/connection.hpp"
#include "h1/violations.hpp"

namespace parley::connection {

std::unique_ptr<engine::byte_engine> make_http1_engine(engine::role as, const limits& caps, http1_options how,
                                                       engine::time_point now) {
  h1::options chosen;
  chosen.allow_http09 = how.allow_http09;
  chosen.secure = how.secure;
  return std::make_unique<h1::connection>(as, caps, chosen, now);
}

std::span<const engine::protocol_error* const> http1_violations() { return h1::violation::all; }

}  // namespace parley::connection
