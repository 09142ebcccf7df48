#include "connection/collected_content.hpp"

#include "connection/exchange.hpp"

#include <algorithm>

namespace parley::connection {

bool collected_content::enter(exchange& x, std::size_t wanted, std::size_t most) {
  if (wanted == 0) return true;
  if (state_ == nullptr) state_ = std::make_unique<state>();
  auto& in = x.incoming_;
  in.share_ = std::min(wanted, most);  // one alone always has room
  if (state_->waiting.empty() && in.share_ <= most - state_->given) {
    state_->given += in.share_;
    return true;
  }
  in.held_ = true;
  state_->waiting.push_back(&x);
  return false;
}

void collected_content::leave(exchange& x) {
  auto& in = x.incoming_;
  if (in.held_) {
    std::erase(state_->waiting, &x);
  } else {
    state_->given -= in.share_;
  }
  in.held_ = false;
  in.share_ = 0;
}

exchange* collected_content::next(std::size_t most) {
  if (state_->waiting.empty()) return nullptr;
  exchange* const first = state_->waiting.front();
  if (first->incoming_.share_ > most - state_->given) return nullptr;
  state_->waiting.erase(state_->waiting.begin());
  state_->given += first->incoming_.share_;
  first->incoming_.held_ = false;
  return first;
}

}  // namespace parley::connection
