// Decoders: what comes in may be anything, in any pieces; what comes out stays within the caps, and does not depend on the pieces. The first
// byte chooses codings, the second the pieces.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coding/decoder.hpp"
#include "coding/encoder.hpp"

namespace {

using namespace parley::coding;

constexpr decoder_caps caps{.output = 256 * 1024, .ratio = 100, .ratio_from = 64 * 1024};

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  std::string text;
  bool whole = false;
};

outcome run(const std::vector<content_coding>& codings, std::string_view coded, std::size_t piece, std::size_t room_size) {
  decoder undo(codings, caps);
  outcome result;
  std::vector<char> room(room_size);
  while (!coded.empty()) {
    std::string_view in = coded.substr(0, piece);
    coded.remove_prefix(in.size());
    while (true) {
      const std::size_t before = in.size();
      const auto now = undo.decode(in, room);
      if (!now) return result;
      require(now->done || now->written != 0 || in.size() != before);
      result.text.append(room.data(), now->written);
      if (now->done) break;
    }
    require(in.empty());
  }
  result.whole = undo.finish().has_value();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array all{content_coding::gzip, content_coding::deflate, content_coding::br, content_coding::zstd};
  std::vector<content_coding> codings{all[data[0] % 4]};
  if ((data[0] & 0x80) != 0) codings.push_back(all[data[0] / 4 % 4]);
  const std::string_view coded(reinterpret_cast<const char*>(data + 2), size - 2);
  const outcome all_at_once = run(codings, coded, coded.size() + 1, 4096);
  require(all_at_once.text.size() <= caps.output);
  const outcome in_pieces = run(codings, coded, data[1] % 16u + 1, data[1] / 16u * 17 + 1);
  require(all_at_once.whole == in_pieces.whole);
  if (all_at_once.whole) {
    require(all_at_once.text == in_pieces.text);
    const std::string again = encode_whole(codings.front(), all_at_once.text, data[1] % 4);
    decoder undo({codings.front()}, {.output = caps.output, .ratio = 1 << 20});
    std::string back(all_at_once.text.size() + 1, '\0');
    std::string_view in = again;
    const auto now = undo.decode(in, back);
    require(now && now->done && now->written == all_at_once.text.size() && undo.finish());
    require(std::string_view(back).substr(0, now->written) == all_at_once.text);
  }
  return 0;
}
