#include "fieldcode/hpack_decoder.hpp"

#include <algorithm>

#include "fieldcode/prefix_integer.hpp"

namespace parley::fieldcode {
namespace {

constexpr field_error index_zero{"hpack-index", "an indexed field has the index 0, which is not used", "RFC 7541 §6.1"};
constexpr field_error index_beyond{"hpack-index", "an index is beyond the end of the dynamic table", "RFC 7541 §2.3.3"};
constexpr field_error integer_overflow{"hpack-integer", "an integer is larger than any that makes sense", "RFC 7541 §5.1"};
constexpr field_error block_truncated{"hpack-truncated", "the field block ends within a field", "RFC 7541 §3.1"};
constexpr field_error bad_huffman{"hpack-huffman", "a Huffman-coded string has wrong padding or contains the end-of-string symbol",
                                  "RFC 7541 §5.2"};
constexpr field_error update_late{
    "hpack-table-size", "a dynamic table size update does not stand at the beginning of its field block", "RFC 7541 §4.2"};
constexpr field_error update_repeated{"hpack-table-size", "more than two dynamic table size updates begin one field block",
                                      "RFC 7541 §4.2"};
constexpr field_error update_too_large{
    "hpack-table-size", "a dynamic table size update is above the SETTINGS_HEADER_TABLE_SIZE in force", "RFC 7541 §6.3"};
constexpr field_error update_missing{
    "hpack-table-size", "SETTINGS_HEADER_TABLE_SIZE was lowered, and the next field block does not begin with the update",
    "RFC 7541 §4.2"};

}  // namespace

hpack_decoder::hpack_decoder(name_tagger tagger, std::size_t limit)
    : table_(std::min(limit, dynamic_table::largest_capacity)), tagger_(tagger), limit_(table_.capacity()), lowest_limit_(limit_) {
  for (std::size_t i = 1; i <= hpack_static_count; ++i) {
    const bool known = hpack_static_table[i].name == hpack_static_table[i - 1].name;
    static_tags_[i] = known ? static_tags_[i - 1] : tagger(hpack_static_table[i].name);
  }
}

void hpack_decoder::set_limit(std::size_t limit) {
  limit_ = std::min(limit, dynamic_table::largest_capacity);
  lowest_limit_ = std::min(lowest_limit_, limit_);
  if (lowest_limit_ < table_.capacity()) update_required_ = true;
}

const char* hpack_decoder::read_updates(const char* p, const char* end) {
  int updates = 0;
  for (; p != end && is_update(*p); ++updates) {
    if (updates == 2) return fail(update_repeated);
    const decoded_integer size = decode_integer(p, end, 5);
    if (size.progress != integer_progress::complete) {
      return fail(size.progress == integer_progress::more ? block_truncated : integer_overflow);
    }
    // RFC 7541 §4.2: the first of them obeys the lowest limit since the last block, the last one that in force.
    if (size.value > (update_required_ ? lowest_limit_ : limit_)) return fail(update_too_large);
    table_.resize(static_cast<std::size_t>(size.value));
    update_required_ = false;
    p = size.end;
  }
  if (update_required_) return fail(update_missing);
  lowest_limit_ = limit_;
  return p;
}

bool hpack_decoder::find_dynamic(std::size_t index, decoded_field& field) {
  const std::size_t age = index - hpack_static_count - 1;  // the index 0 becomes the largest number
  if (age >= table_.count()) {
    error_ = index == 0 ? &index_zero : &index_beyond;
    return false;
  }
  const dynamic_table::entry& e = table_.newest(age);
  field.name = table_.name(e);
  field.value = table_.value(e);
  field.tag = static_cast<name_tag>(e.mark);
  return true;
}

const char* hpack_decoder::read_long_index(const char* p, const char* end, std::size_t& index) {
  const decoded_integer tail = decode_integer_tail(p, end, index);
  if (tail.progress != integer_progress::complete) {
    return fail(tail.progress == integer_progress::more ? block_truncated : integer_overflow);
  }
  index = static_cast<std::size_t>(tail.value);
  return tail.end;
}

const char* hpack_decoder::read_text(const char* p, const char* end, char* small, std::vector<char>& large,
                                     std::string_view& text) {
  string_fault fault{};
  p = read_string<8>(p, end, small, large, text, fault);
  if (p != nullptr) return p;
  switch (fault) {
    case string_fault::integer: return fail(integer_overflow);
    case string_fault::huffman: return fail(bad_huffman);
    default: return fail(block_truncated);
  }
}

const char* hpack_decoder::read_literal(const char* p, const char* end, std::size_t longest, literal_memory& memory,
                                        decoded_field& field) {
  const auto first = static_cast<unsigned char>(*p);
  const bool indexed = (first & 0x40) != 0;  // with incremental indexing, RFC 7541 §6.2.1
  if (!indexed && (first & 0x20) != 0) return fail(update_late);
  field.never_indexed = !indexed && (first & 0x10) != 0;

  const decoded_integer index = decode_integer(p, end, indexed ? 6 : 4);
  if (index.progress != integer_progress::complete) {
    return fail(index.progress == integer_progress::more ? block_truncated : integer_overflow);
  }
  p = index.end;
  const auto name_index = static_cast<std::size_t>(index.value);
  if (name_index == 0) {
    p = read_text(p, end, memory.name.data(), memory.large_name, field.name);
    if (p == nullptr) return nullptr;
  } else if (name_index <= hpack_static_count) {
    field.name = hpack_static_table[name_index].name;
    field.tag = static_tags_[name_index];
  } else if (!find_dynamic(name_index, field)) {
    return nullptr;
  }
  p = read_text(p, end, memory.value.data(), memory.large_value, field.value);
  if (p == nullptr) return nullptr;

  // What the table holds is at most as long as it, so such texts are given whatever `longest` is.
  const std::size_t most = std::max(longest, table_.capacity());
  const bool long_name = field.name.size() > most;
  if (name_index == 0) field.tag = tagger_(long_name ? std::string_view() : field.name);
  if (indexed && table_.insert(field.name, field.value, field.tag)) {
    const dynamic_table::entry& e = table_.newest(0);  // the name's old place may be gone
    field.name = table_.name(e);
    field.value = table_.value(e);
    return p;
  }
  field.too_large = long_name || field.value.size() > most;
  if (long_name) field.name = {};
  if (field.too_large) field.value = {};
  return p;
}

}  // namespace parley::fieldcode
