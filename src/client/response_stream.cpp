#include "client/response_stream.hpp"

#include <utility>

namespace parley::fetching {

bool response_stream::ready() noexcept { return ended_ || call_->received_ || call_->failed() || call_->incoming().ready(); }

std::string_view response_stream::next() {
  if (ended_) return {};
  if (call_->received_) return take_rest();
  if (call_->produce_error_) std::rethrow_exception(call_->produce_error_);
  if (call_->gone_) throw connection_lost(call_->lost_->what());
  const std::string_view piece = call_->incoming().next();
  call_->streamed_bytes_ += piece.size();
  return piece;
}

// The response is whole: what waits to be read needs no connection any more.
std::string_view response_stream::take_rest() {
  rest_.clear();
  std::swap(rest_, call_->incoming().collected());
  if (!rest_.empty()) return rest_;
  ended_ = true;
  if (const fields* lines = call_->incoming().trailers()) trailers_ = *lines;
  call_->reading_ = false;
  call_->close_asked_ = true;
  // A producer that still writes may go on, and the connection goes back to the pool when it has ended.
  if (!call_->producing_) call_->close();
  return {};
}

void response_stream::wait(parley::detail::waiter* who) noexcept { call_->incoming().wait(who); }

}  // namespace parley::fetching
