// Frames taken apart: the same whatever the pieces are.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "h2/frame_reader.hpp"

namespace {

using namespace parley;

constexpr std::uint32_t h2_frame_largest = 16'384;

std::string h2_frames_told(std::string_view bytes, std::size_t step) {
  h2::frame_reader reader;
  std::string told;
  std::string pending;
  std::uint32_t block_on = 0;
  while (!bytes.empty()) {
    const std::size_t n = std::min(step, bytes.size());
    pending += bytes.substr(0, n);
    bytes.remove_prefix(n);
    auto exact = std::make_unique<char[]>(pending.size());
    pending.copy(exact.get(), pending.size());
    const std::string_view given(exact.get(), pending.size());
    std::size_t used = 0;
    while (true) {
      using enum h2::frame_reader::step;
      const auto r = reader.read(given.substr(used), h2_frame_largest, block_on);
      used += r.consumed;
      if (used > given.size()) std::abort();
      if (r.what == more) break;
      const h2::frame_header& h = reader.header();
      if (r.what == failed) return told.append(" failed ").append(r.error->name);
      if (r.what == frame || r.what == data_begin || r.what == unknown) {
        told.append("\n").append(h2::name(h.type)).append(std::to_string(h.stream)).append(" ").append(std::to_string(h.length));
        if (r.what == data_begin && reader.content() > h.length) std::abort();
      }
      if (r.what == frame && r.payload.size() != h.length) std::abort();
      told += r.payload;
      if (r.what == data_end) told += " end";
      const bool block = h.type == h2::frame_type::headers || h.type == h2::frame_type::continuation;
      if (r.what == frame && block) block_on = h.has(h2::flag::end_headers) ? 0 : h.stream;
    }
    pending.erase(0, used);
    if (pending.size() > h2::frame_header_size + h2_frame_largest) std::abort();
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = h2_frames_told(bytes, bytes.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{13}}) {
    if (h2_frames_told(bytes, step) != whole) std::abort();
  }
  return 0;
}
