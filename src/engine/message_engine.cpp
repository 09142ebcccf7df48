#include "engine/message_engine.hpp"

namespace parley::engine {

std::expected<stream_id, misuse> message_engine::push(stream_id, const semantics::request_head&, time_point) {
  return std::unexpected(misuse::push_refused);
}

bool message_engine::can_push(stream_id) const { return false; }

}  // namespace parley::engine
