#include "coding/coders.hpp"

#include <brotli/decode.h>
#include <brotli/encode.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

// br (RFC 7932).

namespace parley::coding {

namespace {

constexpr int lowest_window = 10;   // RFC 7932 §9.1
constexpr int highest_window = 19;  // 512 KiB: more helps little where answers are made anew, and costs memory and time

const std::uint8_t* bytes(const char* text) { return reinterpret_cast<const std::uint8_t*>(text); }
std::uint8_t* bytes(char* text) { return reinterpret_cast<std::uint8_t*>(text); }

class brotli_encoder final : public encoder {
 public:
  brotli_encoder(int level, std::optional<std::uint64_t> length) : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
    set(BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
    set(BROTLI_PARAM_LGWIN, static_cast<std::uint32_t>(window_for(length, lowest_window, highest_window)));
    if (length && *length <= std::numeric_limits<std::uint32_t>::max() / 2) {
      set(BROTLI_PARAM_SIZE_HINT, static_cast<std::uint32_t>(*length));
    }
  }

  step encode(std::string_view& in, std::span<char> room, until aim) override {
    const auto what = aim == until::more    ? BROTLI_OPERATION_PROCESS
                      : aim == until::flush ? BROTLI_OPERATION_FLUSH
                                            : BROTLI_OPERATION_FINISH;
    std::size_t offered = in.size();
    std::size_t free = room.size();
    const std::uint8_t* next_in = bytes(in.data());
    std::uint8_t* next_out = bytes(room.data());
    if (BrotliEncoderCompressStream(state_.get(), what, &offered, &next_in, &free, &next_out, nullptr) != BROTLI_TRUE) {
      throw std::bad_alloc();  // the calls are right, so that is all that can be
    }
    in.remove_prefix(in.size() - offered);
    const bool left = BrotliEncoderHasMoreOutput(state_.get()) == BROTLI_TRUE;
    const bool done = aim == until::end ? BrotliEncoderIsFinished(state_.get()) == BROTLI_TRUE : in.empty() && !left;
    return {room.size() - free, done};
  }

 private:
  struct destroy {
    void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
  };
  void set(BrotliEncoderParameter which, std::uint32_t value) { BrotliEncoderSetParameter(state_.get(), which, value); }

  std::unique_ptr<BrotliEncoderState, destroy> state_;
};

class brotli_stage final : public stage {
 public:
  // Large windows (an extension beyond RFC 7932) are off unless they are asked for.
  brotli_stage() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }

  std::expected<step, decode_fault> decode(std::string_view& in, std::span<char> room) override {
    if (ended_) {
      if (!in.empty()) return std::unexpected(decode_fault::trailing);
      return step{0, true};
    }
    std::size_t offered = in.size();
    std::size_t free = room.size();
    const std::uint8_t* next_in = bytes(in.data());
    std::uint8_t* next_out = bytes(room.data());
    const auto result = BrotliDecoderDecompressStream(state_.get(), &offered, &next_in, &free, &next_out, nullptr);
    in.remove_prefix(in.size() - offered);
    if (result == BROTLI_DECODER_RESULT_ERROR) return std::unexpected(fault_of(BrotliDecoderGetErrorCode(state_.get())));
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    if (ended_ && !in.empty()) return std::unexpected(decode_fault::trailing);
    return step{room.size() - free, result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT};
  }

  bool whole() const override { return ended_; }

 private:
  struct destroy {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };
  static decode_fault fault_of(BrotliDecoderErrorCode code) {
    // Errors are negative, and those of memory stand together.
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES) {
      throw std::bad_alloc();
    }
    return decode_fault::malformed;
  }

  std::unique_ptr<BrotliDecoderState, destroy> state_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<encoder> make_brotli_encoder(int level, std::optional<std::uint64_t> length) {
  return std::make_unique<brotli_encoder>(level, length);
}

std::unique_ptr<stage> make_brotli_stage() { return std::make_unique<brotli_stage>(); }

}  // namespace parley::coding
