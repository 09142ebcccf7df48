// A peer's field sections and encoder stream, mixed, with streams that wait and are cancelled: the table's size is that of its entries and
// within its limit, what a section gives is what a second decoder gives that got the instructions byte by byte, and memory stays within
// its bound.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "fieldcode/qpack_decoder.hpp"

namespace {

using namespace parley::fieldcode;

constexpr std::size_t fuzz_capacity = 512;
constexpr std::size_t fuzz_blocked = 4;
constexpr std::size_t fuzz_unsent = 64;

name_tag fuzz_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size() * 31 + (name.empty() ? 0 : name[0])); }

void check(bool holds) {
  if (!holds) std::abort();
}

void check_state(const qpack_decoder& decoder) {
  const dynamic_table& table = decoder.table();
  std::size_t size = 0;
  for (std::size_t age = 0; age < table.count(); ++age) {
    const auto& e = table.newest(age);
    size += table.name(e).size() + table.value(e).size() + dynamic_table::overhead;
    check(e.mark == fuzz_tag(table.name(e)));
  }
  check(size == table.size() && size <= table.capacity() && table.capacity() <= fuzz_capacity);
  check(decoder.blocked_streams() <= fuzz_blocked);
  // The table with its ring, a partial instruction of four times the capacity, the lists, and output (which may double as it grows).
  check(decoder.memory() <= 2 * fuzz_capacity + 16 * sizeof(dynamic_table::entry) + 4 * fuzz_capacity + 1024 + 1024);
}

bool decode_text(qpack_decoder& decoder, std::uint64_t stream, std::string_view section, const section_limits& limits,
                 std::string& text) {
  std::size_t size = 0;
  std::size_t count = 0;
  const auto done = decoder.decode(stream, section, limits, [&](const decoded_field& f) {
    check(f.too_large || f.tag == fuzz_tag(f.name));
    check(!f.too_large || f.value.empty());
    size += f.name.size() + f.value.size();
    ++count;
    text.append(f.name).append(":").append(f.value).append(f.never_indexed ? "!" : "").append(f.too_large ? "?" : "").append("\n");
  });
  check(size <= limits.size && count <= limits.count);
  if (!done) {
    check(done.error().code == qpack_code::decompression_failed || done.error().code == qpack_code::excessive_load);
    text.append(done.error().message);
    return false;
  }
  text += static_cast<char>('0' + static_cast<int>(done->state));
  check(done->state != section_state::blocked || (count == 0 && done->required > decoder.inserted()));
  check(done->state == section_state::blocked || done->required <= decoder.inserted());
  return true;
}

}  // namespace

// Input: records of a byte that says what comes, a byte for its length, and so many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const qpack_decoder_limits limits{.table_capacity = fuzz_capacity, .blocked_streams = fuzz_blocked, .unsent = fuzz_unsent};
  qpack_decoder decoder(fuzz_tag, limits);
  qpack_decoder twin(fuzz_tag, limits);
  while (rest.size() >= 2) {
    const auto what = static_cast<unsigned char>(rest[0]);
    const std::size_t length = static_cast<unsigned char>(rest[1]);
    const std::string_view bytes = rest.substr(2, length);
    rest.remove_prefix(2 + bytes.size());
    const std::unique_ptr<char[]> exact(new char[bytes.size()]);  // for AddressSanitizer
    bytes.copy(exact.get(), bytes.size());
    const std::uint64_t stream = what >> 3;
    switch (what % 4) {
      case 0: {
        const auto done = decoder.receive({exact.get(), bytes.size()});
        bool again = twin.receive({}).has_value();
        for (const char& c : bytes) again = again && twin.receive({&c, 1}).has_value();
        check(done.has_value() == again);
        check(done || done.error().code == qpack_code::encoder_stream_error || done.error().code == qpack_code::excessive_load);
        if (!done) return 0;
        break;
      }
      case 1: {
        std::string text;
        std::string again;
        const section_limits most{.longest = length, .size = 4096, .count = 64};
        const bool good = decode_text(decoder, stream, {exact.get(), bytes.size()}, most, text);
        check(decode_text(twin, stream, bytes, most, again) == good && text == again);
        if (!good) return 0;
        break;
      }
      case 2:
        decoder.cancel(stream);
        twin.cancel(stream);
        break;
      default:
        while (const auto next = decoder.next_unblocked()) check(next == twin.next_unblocked());
        check(!twin.next_unblocked());
        check(decoder.output() == twin.output());
        decoder.written(decoder.output().size() / 2);
        twin.written(twin.output().size() / 2);
    }
    check_state(decoder);
  }
  return 0;
}
