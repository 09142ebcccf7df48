// What the decoders of HPACK and QPACK give to their users' sinks.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::fieldcode {

/// What the user of a decoder calls a name: a number of its own choice.
using name_tag = std::uint16_t;
/// Asked once for each name that comes as a literal, and for those of the static table when a decoder is made; the tag is kept with the
/// entry of the table.
using name_tagger = name_tag (*)(std::string_view name) noexcept;

/// Views of the encoded fields, of a table or of scratch memory: valid during the sink's call only.
struct decoded_field {
  std::string_view name;
  std::string_view value;
  name_tag tag = 0;
  /// A literal that must never be indexed, also not by who passes it on (RFC 7541 §6.2.3, RFC 9204 §4.5.4).
  bool never_indexed = false;
  /// The name or the value was longer than what was asked for, so that `value` is empty (and `name` too if it was the name; the tag is that
  /// of the empty name then). The table is right, and decoding goes on.
  bool too_large = false;
};

}  // namespace parley::fieldcode
