// Content whose beginning was read already, to be read again.
#pragma once

#include <parley/body.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley::server_room {

class peeked_source final : public detail::body_source {
 public:
  /// `kept`: the owner of `rest`, where that is not somebody else.
  peeked_source(std::string seen, detail::body_source* rest, std::unique_ptr<detail::body_source> kept)
      : seen_(std::move(seen)), rest_(rest), kept_(std::move(kept)), given_(seen_.empty()) {}

  bool ready() noexcept override { return !given_ || rest_->ready(); }
  std::string_view next() override {
    if (!std::exchange(given_, true)) return seen_;
    std::string().swap(seen_);
    return rest_->next();
  }
  void wait(detail::waiter* who) noexcept override { rest_->wait(who); }
  const fields* trailers() noexcept override { return rest_->trailers(); }
  std::optional<std::uint64_t> length() noexcept override { return rest_->length(); }
  void keep(std::size_t most) override { rest_->keep(most); }

 private:
  std::string seen_;
  detail::body_source* rest_;
  std::unique_ptr<detail::body_source> kept_;
  bool given_;
};

}  // namespace parley::server_room
