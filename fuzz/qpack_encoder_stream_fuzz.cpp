// The bytes of a peer's encoder stream, whole and in pieces: the same table comes of them, or the same error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "fieldcode/qpack_decoder.hpp"

namespace {

using namespace parley::fieldcode;

name_tag fuzz_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size()); }

void check(bool holds) {
  if (!holds) std::abort();
}

std::string outcome(std::string_view bytes, std::size_t piece, std::size_t capacity) {
  qpack_decoder decoder(fuzz_tag, {.table_capacity = capacity});
  std::string text;
  while (!bytes.empty() && text.empty()) {
    const std::size_t size = std::min(piece, bytes.size());
    const std::unique_ptr<char[]> exact(new char[size]);  // for AddressSanitizer
    bytes.copy(exact.get(), size);
    const auto done = decoder.receive({exact.get(), size});
    if (!done) {
      check(done.error().code == qpack_code::encoder_stream_error);
      text = done.error().message;
    }
    bytes.remove_prefix(size);
  }
  const dynamic_table& table = decoder.table();
  check(table.size() <= table.capacity() && table.capacity() <= capacity);
  check(decoder.memory() - table.memory() <= 4 * capacity + 64);
  for (std::size_t age = 0; age < table.count(); ++age) {
    const auto& e = table.newest(age);
    text.append("\n").append(table.name(e)).append(": ").append(table.value(e));
  }
  return text + std::to_string(decoder.inserted()) + std::string(decoder.output());
}

}  // namespace

// Input: a byte for the table's capacity, one for the size of the pieces, the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t capacity = data[0] * std::size_t{16};
  const std::string whole = outcome(bytes, bytes.size(), capacity);
  check(outcome(bytes, 1 + data[1] % 32, capacity) == whole);
  check(outcome(bytes, 1, capacity) == whole);
  return 0;
}
