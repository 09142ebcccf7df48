#include "coding/coders.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

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
      if (at_start_) {
        if (!take_magic(in)) return std::unexpected(later_ ? decode_fault::trailing : decode_fault::malformed);
        if (magic_.size() < magic_length) return step{to.pos, true};
        at_start_ = false;
        ZSTD_inBuffer from{magic_.data(), magic_.size(), 0};
        if (const std::size_t left = ZSTD_decompressStream(context_.get(), &to, &from); ZSTD_isError(left) != 0) {
          return std::unexpected(fault_of(left));
        }
        nothing_waits_ = true;
      }
      // Some calls without anything to do, and the library calls it an error.
      if (in.empty() && nothing_waits_) return step{to.pos, true};
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_.get(), &to, &from);
      in.remove_prefix(from.pos);
      if (ZSTD_isError(left) != 0) return std::unexpected(fault_of(left));
      if (left == 0) {
        at_start_ = later_ = true;
        magic_.clear();
      }
      nothing_waits_ = at_start_ || to.pos < to.size;
      if (to.pos == to.size) return step{to.pos, in.empty() && at_start_};
      if (in.empty()) return step{to.pos, true};
    }
  }

  bool whole() const override { return at_start_ && later_ && magic_.empty(); }

 private:
  static constexpr std::size_t magic_length = 4;

  // RFC 8878 §3.1: a frame, or one to be skipped. The library would take the formats of its own past too, of which no RFC says anything,
  // and whose decoders nobody looks at any more. False: it is neither.
  bool take_magic(std::string_view& in) {
    static constexpr std::string_view frame("\x28\xb5\x2f\xfd");
    static constexpr std::string_view skipped("\x50\x2a\x4d\x18");  // the low half of its first byte is free
    while (magic_.size() < magic_length && !in.empty()) {
      const std::size_t at = magic_.size();
      const char byte = in.front();
      const char high = at == 0 ? static_cast<char>(byte & 0xf0) : byte;
      const bool first_ok = byte == frame[at] || high == skipped[at];
      if (!first_ok || (at > 0 && (magic_[0] == frame[0]) != (byte == frame[at]))) return false;
      magic_ += byte;
      in.remove_prefix(1);
    }
    return true;
  }

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
  std::string magic_;          // of the frame that begins
  bool at_start_ = true;       // of a frame
  bool nothing_waits_ = true;  // to be written without more input
  bool later_ = false;         // not in the first frame
};

}  // namespace

std::unique_ptr<encoder> make_zstd_encoder(int level, std::optional<std::uint64_t> length) {
  return std::make_unique<zstd_encoder>(level, length);
}

std::unique_ptr<stage> make_zstd_stage() { return std::make_unique<zstd_stage>(); }

}  // namespace parley::coding
