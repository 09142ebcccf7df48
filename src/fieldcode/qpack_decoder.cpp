#include "fieldcode/qpack_decoder.hpp"

#include <algorithm>

namespace parley::fieldcode {
namespace {

using enum qpack_code;

// Of field sections.
constexpr qpack_error section_truncated{decompression_failed, "qpack-truncated", "the field section ends within a field",
                                        "RFC 9204 §4.5"};
constexpr qpack_error section_integer{decompression_failed, "qpack-integer", "an integer is larger than any that makes sense",
                                      "RFC 9204 §4.1.1"};
constexpr qpack_error section_huffman{decompression_failed, "qpack-huffman",
                                      "a Huffman-coded string has wrong padding or contains the end-of-string symbol",
                                      "RFC 9204 §4.1.2"};
constexpr qpack_error section_static{decompression_failed, "qpack-index", "an index is beyond the end of the static table",
                                     "RFC 9204 §3.1"};
constexpr qpack_error section_count{decompression_failed, "qpack-insert-count",
                                    "the Required Insert Count is none that the encoder could have sent", "RFC 9204 §4.5.1.1"};
constexpr qpack_error section_base{decompression_failed, "qpack-base", "the Base of a field section is negative",
                                   "RFC 9204 §4.5.1.2"};
constexpr qpack_error section_beyond{decompression_failed, "qpack-index",
                                     "a reference is to an entry that the Required Insert Count does not cover", "RFC 9204 §2.2.3"};
constexpr qpack_error section_evicted{decompression_failed, "qpack-index",
                                      "a reference is to an entry that is not in the dynamic table", "RFC 9204 §2.2.3"};
constexpr qpack_error section_blocked{decompression_failed, "qpack-blocked",
                                      "more streams are blocked than SETTINGS_QPACK_BLOCKED_STREAMS allows", "RFC 9204 §2.1.2"};
// Of encoder instructions.
constexpr qpack_error encoder_integer{encoder_stream_error, "qpack-integer", "an integer is larger than any that makes sense",
                                      "RFC 9204 §4.1.1"};
constexpr qpack_error encoder_huffman{encoder_stream_error, "qpack-huffman",
                                      "a Huffman-coded string has wrong padding or contains the end-of-string symbol",
                                      "RFC 9204 §4.1.2"};
constexpr qpack_error encoder_static{encoder_stream_error, "qpack-index", "an index is beyond the end of the static table",
                                     "RFC 9204 §3.1"};
constexpr qpack_error encoder_evicted{encoder_stream_error, "qpack-index",
                                      "an instruction refers to an entry that is not in the dynamic table", "RFC 9204 §2.2.3"};
constexpr qpack_error encoder_capacity{encoder_stream_error, "qpack-table-size",
                                       "the table's capacity is set above SETTINGS_QPACK_MAX_TABLE_CAPACITY", "RFC 9204 §4.3.1"};
constexpr qpack_error encoder_entry{encoder_stream_error, "qpack-entry-size", "an entry is larger than the table's capacity",
                                    "RFC 9204 §3.2.2"};
constexpr qpack_error too_much_unsent{excessive_load, "qpack-unsent",
                                      "the decoder stream cannot send what the field sections ask it to say", "RFC 9204 §7.3"};

constexpr std::size_t kept_partial = 1024;
constexpr std::size_t kept_output = 1024;

const qpack_error& of_section(string_fault fault) {
  switch (fault) {
    case string_fault::integer: return section_integer;
    case string_fault::huffman: return section_huffman;
    default: return section_truncated;
  }
}

const qpack_error& of_section(integer_progress progress) {
  return progress == integer_progress::more ? section_truncated : section_integer;
}

// The shortest text that a string of this length can stand for: no code has more than 30 bits.
std::uint64_t least_text(const coded_string& s) {
  if (!s.huffman || s.length == 0) return s.length;
  return s.length / 15 * 4;  // without a multiplication that could wrap
}

}  // namespace

qpack_decoder::qpack_decoder(name_tagger tagger, const qpack_decoder_limits& limits) : limits_(limits), table_(0), tagger_(tagger) {
  limits_.table_capacity = std::min(limits_.table_capacity, dynamic_table::largest_capacity);
  for (std::size_t i = 0; i < qpack_static_count; ++i) {
    const std::size_t first = qpack_static_name(qpack_static_table[i].name);
    static_tags_[i] = first == i ? tagger(qpack_static_table[i].name) : static_tags_[first];
  }
}

std::size_t qpack_decoder::memory() const {
  const std::size_t output = out_.capacity() > sizeof(std::string) ? out_.capacity() : 0;
  return table_.memory() + blocked_.capacity() * sizeof(blocked_stream) + partial_.capacity() + output;
}

// --- field sections --------------------------------------------------------------------------------------------------------------

const char* qpack_decoder::read_prefix(const char* p, const char* end, section_prefix& prefix) {
  if (overfull_) return fail_line(too_much_unsent);
  const decoded_integer count = decode_integer(p, end, 8);
  if (count.progress != integer_progress::complete) return fail_line(of_section(count.progress));
  p = count.end;
  // RFC 9204 §4.5.1.1: the count comes modulo twice the entries that the largest table can have.
  if (count.value != 0) {
    const std::uint64_t entries = limits_.table_capacity / dynamic_table::overhead;
    const std::uint64_t range = 2 * entries;
    if (count.value > range) return fail_line(section_count);
    const std::uint64_t most = inserted_ + entries;
    prefix.required = most / range * range + count.value - 1;
    if (prefix.required > most) {
      if (prefix.required <= range) return fail_line(section_count);
      prefix.required -= range;
    }
    if (prefix.required == 0) return fail_line(section_count);
  }
  if (p == end) return fail_line(section_truncated);
  const bool negative = (static_cast<unsigned char>(*p) & 0x80) != 0;
  const decoded_integer delta = decode_integer(p, end, 7);
  if (delta.progress != integer_progress::complete) return fail_line(of_section(delta.progress));
  if (negative) {
    if (prefix.required <= delta.value) return fail_line(section_base);
    prefix.base = prefix.required - delta.value - 1;
  } else {
    prefix.base = prefix.required + delta.value;
  }
  return delta.end;
}

bool qpack_decoder::find_static(std::uint64_t index, decoded_field& field) {
  if (index >= qpack_static_count) return fail(section_static);
  field.name = qpack_static_table[index].name;
  field.value = qpack_static_table[index].value;
  field.tag = static_tags_[index];
  return true;
}

bool qpack_decoder::find_dynamic(std::uint64_t absolute, const section_prefix& prefix, decoded_field& field) {
  if (absolute >= prefix.required) return fail(section_beyond);
  const std::uint64_t age = inserted_ - 1 - absolute;
  if (age >= table_.count()) return fail(section_evicted);
  const dynamic_table::entry& e = table_.newest(static_cast<std::size_t>(age));
  field.name = table_.name(e);
  field.value = table_.value(e);
  field.tag = static_cast<name_tag>(e.mark);
  return true;
}

bool qpack_decoder::find_relative(std::uint64_t index, const section_prefix& prefix, decoded_field& field) {
  if (index >= prefix.base) return fail(section_evicted);
  return find_dynamic(prefix.base - 1 - index, prefix, field);
}

// All lines but those of the static table's first 63 (RFC 9204 §4.5.2 to §4.5.6).
const char* qpack_decoder::read_line(const char* p, const char* end, std::size_t longest, const section_prefix& prefix,
                                     literal_memory& memory, decoded_field& field) {
  const auto first = static_cast<unsigned char>(*p);
  const auto integer = [&](unsigned bits, std::uint64_t& value) {
    const decoded_integer found = decode_integer(p, end, bits);
    if (found.progress != integer_progress::complete) return fail(of_section(found.progress));
    p = found.end;
    value = found.value;
    return true;
  };
  std::uint64_t index = 0;
  if ((first & 0x80) != 0) {  // indexed
    if (!integer(6, index)) return nullptr;
    const bool found = (first & 0x40) != 0 ? find_static(index, field) : find_relative(index, prefix, field);
    return found ? p : nullptr;
  }
  if ((first & 0x40) != 0) {  // a literal, its name indexed
    field.never_indexed = (first & 0x20) != 0;
    if (!integer(4, index)) return nullptr;
    if ((first & 0x10) != 0 ? !find_static(index, field) : !find_relative(index, prefix, field)) return nullptr;
    return read_value(p, end, longest, memory, field);
  }
  if ((first & 0x20) != 0) {  // a literal with its name
    field.never_indexed = (first & 0x10) != 0;
    string_fault fault{};
    p = read_string<4>(p, end, memory.name.data(), memory.large_name, field.name, fault);
    if (p == nullptr) return fail_line(of_section(fault));
    const bool long_name = field.name.size() > longest;
    if (long_name) {
      field.name = {};
      field.too_large = true;
    }
    field.tag = tagger_(field.name);
    return read_value(p, end, longest, memory, field);
  }
  const bool indexed = (first & 0x10) != 0;  // behind the Base; with the value or the name only
  field.never_indexed = !indexed && (first & 0x08) != 0;
  if (!integer(indexed ? 4 : 3, index)) return nullptr;
  if (index > largest_integer - prefix.base) return fail_line(section_beyond);
  if (!find_dynamic(prefix.base + index, prefix, field)) return nullptr;
  return indexed ? p : read_value(p, end, longest, memory, field);
}

const char* qpack_decoder::read_value(const char* p, const char* end, std::size_t longest, literal_memory& memory,
                                      decoded_field& field) {
  string_fault fault{};
  p = read_string<8>(p, end, memory.value.data(), memory.large_value, field.value, fault);
  if (p == nullptr) return fail_line(of_section(fault));
  field.too_large = field.too_large || field.value.size() > longest;
  if (field.too_large) field.value = {};
  return p;
}

// --- blocked streams -------------------------------------------------------------------------------------------------------------

bool qpack_decoder::block(std::uint64_t stream, std::uint64_t required) {
  const auto at = std::ranges::find(blocked_, stream, &blocked_stream::stream);
  if (at != blocked_.end()) {
    at->required = std::max(at->required, required);
    return true;
  }
  if (blocked_.size() >= limits_.blocked_streams) return fail(section_blocked);
  blocked_.push_back({stream, required});
  return true;
}

bool qpack_decoder::any_unblocked() const {
  return std::ranges::any_of(blocked_, [this](const blocked_stream& b) { return b.required <= inserted_; });
}

std::optional<std::uint64_t> qpack_decoder::next_unblocked() {
  const auto at = std::ranges::find_if(blocked_, [this](const blocked_stream& b) { return b.required <= inserted_; });
  if (at == blocked_.end()) return std::nullopt;
  const std::uint64_t stream = at->stream;
  blocked_.erase(at);
  return stream;
}

// --- the decoder stream ----------------------------------------------------------------------------------------------------------

void qpack_decoder::write_instruction(std::uint64_t value, unsigned prefix, unsigned high) {
  char bytes[integer_bytes];
  out_.append(bytes, encode_integer(bytes, value, prefix, high));
}

bool qpack_decoder::acknowledge(std::uint64_t stream, std::uint64_t required) {
  write_instruction(stream, 7, 0x80);
  acknowledged_ = std::max(acknowledged_, required);
  overfull_ = out_.size() - out_taken_ > limits_.unsent;
  return !overfull_ || fail(too_much_unsent);
}

void qpack_decoder::cancel(std::uint64_t stream) {
  std::erase_if(blocked_, [stream](const blocked_stream& b) { return b.stream == stream; });
  if (limits_.table_capacity == 0 || overfull_) return;  // RFC 9204 §2.2.2.2: no section can have references
  write_instruction(stream, 6, 0x40);
  overfull_ = out_.size() - out_taken_ > limits_.unsent;
}

std::string_view qpack_decoder::output() {
  if (acknowledged_ < inserted_) {
    write_instruction(inserted_ - acknowledged_, 6, 0);
    acknowledged_ = inserted_;
  }
  return std::string_view(out_).substr(out_taken_);
}

void qpack_decoder::written(std::size_t n) {
  out_taken_ += n;
  if (out_taken_ < out_.size()) return;
  out_.clear();
  out_taken_ = 0;
  if (out_.capacity() > kept_output) std::string().swap(out_);
}

// --- the encoder stream ----------------------------------------------------------------------------------------------------------

struct qpack_decoder::instruction {
  enum class kind : std::uint8_t { set_capacity, insert_by_name, insert, duplicate };
  kind what = kind::duplicate;
  bool of_static = false;
  std::uint64_t number = 0;  // the capacity, or an index
  coded_string name;
  coded_string value;
  const char* end = nullptr;  // null: it is not whole, or wrong
  std::uint64_t size = 0;     // where it is not whole: of what is known of it; one byte more than there is, at least
  const qpack_error* error = nullptr;
};

// RFC 9204 §4.3. An entry that cannot fit is refused when its sizes are known, so that nobody waits for its text.
qpack_decoder::instruction qpack_decoder::find_instruction(const char* p, const char* end) const {
  using enum instruction::kind;
  const char* const begin = p;
  const auto first = static_cast<unsigned char>(*p);
  instruction found;
  const auto wrong = [&found](const qpack_error& error) {
    found.error = &error;
    return found;
  };
  std::uint64_t text = dynamic_table::overhead;
  const auto string = [&](const coded_string& s) {
    if (s.end == nullptr && s.fault == string_fault::integer) {
      found.error = &encoder_integer;
      return false;
    }
    text += least_text(s);
    if (text > table_.capacity()) {
      found.error = &encoder_entry;
      return false;
    }
    if (s.end == nullptr) {
      found.size = static_cast<std::uint64_t>(p - begin) + s.size;
      return false;
    }
    p = s.end;
    return true;
  };

  if (first >= 0x40 && text > table_.capacity()) return wrong(encoder_entry);  // no entry fits
  if ((first & 0xc0) == 0x40) {
    found.what = insert;
    found.name = find_string<6>(p, end);
    if (!string(found.name)) return found;
  } else {
    found.what = (first & 0x80) != 0 ? insert_by_name : (first & 0x20) != 0 ? set_capacity : duplicate;
    found.of_static = found.what == insert_by_name && (first & 0x40) != 0;
    const decoded_integer number = decode_integer(p, end, found.what == insert_by_name ? 6 : 5);
    if (number.progress == integer_progress::overflow) return wrong(encoder_integer);
    if (number.progress == integer_progress::more) {
      found.size = static_cast<std::uint64_t>(end - begin) + 1;
      return found;
    }
    found.number = number.value;
    p = number.end;
    if (found.what == set_capacity) {
      if (found.number > limits_.table_capacity) return wrong(encoder_capacity);
    } else if (found.of_static) {
      if (found.number >= qpack_static_count) return wrong(encoder_static);
    } else if (found.number >= table_.count()) {
      return wrong(encoder_evicted);
    }
  }
  if (found.what == insert || found.what == insert_by_name) {
    found.value = find_string<8>(p, end);
    if (!string(found.value)) return found;
  }
  found.end = p;
  return found;
}

bool qpack_decoder::insert(const instruction& found) {
  literal_memory memory;
  std::string_view name;
  std::string_view value;
  name_tag tag = 0;
  if (found.what == instruction::kind::insert) {
    if (!decode_string(found.name, memory.name.data(), memory.large_name, name)) return fail(encoder_huffman);
    tag = tagger_(name);
  } else if (found.of_static) {
    name = qpack_static_table[found.number].name;
    tag = static_tags_[found.number];
  } else {
    const dynamic_table::entry& e = table_.newest(static_cast<std::size_t>(found.number));
    name = table_.name(e);
    value = table_.value(e);
    tag = static_cast<name_tag>(e.mark);
  }
  if (found.what != instruction::kind::duplicate && !decode_string(found.value, memory.value.data(), memory.large_value, value)) {
    return fail(encoder_huffman);
  }
  if (name.size() + value.size() + dynamic_table::overhead > table_.capacity()) return fail(encoder_entry);
  table_.insert(name, value, tag);
  ++inserted_;
  return true;
}

bool qpack_decoder::execute(const instruction& found) {
  if (found.what != instruction::kind::set_capacity) return insert(found);
  table_.resize(static_cast<std::size_t>(found.number));
  return true;
}

// It grows with what comes, not with what is announced, and never beyond that.
void qpack_decoder::keep_partial(std::string_view bytes) {
  const std::size_t size = partial_.size() + bytes.size();
  if (size > partial_.capacity()) partial_.reserve(std::min(partial_needs_, 2 * size));
  partial_.insert(partial_.end(), bytes.begin(), bytes.end());
}

std::expected<void, qpack_error> qpack_decoder::receive(std::string_view bytes) {
  do {
    if (auto done = receive_some(bytes); !done) return done;
  } while (!bytes.empty());
  return {};
}

std::expected<void, qpack_error> qpack_decoder::receive_some(std::string_view& bytes) {
  if (overfull_) return std::unexpected(too_much_unsent);
  while (!bytes.empty()) {
    // The rest of one that has begun, and not a byte more.
    const bool continued = !partial_.empty();
    if (continued) {
      const std::size_t taken = std::min(partial_needs_ - partial_.size(), bytes.size());
      keep_partial(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (partial_.size() < partial_needs_) break;
    }
    const std::string_view from = continued ? std::string_view(partial_.data(), partial_.size()) : bytes;
    const instruction found = find_instruction(from.data(), from.data() + from.size());
    if (found.error != nullptr) return std::unexpected(*found.error);
    if (found.end == nullptr) {
      partial_needs_ = static_cast<std::size_t>(found.size);
      if (continued) continue;
      keep_partial(bytes);
      bytes = {};
      break;
    }
    if (!execute(found)) return std::unexpected(*error_);
    if (continued) {
      partial_.clear();
      if (partial_.capacity() > kept_partial) std::vector<char>().swap(partial_);
    } else {
      bytes.remove_prefix(static_cast<std::size_t>(found.end - bytes.data()));
    }
    if (any_unblocked()) break;
  }
  return {};
}

}  // namespace parley::fieldcode
