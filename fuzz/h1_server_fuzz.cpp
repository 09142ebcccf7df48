// Requests, whole and in pieces: the same events and the same answers, whatever the bytes are.
#include "h1_engine.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  static const limits caps = small_limits();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  driver whole(engine::role::server, caps, {});
  whole.feed(bytes, bytes.size() + 1);
  whole.finish();
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}}) {
    driver pieces(engine::role::server, caps, {});
    pieces.feed(bytes, step);
    pieces.finish();
    if (pieces.log != whole.log || pieces.sent != whole.sent) std::abort();
  }
  return 0;
}
