// Chunks read at once and in pieces must give the same data, the same end and the same fault.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "h1/chunked_decoder.hpp"

namespace {

struct result {
  std::string data;
  std::string_view error;
  bool ended = false;
  std::size_t consumed = 0;
};

result decode(std::string_view bytes, std::size_t step, std::size_t max_data, const parley::limits& caps) {
  parley::h1::chunked_decoder decoder;
  decoder.start();
  result all;
  while (all.consumed < bytes.size()) {
    const std::string_view part = bytes.substr(all.consumed, step);
    auto exact = std::make_unique<char[]>(part.size());
    part.copy(exact.get(), part.size());
    const auto r = decoder.decode({exact.get(), part.size()}, max_data, caps);
    if (r.consumed > part.size() || r.data.size() > max_data) std::abort();
    all.consumed += r.consumed;
    all.data += r.data;
    all.ended = r.ended;
    if (r.error != nullptr) all.error = r.error->name;
    if (r.error != nullptr || r.ended) return all;
    if (r.consumed == 0) std::abort();  // nothing would ever happen
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  parley::limits caps;
  caps.chunk_line = 40;
  caps.chunk_extensions = 100;
  const result whole = decode(bytes, bytes.size() + 1, SIZE_MAX, caps);
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{33}}) {
    const result pieces = decode(bytes, step, 3, caps);
    if (pieces.data != whole.data || pieces.error != whole.error || pieces.ended != whole.ended) std::abort();
  }
  return 0;
}
