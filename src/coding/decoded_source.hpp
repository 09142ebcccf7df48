// Content that is decoded while it is read.
#pragma once

#include "coding/decoder.hpp"

#include <parley/body.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::coding {

/// Loop's thread only. A decoder is made when something came that it is to decode. What is wrong with the content comes out of the read that meets it, as the exception that `explain` makes of it.
class decoded_source final : public detail::body_source, private detail::waiter {
 public:
  using explainer = std::function<std::exception_ptr(const decode_error& why)>;

  /// `from` is asked as long as this lives; `keeper` owns it, where that is nobody else.
  decoded_source(detail::body_source* from, std::shared_ptr<void> keeper, std::vector<content_coding> codings,
                 const decoder_caps& caps, explainer explain);
  decoded_source(const decoded_source&) = delete;
  decoded_source& operator=(const decoded_source&) = delete;
  ~decoded_source() override { from_->wait(nullptr); }

  bool ready() noexcept override;
  std::string_view next() override;
  void wait(detail::waiter* who) noexcept override;
  const fields* trailers() noexcept override { return ended_ ? from_->trailers() : nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return std::nullopt; }
  /// What is kept is what comes out, however little goes in.
  void keep(std::size_t most) override { from_->keep(most); }

 private:
  void work();
  void end();
  void wake() noexcept override;

  std::shared_ptr<void> keeper_;
  detail::body_source* from_;
  std::vector<content_coding> codings_;
  decoder_caps caps_;
  std::optional<decoder> decoder_;
  explainer explain_;
  std::string room_;
  std::string_view in_;  // of a piece that is not yet decoded
  std::size_t out_ = 0;  // in `room_`, to be handed out
  detail::waiter* reader_ = nullptr;
  std::exception_ptr failure_;
  bool has_input_ = false;
  bool ended_ = false;
};

}  // namespace parley::coding
