// What our encoder writes, our decoder reads back, over a transport in which instructions, sections and answers come late and streams are
// cancelled: any fields, no errors, never more streams waiting than may, and in the end both tables are the same.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fieldcode/qpack_decoder.hpp"
#include "fieldcode/qpack_encoder.hpp"

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
struct sent_section {
  std::string bytes;
  std::vector<sent_field> fields;
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

struct wire {
  qpack_encoder encoder;
  qpack_decoder decoder;
  std::size_t blocked;
  std::string to_decoder;
  std::string to_encoder;
  std::map<std::uint64_t, std::deque<sent_section>> streams;

  wire(std::uint64_t seed, std::size_t ours, std::size_t theirs, std::size_t blocked_streams)
      : encoder(seed, {.table_capacity = ours, .blocked_streams = 3}),
        decoder(fuzz_tag, {.table_capacity = theirs, .blocked_streams = blocked_streams, .unsent = 1 << 20}),
        blocked(blocked_streams) {
    check(encoder.set_peer_limits(theirs, blocked_streams).has_value());
  }

  void send(std::uint64_t stream, const std::vector<sent_field>& fields) {
    std::size_t bound = qpack_encoder::prefix_bound;
    for (const sent_field& f : fields) bound += qpack_encoder::bound(f.name, f.value);
    const std::unique_ptr<char[]> room(new char[bound]);
    char* const lines = room.get() + qpack_encoder::prefix_bound;
    char* end = lines;
    encoder.begin(stream);
    for (const sent_field& f : fields) {
      end = encoder.encode(f.name, f.value, f.secret ? sensitivity::secret : sensitivity::by_name, end);
    }
    streams[stream].push_back({{encoder.end(lines), end}, fields});
    to_decoder += encoder.output();
    encoder.written(encoder.output().size());
    check(encoder.streams_at_risk() <= blocked);
  }
  void read(std::uint64_t stream) {
    auto& waiting = streams[stream];
    if (waiting.empty()) return;
    const sent_section& section = waiting.front();
    std::size_t at = 0;
    const auto done = decoder.decode(stream, section.bytes, {}, [&](const decoded_field& f) {
      check(at < section.fields.size() && f.name == section.fields[at].name && f.value == section.fields[at].value);
      check(!section.fields[at].secret || f.never_indexed);
      ++at;
    });
    check(done.has_value());
    if (done->state == section_state::blocked) return;
    check(at == section.fields.size());
    waiting.pop_front();
  }
  void carry_instructions(std::size_t n) {
    const std::string part = to_decoder.substr(0, n);
    check(decoder.receive(part).has_value());
    to_decoder.erase(0, part.size());
    while (const auto next = decoder.next_unblocked()) read(*next);
  }
  void carry_answers(std::size_t n) {
    to_encoder += decoder.output();
    decoder.written(decoder.output().size());
    const std::string part = to_encoder.substr(0, n);
    check(encoder.receive(part).has_value());
    to_encoder.erase(0, part.size());
  }
  void finish() {
    carry_instructions(to_decoder.size());
    for (auto& [stream, waiting] : streams) {
      while (!waiting.empty()) read(stream);
    }
    carry_answers(SIZE_MAX);
    check(encoder.known_received() == encoder.inserted() && encoder.streams_at_risk() == 0);
    const dynamic_table& ours = encoder.table();
    const dynamic_table& theirs = decoder.table();
    check(ours.count() == theirs.count() && ours.size() == theirs.size());
    for (std::size_t age = 0; age < ours.count(); ++age) {
      check(ours.name(ours.newest(age)) == theirs.name(theirs.newest(age)));
      check(ours.value(ours.newest(age)) == theirs.value(theirs.newest(age)));
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reader in(data, size);
  const std::uint64_t seed = in.byte();
  const std::size_t ours = in.byte() * std::size_t{32};
  const std::size_t theirs = in.byte() * std::size_t{32};
  wire w(seed, ours, theirs, in.byte() % 5);
  std::uint64_t open[4] = {0, 4, 8, 12};
  std::vector<sent_field> fields;
  std::vector<sent_field> earlier;
  while (!in.empty()) {
    const unsigned what = in.byte();
    std::uint64_t& stream = open[what % 4];
    if (what >= 0xf8) {  // a section of the fields until now
      w.send(stream, fields);
      fields.clear();
    } else if (what >= 0xf4) {
      w.read(stream);
    } else if (what >= 0xf0) {
      w.streams[stream].clear();
      w.decoder.cancel(stream);
      stream += 4 * std::size(open);
    } else if (what >= 0xe8) {
      w.carry_instructions(in.byte());
    } else if (what >= 0xe0) {
      w.carry_answers(in.byte());
    } else if (what >= 0xd0 && !earlier.empty()) {
      fields.push_back(earlier[in.byte() % earlier.size()]);
    } else {
      sent_field f{
          what < 128 ? std::string(qpack_static_table[what % qpack_static_count].name) : in.text(what % 16), {}, what == 0xc0};
      f.value = in.text(in.byte());
      if (earlier.size() < 64) earlier.push_back(f);
      fields.push_back(std::move(f));
    }
  }
  w.finish();
  return 0;
}
