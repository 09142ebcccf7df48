#include "client/read_content.hpp"
#include "coding/content_coding.hpp"
#include "coding/decoder.hpp"
#include "connection/message_access.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Content-Encoding undone (RFC 9110 §8.4), as far as it is safe to.

namespace parley::fetching {

namespace {

using decoded_access = parley::detail::response_access;
using decode_reason = fetch_error::kind;

constexpr std::size_t decoded_piece = std::size_t{32} * 1024;

fetch_error cannot_decode(const std::string& server, const coding::decode_error& why, const coding::decoder_caps& caps) {
  const std::string sentence = coding::describe(why) + ", in the answer of " + server;
  if (why.fault == coding::decode_fault::output) {
    return {decode_reason::decoding, sentence + "; the limit is " + std::to_string(caps.output) +
                                         " bytes (options::decode; without decoding it comes as it is)"};
  }
  if (why.fault == coding::decode_fault::ratio) {
    return {decode_reason::decoding,
            sentence + "; the limit is " + std::to_string(caps.ratio) + " times its size; without decoding it comes as it is"};
  }
  return {decode_reason::decoding, sentence};
}

class decoded_source final : public parley::detail::body_source, private parley::detail::waiter {
 public:
  decoded_source(std::shared_ptr<parley::detail::body_source> from, const std::vector<coding::content_coding>& codings,
                 const coding::decoder_caps& caps, std::string server)
      : from_(std::move(from)), decoder_(codings, caps), caps_(caps), server_(std::move(server)) {}
  ~decoded_source() override { from_->wait(nullptr); }

  bool ready() noexcept override {
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

  std::string_view next() override {
    static_cast<void>(ready());
    if (out_ > 0) return {room_.data(), std::exchange(out_, 0)};
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }

  void wait(parley::detail::waiter* who) noexcept override {
    reader_ = who;
    from_->wait(who != nullptr ? this : nullptr);
  }
  const fields* trailers() noexcept override { return ended_ ? from_->trailers() : nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return std::nullopt; }

 private:
  void work() {
    if (!has_input_) {
      in_ = from_->next();
      if (in_.empty()) return end();
      has_input_ = true;
    }
    if (room_.empty()) room_.resize(decoded_piece);
    const auto step = decoder_.decode(in_, room_);
    if (!step) throw cannot_decode(server_, step.error(), caps_);
    out_ = step->written;
    if (step->done) has_input_ = false;
  }
  void end() {
    if (const auto whole = decoder_.finish(); !whole) throw cannot_decode(server_, whole.error(), caps_);
    ended_ = true;
  }
  // What came may have been a part of something: then there is more to wait for.
  void wake() noexcept override {
    if (!ready()) return from_->wait(this);
    if (reader_ != nullptr) std::exchange(reader_, nullptr)->wake();
  }

  std::shared_ptr<parley::detail::body_source> from_;
  coding::decoder decoder_;
  coding::decoder_caps caps_;
  std::string server_;
  std::string room_;
  std::string_view in_;  // of a piece that is not yet decoded
  std::size_t out_ = 0;  // in `room_`, to be handed out
  parley::detail::waiter* reader_ = nullptr;
  std::exception_ptr failure_;
  bool has_input_ = false;
  bool ended_ = false;
};

}  // namespace

void decode_content(response& of, std::uint64_t most, unsigned ratio, const origin& to) {
  const std::string said = of.fields().joined("Content-Encoding");
  if (said.empty()) return;
  const auto codings = coding::parse_codings(said, coding::most_codings);
  if (!codings) {
    throw fetch_error(decode_reason::decoding, "the answer of " + to.to_string() + " has the Content-Encoding " +
                                                   said.substr(0, 100) + ", of which " + codings.error().substr(0, 100) +
                                                   " cannot be undone; without decoding it comes as it is");
  }
  if (codings->empty()) return;
  coding::decoder_caps caps;
  caps.output = most;
  caps.ratio = ratio;
  auto from = source_of(of);
  decoded_access::source(of, std::make_shared<decoded_source>(std::move(from), *codings, caps, to.to_string()));
}

}  // namespace parley::fetching
