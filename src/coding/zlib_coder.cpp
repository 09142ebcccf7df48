#include "coding/coders.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <stdexcept>

// gzip (RFC 1952) and deflate, which is zlib's format (RFC 1950) by name, and often the bare one (RFC 1951) by deed.

namespace parley::coding {

namespace {

constexpr int gzip_format = 16;  // added to the window's bits
constexpr int memory_level = 8;
constexpr std::size_t largest_piece = std::size_t{1} << 30;  // lengths are 32 bits there

void give(z_stream& to, std::string_view in, std::span<char> room) {
  to.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  to.avail_in = static_cast<uInt>(std::min(in.size(), largest_piece));
  to.next_out = reinterpret_cast<Bytef*>(room.data());
  to.avail_out = static_cast<uInt>(std::min(room.size(), largest_piece));
}

class zlib_encoder final : public encoder {
 public:
  zlib_encoder(content_coding which, int level, std::optional<std::uint64_t> length) {
    // zlib's own 8 stands for 9 (its 256-byte window has a fault).
    const int window = window_for(length, 9, MAX_WBITS) + (which == content_coding::gzip ? gzip_format : 0);
    if (deflateInit2(&stream_, level, Z_DEFLATED, window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~zlib_encoder() override { deflateEnd(&stream_); }

  step encode(std::string_view& in, std::span<char> room, until aim) override {
    give(stream_, in, room);
    const bool all = stream_.avail_in == in.size();
    const int mode = !all || aim == until::more ? Z_NO_FLUSH : aim == until::flush ? Z_SYNC_FLUSH : Z_FINISH;
    const uInt offered = stream_.avail_in;
    const uInt free = stream_.avail_out;
    const int result = deflate(&stream_, mode);
    in.remove_prefix(offered - stream_.avail_in);
    const std::size_t written = free - stream_.avail_out;
    if (mode == Z_FINISH) return {written, result == Z_STREAM_END};
    return {written, all && stream_.avail_in == 0 && stream_.avail_out != 0};
  }

 private:
  z_stream stream_{};
};

class zlib_stage final : public stage {
 public:
  explicit zlib_stage(content_coding which) : gzip_(which == content_coding::gzip) {
    if (inflateInit2(&stream_, MAX_WBITS + (gzip_ ? gzip_format : 0)) != Z_OK) throw std::bad_alloc();
  }
  ~zlib_stage() override { inflateEnd(&stream_); }

  std::expected<step, decode_fault> decode(std::string_view& in, std::span<char> room) override {
    if (!begun_ && !in.empty()) begin(in.front());
    std::size_t written = 0;
    while (true) {
      if (ended_ && !in.empty()) {
        if (!gzip_) return std::unexpected(decode_fault::trailing);
        // RFC 1952 §2.2: several members are the content of all. What is none shows in its first bytes.
        ended_ = false;
        member_bytes_ = 0;
        later_ = true;
        inflateReset(&stream_);
      }
      if (in.empty() && (ended_ || !begun_)) return step{written, true};
      give(stream_, in, room.subspan(written));
      const uInt offered = stream_.avail_in;
      const uInt free = stream_.avail_out;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      in.remove_prefix(offered - stream_.avail_in);
      member_bytes_ += offered - stream_.avail_in;
      written += free - stream_.avail_out;
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result == Z_STREAM_END) {
        ended_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return std::unexpected(later_ && member_bytes_ <= magic_length ? decode_fault::trailing : decode_fault::malformed);
      }
      if (written == room.size()) return step{written, in.empty() && ended_};
      if (in.empty()) return step{written, true};
    }
  }

  bool whole() const override { return ended_; }

 private:
  static constexpr std::uint64_t magic_length = 2;

  void begin(char first) {
    begun_ = true;
    // RFC 1950 §2.2: the low half of the first byte is 8, and its high half at most 7. A bare stream cannot begin so: the block's type
    // would be a stored one with bits set where zeros are padded in, by every encoder that there is.
    const auto byte = static_cast<unsigned char>(first);
    if (!gzip_ && ((byte & 0x0f) != 8 || byte >> 4 > 7)) inflateReset2(&stream_, -MAX_WBITS);
  }

  z_stream stream_{};
  bool gzip_;
  bool begun_ = false;
  bool ended_ = false;
  bool later_ = false;  // not the first member
  std::uint64_t member_bytes_ = 0;
};

}  // namespace

std::unique_ptr<encoder> make_zlib_encoder(content_coding which, int level, std::optional<std::uint64_t> length) {
  return std::make_unique<zlib_encoder>(which, level, length);
}

std::unique_ptr<stage> make_zlib_stage(content_coding which) { return std::make_unique<zlib_stage>(which); }

}  // namespace parley::coding
