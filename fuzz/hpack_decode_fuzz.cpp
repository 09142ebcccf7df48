// Field blocks of a peer, one after the other on one connection: the table's size is that of its entries and within the limit, what a
// block gives is what a second decoder gives that reads the same, and memory stays within its bound.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "fieldcode/hpack_decoder.hpp"

namespace {

using namespace parley::fieldcode;

name_tag fuzz_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size() * 31 + (name.empty() ? 0 : name[0])); }

void check(bool holds) {
  if (!holds) std::abort();
}

void check_table(const hpack_decoder& decoder, std::size_t limit) {
  const dynamic_table& table = decoder.table();
  std::size_t size = 0;
  for (std::size_t age = 0; age < table.count(); ++age) {
    const auto& e = table.newest(age);
    size += table.name(e).size() + table.value(e).size() + dynamic_table::overhead;
    check(e.mark == fuzz_tag(table.name(e)));
  }
  check(size == table.size() && size <= table.capacity() && table.capacity() <= limit);
  check(table.memory() <= 2 * 4096 + 128 * sizeof(dynamic_table::entry) + 512);
}

bool decode_text(hpack_decoder& decoder, std::string_view block, std::size_t longest, std::string& text) {
  const auto done = decoder.decode(block, longest, [&](const decoded_field& f) {
    check(f.too_large || f.tag == fuzz_tag(f.name));
    check(!f.too_large || f.value.empty());
    if (text.size() > 100'000) return;  // many bytes may stand for each of one
    text.append(f.name).append(":").append(f.value).append(f.never_indexed ? "!" : "").append(f.too_large ? "?" : "").append("\n");
  });
  if (!done) text.append(done.error().message);
  return done.has_value();
}

}  // namespace

// Input: blocks, each with one byte for its length (0: the limit changes, by the byte that follows).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  hpack_decoder decoder(fuzz_tag);
  hpack_decoder twin(fuzz_tag);
  std::size_t most = 4096;  // the table keeps its capacity until the next block tells the new one
  while (rest.size() >= 2) {
    const auto length = static_cast<unsigned char>(rest[0]);
    if (length == 0) {
      const std::size_t limit = static_cast<unsigned char>(rest[1]) * std::size_t{16};
      decoder.set_limit(limit);
      twin.set_limit(limit);
      rest.remove_prefix(2);
      continue;
    }
    const std::string_view block = rest.substr(1, length);
    rest.remove_prefix(1 + block.size());
    const std::unique_ptr<char[]> exact(new char[block.size()]);  // for AddressSanitizer
    block.copy(exact.get(), block.size());
    std::string text;
    std::string again;
    const bool good = decode_text(decoder, {exact.get(), block.size()}, length, text);
    check(decode_text(twin, block, length, again) == good && text == again);
    check_table(decoder, most);
    if (!good) return 0;
  }
  return 0;
}
