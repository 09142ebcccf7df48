#include "coding/decoder.hpp"

#include "coding/coders.hpp"

#include <utility>

namespace parley::coding {

namespace {

constexpr std::size_t between_layers = 16 * 1024;

std::unique_ptr<stage> make_stage(content_coding which) {
  switch (which) {
    case content_coding::gzip:
    case content_coding::deflate: return make_zlib_stage(which);
    case content_coding::br: return make_brotli_stage();
    case content_coding::zstd: return make_zstd_stage();
  }
  std::unreachable();
}

std::string_view what_is_wrong(decode_fault what) {
  switch (what) {
    case decode_fault::malformed: return "is not as its format has it";
    case decode_fault::truncated: return "is cut off";
    case decode_fault::trailing: return "has something else behind its end";
    case decode_fault::window: return "asks for more memory than decoders have to give";
    case decode_fault::output: return "decodes to more than is allowed";
    case decode_fault::ratio: return "decodes to so many times its size that it is taken for an attack";
    case decode_fault::input: return "is longer than anything that may come of it";
  }
  std::unreachable();
}

}  // namespace

struct decoder::layer {
  content_coding coding;
  std::unique_ptr<stage> undo;
  std::uint64_t given = 0;            // bytes
  std::unique_ptr<char[]> room = {};  // of what the layer before gave; none for the first
  std::string_view waiting = {};
  bool below_done = true;  // the layer before has no more for the input that there was
};

std::string describe(const decode_error& error) {
  std::string text("the ");
  text.append(name_of(error.coding)).append(" content ").append(what_is_wrong(error.fault));
  return text.append(" (after ").append(std::to_string(error.offset)).append(" bytes)");
}

decoder::decoder(const std::vector<content_coding>& codings, const decoder_caps& caps) : caps_(caps) {
  layers_.reserve(codings.size());
  for (auto at = codings.rbegin(); at != codings.rend(); ++at) {
    layers_.push_back({.coding = *at, .undo = make_stage(*at)});
    if (layers_.size() > 1) layers_.back().room = std::make_unique<char[]>(between_layers);
  }
}

decoder::decoder(decoder&&) noexcept = default;
decoder& decoder::operator=(decoder&&) noexcept = default;
decoder::~decoder() = default;

decode_error decoder::fault(decode_fault what, const layer& at) const { return {what, at.coding, taken_}; }

std::expected<step, decode_error> decoder::work(layer& at, std::string_view& in, std::span<char> room) {
  const std::size_t before = in.size();
  const auto now = at.undo->decode(in, room);
  if (&at == layers_.data()) {
    taken_ += before - in.size();
    if (taken_ > caps_.input()) return std::unexpected(fault(decode_fault::input, at));
  }
  if (!now) return std::unexpected(fault(now.error(), at));
  at.given += now->written;
  if (at.given > caps_.output) return std::unexpected(fault(decode_fault::output, at));
  if (caps_.ratio != 0 && at.given > caps_.ratio_from && at.given / caps_.ratio > taken_)
    return std::unexpected(fault(decode_fault::ratio, at));
  return *now;
}

std::expected<step, decode_error> decoder::pull(std::size_t from, std::string_view& in, std::span<char> room) {
  layer& at = layers_[from];
  if (from == 0) return work(at, in, room);
  std::size_t written = 0;
  while (true) {
    if (at.waiting.empty()) {
      const auto below = pull(from - 1, in, {at.room.get(), between_layers});
      if (!below) return below;
      at.waiting = {at.room.get(), below->written};
      at.below_done = below->done;
    }
    const auto now = work(at, at.waiting, room.subspan(written));
    if (!now) return now;
    written += now->written;
    if (!now->done || written == room.size()) return step{written, false};
    if (at.below_done) return step{written, true};
  }
}

std::expected<step, decode_error> decoder::decode(std::string_view& in, std::span<char> room) {
  return pull(layers_.size() - 1, in, room);
}

std::expected<void, decode_error> decoder::finish() const {
  if (taken_ == 0) return {};
  for (const layer& at : layers_) {
    if (!at.undo->whole()) return std::unexpected(fault(decode_fault::truncated, at));
  }
  return {};
}

}  // namespace parley::coding
