// What the tests of QPACK share: an encoder and a decoder with hands to carry bytes between them.
#pragma once

#include <optional>

#include "fieldcode/qpack_decoder.hpp"
#include "fieldcode/qpack_encoder.hpp"
#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {

struct section_outcome {
  field_list fields;
  section_state state = section_state::done;
  std::uint64_t required = 0;
  std::string error;  // the message, empty for none
  std::optional<qpack_code> code;
};

/// The section lies in memory of exactly its size, so that AddressSanitizer sees a byte too many.
inline section_outcome decode(qpack_decoder& decoder, std::uint64_t stream, std::string_view section,
                              const section_limits& limits = {.longest = 1 << 20}) {
  const std::unique_ptr<char[]> exact(new char[section.size()]);
  section.copy(exact.get(), section.size());
  section_outcome made;
  const auto done = decoder.decode(stream, {exact.get(), section.size()}, limits, [&](const decoded_field& f) {
    EXPECT_EQ(f.tag, length_tag(f.name)) << f.name;
    made.fields.push_back({std::string(f.name), std::string(f.value), f.never_indexed, f.too_large});
  });
  if (done) {
    made.state = done->state;
    made.required = done->required;
  } else {
    made.error = done.error().message;
    made.code = done.error().code;
  }
  return made;
}

/// In pieces of so many bytes, each in memory of its own; the message of the error, empty for none.
template <class Codec>
std::string receive(Codec& codec, std::string_view bytes, std::size_t piece = SIZE_MAX) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    const std::unique_ptr<char[]> exact(new char[part.size()]);
    part.copy(exact.get(), part.size());
    const auto done = codec.receive({exact.get(), part.size()});
    if (!done) return std::string(done.error().message);
    bytes.remove_prefix(part.size());
  }
  return {};
}

/// All of what a codec has for its stream.
template <class Codec>
std::string take(Codec& codec) {
  std::string bytes(codec.output());
  codec.written(bytes.size());
  return bytes;
}

inline std::string encode(qpack_encoder& encoder, std::uint64_t stream, const field_list& fields,
                          sensitivity s = sensitivity::by_name) {
  std::size_t bound = qpack_encoder::prefix_bound;
  for (const field& f : fields) bound += qpack_encoder::bound(f.name, f.value);
  const std::unique_ptr<char[]> room(new char[bound]);
  char* const lines = room.get() + qpack_encoder::prefix_bound;
  char* end = lines;
  encoder.begin(stream);
  for (const field& f : fields) end = encoder.encode(f.name, f.value, f.never_indexed ? sensitivity::secret : s, end);
  return {encoder.end(lines), end};
}

/// One direction of a connection, with nothing lost and nothing late.
struct qpack_pair {
  qpack_encoder encoder;
  qpack_decoder decoder;

  explicit qpack_pair(std::size_t capacity = 4096, std::size_t blocked = 100)
      : encoder(1, {.table_capacity = capacity}), decoder(length_tag, {.table_capacity = capacity, .blocked_streams = blocked}) {
    EXPECT_TRUE(encoder.set_peer_limits(capacity, blocked));
  }
  void carry_instructions() { EXPECT_EQ(receive(decoder, take(encoder)), ""); }
  void carry_acknowledgements() { EXPECT_EQ(receive(encoder, take(decoder)), ""); }
  /// A section there, and all that it brings about back.
  section_outcome send(std::uint64_t stream, const field_list& fields) {
    const std::string section = encode(encoder, stream, fields);
    carry_instructions();
    section_outcome made = decode(decoder, stream, section);
    carry_acknowledgements();
    return made;
  }
};

/// `test` with each of the sizes in which bytes may come.
template <class Test>
void at_fragment_sizes(Test&& test) {
  for (const std::size_t piece : {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1 << 20}) {
    SCOPED_TRACE("in pieces of " + std::to_string(piece));
    test(piece);
  }
}

}  // namespace parley::fieldcode::test
