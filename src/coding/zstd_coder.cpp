#include "coding/coders.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <memory>
#include <new>
#include <stdexcept>

// zstd (RFC 8878), with RFC 9659's bound on windows both ways.

namespace parley::coding {

namespace {

class zstd_encoder final : public encoder {
 public:
  zstd_encoder(int level, std::optional<std::uint64_t> length) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    if (length) ZSTD_CCtx_setPledgedSrcSize(context_.get(), *length);
  }

  step encode(std::string_view& in, std::span<char> room, until aim) override {
    const auto what = aim == until::more ? ZSTD_e_continue : aim == until::flush ? ZSTD_e_flush : ZSTD_e_end;
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &to, &from, what);
    in.remove_prefix(from.pos);
    if (ZSTD_isError(left) != 0) fail(left);
    return {to.pos, in.empty() && (aim == until::more ? to.pos < to.size : left == 0)};
  }

 private:
  struct destroy {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  [[noreturn]] static void fail(std::size_t result) {
    if (ZSTD_getErrorCode(result) == ZSTD_error_srcSize_wrong) throw std::length_error("the content is not as long as was said");
    throw std::bad_alloc();
  }

  std::unique_ptr<ZSTD_CCtx, destroy> context_;
};

class zstd_stage final : public stage {
 public:
  zstd_stage() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, zstd_window_bits);
  }

  std::expected<step, decode_fault> decode(std::string_view& in, std::span<char> room) override {
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    while (true) {
      // Some calls without anything to do, and the library calls it an error.
      if (in.empty() && nothing_waits_) return step{to.pos, true};
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_.get(), &to, &from);
      in.remove_prefix(from.pos);
      if (ZSTD_isError(left) != 0) return std::unexpected(fault_of(left));
      ended_ = left == 0;
      nothing_waits_ = ended_ || to.pos < to.size;
      if (ended_) later_ = true;
      if (to.pos == to.size) return step{to.pos, in.empty() && ended_};
      if (in.empty()) return step{to.pos, true};
    }
  }

  bool whole() const override { return ended_; }

 private:
  struct destroy {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  [[nodiscard]] decode_fault fault_of(std::size_t result) const {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation: throw std::bad_alloc();
      case ZSTD_error_frameParameter_windowTooLarge: return decode_fault::window;
      case ZSTD_error_prefix_unknown: return later_ ? decode_fault::trailing : decode_fault::malformed;
      default: return decode_fault::malformed;
    }
  }

  std::unique_ptr<ZSTD_DCtx, destroy> context_;
  bool nothing_waits_ = true;  // to be written without more input
  bool ended_ = false;         // at the end of a frame
  bool later_ = false;         // not in the first frame
};

}  // namespace

std::unique_ptr<encoder> make_zstd_encoder(int level, std::optional<std::uint64_t> length) {
  return std::make_unique<zstd_encoder>(level, length);
}

std::unique_ptr<stage> make_zstd_stage() { return std::make_unique<zstd_stage>(); }

}  // namespace parley::coding
