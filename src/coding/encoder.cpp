#include "coding/encoder.hpp"

#include "coding/coders.hpp"

#include <algorithm>
#include <utility>

namespace parley::coding {

level_range levels_of(content_coding which) {
  switch (which) {
    case content_coding::gzip:
    case content_coding::deflate: return {1, 9, 6};
    case content_coding::br: return {0, 11, 4};
    case content_coding::zstd: return {1, 19, 3};
  }
  std::unreachable();
}

std::unique_ptr<encoder> make_encoder(content_coding which, const encoder_settings& how) {
  const level_range levels = levels_of(which);
  const int level = std::clamp(how.level.value_or(levels.usual), levels.lowest, levels.highest);
  switch (which) {
    case content_coding::gzip:
    case content_coding::deflate: return make_zlib_encoder(which, level, how.length);
    case content_coding::br: return make_brotli_encoder(level, how.length);
    case content_coding::zstd: return make_zstd_encoder(level, how.length);
  }
  std::unreachable();
}

std::string encode_whole(content_coding which, std::string_view content, std::optional<int> level) {
  const auto coder = make_encoder(which, {level, content.size()});
  std::string coded(std::max<std::size_t>(content.size() / 2, 512), '\0');
  std::size_t used = 0;
  while (true) {
    const step now = coder->encode(content, std::span(coded).subspan(used), until::end);
    used += now.written;
    if (now.done) break;
    if (coded.size() - used < encoder::least_room) coded.resize(coded.size() * 2);
  }
  coded.resize(used);
  return coded;
}

}  // namespace parley::coding
