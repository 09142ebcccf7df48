#include <parley/detail/cancel.hpp>

namespace parley {

const char* cancelled::what() const noexcept { return "parley: cancelled"; }

namespace detail {

cancel_state::~cancel_state() {
  if (gone_ != nullptr) *gone_ = true;
  if (link_ != nullptr) link_->state = nullptr;
  // Those that still wait are let go and hear nothing any more.
  while (first_ != nullptr) first_->unlink();
}

void cancel_state::cancel() noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  unlink();
  if (link_ != nullptr) link_->cancelled.store(true, std::memory_order_relaxed);
  bool gone = false;
  gone_ = &gone;
  while (first_ != nullptr) {
    cancel_node& node = *first_;
    node.unlink();
    node.on_cancel();
    if (gone) return;
  }
  gone_ = nullptr;
}

cancel_token cancel_state::token() {
  if (link_ == nullptr) {
    link_ = std::make_shared<cancel_link>();
    link_->cancelled.store(cancelled_, std::memory_order_relaxed);
    link_->state = this;
  }
  return cancel_token(link_);
}

}  // namespace detail

cancel_registration::cancel_registration(const cancel_token& token, std::move_only_function<void()> callback)
    : callback_(std::move(callback)) {
  if (token.link_ == nullptr || !callback_) return;
  if (token.cancelled()) {
    on_cancel();
  } else if (token.link_->state != nullptr) {
    token.link_->state->add(*this);
  }
}

// The callback may destroy this registration, so it must not run from within it.
void cancel_registration::on_cancel() noexcept {
  std::move_only_function<void()> callback = std::move(callback_);
  callback();
}

}  // namespace parley
