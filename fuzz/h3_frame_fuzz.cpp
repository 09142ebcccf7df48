// Frames out of any bytes: however they are cut, the same ones come out, and what was read is what was there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "h3/frame_reader.hpp"
#include "h3/settings.hpp"

namespace {

std::string frames_in(std::string_view bytes, std::size_t step) {
  parley::h3::frame_reader reader;
  std::string log;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (true) {
      const auto r = reader.read(piece);
      if (r.consumed > piece.size()) std::abort();
      piece.remove_prefix(r.consumed);
      if (r.what == parley::h3::frame_reader::step::more) break;
      if (r.what == parley::h3::frame_reader::step::header) {
        log += "[" + std::to_string(static_cast<std::uint64_t>(reader.type())) + " " + std::to_string(reader.size()) + "]";
      } else {
        log += r.payload;
      }
    }
    if (!piece.empty()) std::abort();
  }
  return log + (reader.within_frame() ? "..." : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = frames_in(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t step : {1, 3, 8, 17}) {
    if (frames_in(bytes, step) != whole) std::abort();
  }
  parley::h3::settings read;
  if (parley::h3::read_settings(read, bytes) == nullptr) {
    parley::h3::settings again;
    if (parley::h3::read_settings(again, parley::h3::to_bytes(read)) != nullptr || !(again == read)) std::abort();
  }
  return 0;
}
