#include "client/response_stream.hpp"

#include <exception>
#include <utility>

namespace parley::fetching {

response_stream::response_stream(std::shared_ptr<call> of) : call_(std::move(of)), length_(call_->incoming().length()) {
  call_->stream_ = this;
}

response_stream::~response_stream() {
  call_->stream_ = nullptr;
  call_->drop();
}

bool response_stream::ready() noexcept {
  if (ended_ || call_->failed()) return true;
  if (!call_->received_) return call_->incoming().ready();
  return has_rest() || !call_->owes_content();
}

// What was handed out is not needed any more when somebody asks for more.
bool response_stream::has_rest() {
  if (std::exchange(rest_given_, false)) rest_.clear();
  if (rest_.empty()) rest_ = call_->incoming().take();
  return !rest_.empty();
}

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
  if (has_rest()) {
    rest_given_ = true;
    return rest_;
  }
  if (call_->produce_error_ && call_->sink_.announced()) std::rethrow_exception(call_->produce_error_);
  ended_ = true;
  if (const fields* lines = call_->incoming().trailers()) trailers_ = *lines;
  call_->close_asked_ = true;
  // A producer that still writes may go on, and the connection goes back to the pool when it has ended.
  if (!call_->producing_) {
    call_->close();
  } else if (call_->gone_) {
    call_->drop();
  }
  return {};
}

void response_stream::wait(parley::detail::waiter* who) noexcept {
  reader_ = who;
  // Behind its end it has nothing to tell: then `look` does.
  call_->incoming().wait(who != nullptr && !call_->received_ ? this : nullptr);
}

void response_stream::wake() noexcept {
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->wake();
}

void response_stream::look() noexcept {
  if (reader_ == nullptr || !ready()) return;
  call_->incoming().wait(nullptr);
  wake();
}

}  // namespace parley::fetching
