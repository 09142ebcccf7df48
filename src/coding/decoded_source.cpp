#include "coding/decoded_source.hpp"

#include <cstddef>
#include <utility>

namespace parley::coding {

namespace {
constexpr std::size_t decoded_piece = std::size_t{32} * 1024;
}

decoded_source::decoded_source(detail::body_source* from, std::shared_ptr<void> keeper, std::vector<content_coding> codings,
                               const decoder_caps& caps, explainer explain)
    : keeper_(std::move(keeper)), from_(from), codings_(std::move(codings)), caps_(caps), explain_(std::move(explain)) {}

bool decoded_source::ready() noexcept {
  while (out_ == 0 && !ended_ && !failure_) {
    if (!has_input_ && !from_->ready()) return false;
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  return true;
}

std::string_view decoded_source::next() {
  static_cast<void>(ready());
  if (out_ > 0) return {room_.data(), std::exchange(out_, 0)};
  if (failure_) std::rethrow_exception(failure_);
  return {};
}

void decoded_source::wait(detail::waiter* who) noexcept {
  reader_ = who;
  from_->wait(who != nullptr ? this : nullptr);
}

void decoded_source::work() {
  if (!has_input_) {
    in_ = from_->next();
    if (in_.empty()) return end();
    has_input_ = true;
  }
  if (!decoder_) decoder_.emplace(codings_, caps_);
  if (room_.empty()) room_.resize(decoded_piece);
  const auto step = decoder_->decode(in_, room_);
  if (!step) std::rethrow_exception(explain_(step.error()));
  out_ = step->written;
  if (step->done) has_input_ = false;
}

void decoded_source::end() {
  if (decoder_) {
    if (const auto whole = decoder_->finish(); !whole) std::rethrow_exception(explain_(whole.error()));
  }
  ended_ = true;
}

// What came may have been a part of something: then there is more to wait for.
void decoded_source::wake() noexcept {
  if (!ready()) return from_->wait(this);
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->wake();
}

}  // namespace parley::coding
