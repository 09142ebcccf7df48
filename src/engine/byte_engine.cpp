#include "engine/byte_engine.hpp"

namespace parley::engine {

std::expected<stream_id, misuse> byte_engine::push(stream_id, const semantics::request_head&, time_point) {
  return std::unexpected(misuse::push_refused);
}

bool byte_engine::can_push(stream_id) const { return false; }

}  // namespace parley::engine
