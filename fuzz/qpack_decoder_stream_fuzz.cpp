// The bytes of a peer's decoder stream between the sections that our encoder writes, whole and byte by byte: the same errors, the same
// sections, never more streams at risk than may be, and all lists within their bounds.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "fieldcode/qpack_encoder.hpp"

namespace {

using namespace parley::fieldcode;

constexpr std::size_t fuzz_blocked = 3;

void check(bool holds) {
  if (!holds) std::abort();
}

std::string section_of(qpack_encoder& encoder, std::uint64_t stream, unsigned what) {
  const std::string value(what % 64 + 8, static_cast<char>('a' + what % 8));
  const std::string_view name = what % 3 == 0 ? "x-own" : what % 3 == 1 ? "referer" : "x-other";
  const std::size_t bound = qpack_encoder::prefix_bound + 2 * qpack_encoder::bound(name, value);
  const std::unique_ptr<char[]> room(new char[bound]);
  char* const lines = room.get() + qpack_encoder::prefix_bound;
  encoder.begin(stream);
  char* end = encoder.encode(name, value, lines);
  end = encoder.encode("x-constant", "a value that comes each time", end);
  return {encoder.end(lines), end};
}

}  // namespace

// Input: records of a byte: below 0x80 a section on one of 16 streams, made of the byte that follows; from there on so many bytes (less
// 0x80) of the decoder stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const qpack_encoder_limits limits{.table_capacity = 512, .blocked_streams = fuzz_blocked, .sections = 32, .unsent = 256};
  qpack_encoder encoder(7, limits);
  qpack_encoder twin(7, limits);
  check(encoder.set_peer_limits(512, fuzz_blocked).has_value() && twin.set_peer_limits(512, fuzz_blocked).has_value());
  while (rest.size() >= 2) {
    const auto what = static_cast<unsigned char>(rest[0]);
    if (what < 0x80) {
      const auto made_of = static_cast<unsigned char>(rest[1]);
      rest.remove_prefix(2);
      check(section_of(encoder, what % 16, made_of) == section_of(twin, what % 16, made_of));
      if (what >= 0x40) {
        encoder.written(encoder.output().size());
        twin.written(twin.output().size());
      }
    } else {
      const std::string_view bytes = rest.substr(1, what - 0x80U);
      rest.remove_prefix(1 + bytes.size());
      const std::unique_ptr<char[]> exact(new char[bytes.size()]);  // for AddressSanitizer
      bytes.copy(exact.get(), bytes.size());
      const auto done = encoder.receive({exact.get(), bytes.size()});
      bool again = true;
      for (const char& c : bytes) again = again && twin.receive({&c, 1}).has_value();
      check(done.has_value() == again);
      check(done || done.error().code == qpack_code::decoder_stream_error);
      if (!done) return 0;
    }
    check(encoder.known_received() <= encoder.inserted() && encoder.known_received() == twin.known_received());
    check(encoder.streams_at_risk() <= fuzz_blocked);
    check(encoder.output().size() <= limits.unsent + 128 && encoder.output() == twin.output());
    check(encoder.table().size() <= 512);
    check(encoder.memory() <= 8192);
  }
  return 0;
}
