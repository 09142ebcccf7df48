// A response's content for its reader.
#pragma once

#include "client/call.hpp"

#include <parley/body.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley::fetching {

/// Destroying it before the end gives the exchange up. The end of a success comes once all content of the request has left whose length was
/// announced.
class response_stream final : public parley::detail::body_source, private parley::detail::waiter {
 public:
  explicit response_stream(std::shared_ptr<call> of);
  ~response_stream() override;
  response_stream(const response_stream&) = delete;
  response_stream& operator=(const response_stream&) = delete;

  bool ready() noexcept override;
  std::string_view next() override;
  void wait(parley::detail::waiter* who) noexcept override;
  const fields* trailers() noexcept override { return trailers_ ? &*trailers_ : nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return length_; }

  /// Something has happened to the call: who waits is woken if that is for them.
  void look() noexcept;

 private:
  void wake() noexcept override;
  std::string_view take_rest();
  bool has_rest();

  std::shared_ptr<call> call_;
  std::optional<std::uint64_t> length_;
  std::optional<fields> trailers_;
  std::string rest_;
  parley::detail::waiter* reader_ = nullptr;
  bool rest_given_ = false;
  bool ended_ = false;
};

}  // namespace parley::fetching
