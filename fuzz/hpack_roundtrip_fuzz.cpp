// What our encoder writes, our decoder reads back: any fields, any changes of the table's size; both tables stay the same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fieldcode/hpack_decoder.hpp"
#include "fieldcode/hpack_encoder.hpp"

namespace {

using namespace parley::fieldcode;

name_tag fuzz_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size()); }

void check(bool holds) {
  if (!holds) std::abort();
}

struct sent_field {
  std::string name;
  std::string value;
  bool secret;
};

class reader {
 public:
  reader(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto b = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return b;
  }
  std::string text(std::size_t size) {
    const std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

void compare(const hpack_encoder& encoder, const hpack_decoder& decoder) {
  const dynamic_table& ours = encoder.table();
  const dynamic_table& theirs = decoder.table();
  check(ours.count() == theirs.count() && ours.size() == theirs.size() && ours.capacity() == theirs.capacity());
  for (std::size_t age = 0; age < ours.count(); ++age) {
    check(ours.name(ours.newest(age)) == theirs.name(theirs.newest(age)));
    check(ours.value(ours.newest(age)) == theirs.value(theirs.newest(age)));
  }
}

void send(hpack_encoder& encoder, hpack_decoder& decoder, const std::vector<sent_field>& fields) {
  std::string block;
  for (const sent_field& f : fields) {
    const std::size_t bound = hpack_encoder::bound(f.name, f.value);
    const std::unique_ptr<char[]> room(new char[bound]);
    char* const end = encoder.encode(f.name, f.value, f.secret ? sensitivity::secret : sensitivity::by_name, room.get());
    block.append(room.get(), end);
  }
  std::size_t at = 0;
  const auto done = decoder.decode(block, 1 << 20, [&](const decoded_field& f) {
    check(at < fields.size() && f.name == fields[at].name && f.value == fields[at].value);
    check(!fields[at].secret || f.never_indexed);
    ++at;
  });
  check(done.has_value() && at == fields.size());
  compare(encoder, decoder);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reader in(data, size);
  const std::uint64_t seed = in.byte();
  hpack_encoder encoder(seed, in.byte() * 64);
  hpack_decoder decoder(fuzz_tag);
  std::vector<sent_field> fields;
  std::vector<sent_field> earlier;
  while (!in.empty()) {
    const unsigned what = in.byte();
    if (what == 0xff) {  // the end of a block
      if (fields.empty()) continue;
      send(encoder, decoder, fields);
      fields.clear();
    } else if (what == 0xfe) {
      if (!fields.empty()) send(encoder, decoder, fields);
      fields.clear();
      const std::size_t limit = in.byte() * 64;
      encoder.set_peer_limit(limit);
      decoder.set_limit(limit);
    } else if (what >= 0xe0 && !earlier.empty()) {
      fields.push_back(earlier[in.byte() % earlier.size()]);
    } else {
      sent_field f{
          what < 64 ? std::string(hpack_static_table[what % (hpack_static_count + 1)].name) : in.text(what % 16), {}, what == 0xd0};
      f.value = in.text(in.byte());
      if (earlier.size() < 64) earlier.push_back(f);
      fields.push_back(std::move(f));
    }
  }
  if (!fields.empty()) send(encoder, decoder, fields);
  return 0;
}
