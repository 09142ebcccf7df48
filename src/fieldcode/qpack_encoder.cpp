#include "fieldcode/qpack_encoder.hpp"

#include <algorithm>
#include <cstring>

#include "fieldcode/field_hash.hpp"
#include "fieldcode/prefix_integer.hpp"
#include "fieldcode/same_text.hpp"
#include "fieldcode/string_literal.hpp"

namespace parley::fieldcode {
namespace {

constexpr qpack_error decoder_integer{qpack_code::decoder_stream_error, "qpack-integer",
                                      "an integer is larger than any that makes sense", "RFC 9204 §4.1.1"};
constexpr qpack_error decoder_acknowledged{qpack_code::decoder_stream_error, "qpack-acknowledgement",
                                           "a section is acknowledged on a stream where none is outstanding", "RFC 9204 §4.4.1"};
constexpr qpack_error decoder_increment{qpack_code::decoder_stream_error, "qpack-increment",
                                        "an Insert Count Increment is zero, or counts entries that were never sent",
                                        "RFC 9204 §4.4.3"};
constexpr qpack_error decoder_remembered{qpack_code::decoder_stream_error, "qpack-table-size",
                                         "SETTINGS_QPACK_MAX_TABLE_CAPACITY is another one than that remembered for 0-RTT",
                                         "RFC 9204 §3.2.3"};

constexpr std::size_t kept_instructions = 1024;
constexpr std::size_t least_draining = 2048;
constexpr std::size_t most_sections = 0xffff;  // what a pin counts

// By the index in QPACK's static table; the last is for names that it does not have.
consteval auto make_static_indexing() {
  std::array<indexing, qpack_static_count> made{};
  for (std::size_t i = 0; i < qpack_static_count; ++i) {
    made[i] = indexing_by_name[hpack_static_name(qpack_static_table[i].name)];
  }
  return made;
}
constexpr auto static_indexing = make_static_indexing();

// The sizes of the names that go into the table in their own way and are not in QPACK's static table: few names have them.
consteval std::uint64_t make_other_sizes() {
  std::uint64_t sizes = 0;
  for (std::size_t i = 1; i <= hpack_static_count; ++i) {
    const std::string_view name = hpack_static_table[i].name;
    if (indexing_by_name[i] == indexing::at_once || qpack_static_name(name) != qpack_no_index) continue;
    if (name.size() >= 64) throw "a name is longer than the mask";
    sizes |= std::uint64_t{1} << name.size();
  }
  return sizes;
}
constexpr std::uint64_t other_sizes = make_other_sizes();

indexing other_indexing(std::string_view name) {
  if (name.size() >= 64 || (other_sizes >> name.size() & 1) == 0) return indexing::at_once;
  return indexing_by_name[hpack_static_name(name)];
}

}  // namespace

qpack_encoder::qpack_encoder(std::uint64_t seed, const qpack_encoder_limits& limits) : limits_(limits), table_(0), seed_(seed) {
  limits_.table_capacity = std::min(limits_.table_capacity, dynamic_table::largest_capacity);
  limits_.sections = std::min(limits_.sections, most_sections);
}

std::expected<void, qpack_error> qpack_encoder::set_peer_limits(std::uint64_t table_capacity, std::uint64_t blocked_streams) {
  if (peer_capacity_ != 0 && table_capacity != peer_capacity_) return std::unexpected(decoder_remembered);
  peer_blocked_ = static_cast<std::size_t>(std::min<std::uint64_t>(blocked_streams, limits_.blocked_streams));
  if (peer_capacity_ == table_capacity) return {};
  peer_capacity_ = table_capacity;
  table_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(table_capacity, limits_.table_capacity)));
  references_.set_entries(table_.capacity() / dynamic_table::overhead);
  capacity_due_ = true;
  ++epoch_;
  return {};
}

std::size_t qpack_encoder::memory() const {
  return table_.memory() + index_.memory() + references_.memory() + (out_.capacity() > sizeof(std::string) ? out_.capacity() : 0);
}

// --- sections --------------------------------------------------------------------------------------------------------------------

void qpack_encoder::begin(std::uint64_t stream) {
  stream_ = stream;
  base_ = inserted_;
  required_ = 0;
  lowest_ = none;
  may_refer_ = references_.sections() < limits_.sections;
  risk_ = risk::unknown;
  begun_in_ = epoch_;
}

char* qpack_encoder::end(char* lines) {
  if (required_ == 0) {
    std::memset(lines - 2, 0, 2);
    return lines - 2;
  }
  references_.add(stream_, required_, lowest_);
  char prefix[prefix_bound];
  // RFC 9204 §4.5.1.1: modulo twice the entries that the largest table can have.
  const std::uint64_t range = 2 * (peer_capacity_ / dynamic_table::overhead);
  char* p = encode_integer(prefix, required_ % range + 1, 8, 0);
  p = base_ >= required_ ? encode_integer(p, base_ - required_, 7, 0) : encode_integer(p, required_ - base_ - 1, 7, 0x80);
  const auto size = static_cast<std::size_t>(p - prefix);
  std::memcpy(lines - size, prefix, size);
  return lines - size;
}

std::optional<qpack_encoder::repetition> qpack_encoder::repeatable() const {
  if (epoch_ != begun_in_ || required_ > references_.known()) return std::nullopt;
  return repetition{epoch_, required_, lowest_};
}

// Nothing was inserted since, so that the entries are there, and have the same distance from the base.
bool qpack_encoder::repeat(const repetition& what, std::uint64_t stream) {
  if (what.epoch != epoch_) return false;
  if (what.required == 0) return true;
  if (references_.sections() >= limits_.sections) return false;
  references_.add(stream, what.required, what.lowest);
  return true;
}

bool qpack_encoder::may_risk() {
  if (risk_ == risk::unknown) {
    const bool may = references_.streams_at_risk() < peer_blocked_ || references_.is_at_risk(stream_);
    risk_ = may ? risk::yes : risk::no;
  }
  return risk_ == risk::yes;
}

void qpack_encoder::refer(std::uint64_t absolute) {
  required_ = std::max(required_, absolute + 1);
  lowest_ = std::min(lowest_, absolute);
}

char* qpack_encoder::write_reference(std::uint64_t absolute, char* out) {
  refer(absolute);
  return absolute < base_ ? encode_integer(out, base_ - 1 - absolute, 6, 0x80) : encode_integer(out, absolute - base_, 4, 0x10);
}

char* qpack_encoder::write_literal(std::size_t static_name, std::string_view name, std::uint32_t name_mark, std::string_view value,
                                   bool secret, char* out) {
  if (static_name != qpack_no_index) {
    out = encode_integer(out, static_name, 4, secret ? 0x70 : 0x50);
  } else if (const std::uint64_t at = find_name(name, name_mark).best; at == none || at < draining_) {
    out = write_string(name, 4, secret ? 0x30 : 0x20, out);
  } else {
    refer(at);
    out = at < base_ ? encode_integer(out, base_ - 1 - at, 4, secret ? 0x60 : 0x40)
                     : encode_integer(out, at - base_, 3, secret ? 0x08 : 0x00);
  }
  return write_string(value, 8, 0, out);
}

template <class Same>
qpack_encoder::matches qpack_encoder::find(std::uint32_t mark, search how, Same&& same) {
  ++epoch_;
  matches found;
  std::uint32_t number = 0;
  const auto newer = [](std::uint64_t a, std::uint64_t b) { return b == none || a > b; };
  static_cast<void>(index_.find(table_, mark, number, [&](const dynamic_table::entry& e) {
    if (!same(e)) return false;
    const std::uint64_t absolute = inserted_ - 1 - static_cast<std::uint32_t>(table_.inserted() - 1 - number);
    if (newer(absolute, found.newest)) found.newest = absolute;
    if (newer(absolute, found.best) && usable(absolute)) found.best = absolute;
    return how == search::any && found.best == absolute && absolute >= draining_;
  }));
  return found;
}

qpack_encoder::matches qpack_encoder::find_name(std::string_view name, std::uint32_t name_mark) {
  return find(name_mark, search::newest,
              [&](const dynamic_table::entry& e) { return e.name_mark == name_mark && same_text(table_.name(e), name); });
}

// The entry that stands for a field that is in the table, or none. One that is soon to go is duplicated, and not referred to any more, so
// that it can go (RFC 9204 §2.1.1.1); but a section that may not wait uses it once more beside its duplicate.
std::uint64_t qpack_encoder::choose_entry(const matches& found) {
  if (found.best == none || found.newest >= draining_) return found.best;
  if (may_risk()) return duplicate(found.newest) ? inserted_ - 1 : none;
  const std::uint64_t lowest = lowest_;
  lowest_ = std::min(lowest_, found.best);  // it stays
  if (duplicate(found.newest)) return found.best;
  lowest_ = lowest;
  static_cast<void>(duplicate(found.newest));
  return none;
}

char* qpack_encoder::encode(std::size_t static_name, std::string_view name, std::string_view value, sensitivity s, char* out) {
  const bool known = static_name != qpack_no_index;
  const indexing how = known ? static_indexing[static_name] : other_indexing(name);
  // A name of the static table is as good as its index; others are hashed.
  const std::uint64_t name_hash = known ? seed_ ^ ((static_name + 1) * detail::hash_b) : field_hash(name, seed_);
  const auto name_mark =
      known ? static_cast<std::uint32_t>(static_name + 1) : static_cast<std::uint32_t>(name_hash) | field_index::by_name;
  if (field_policy::is_secret(how, value, s)) return write_literal(static_name, name, name_mark, value, true, out);

  if (known) {
    // Most often a name comes with the value that it had before.
    const auto age = static_cast<std::uint16_t>(static_cast<std::uint16_t>(inserted_ - 1) - last_of_name_[static_name]);
    if (age < table_.count()) {
      const dynamic_table::entry& e = table_.newest(age);
      const std::uint64_t absolute = inserted_ - 1 - age;
      if (e.name_mark == name_mark && absolute >= draining_ && same_text(table_.value(e), value) && usable(absolute)) {
        return write_reference(absolute, out);
      }
    }
    for (std::size_t i = static_name; i != qpack_no_index; i = qpack_static_next(i)) {
      if (same_text(value, qpack_static_table[i].value)) return encode_static(i, out);
    }
  }
  if (table_.capacity() == 0) return write_literal(static_name, name, name_mark, value, false, out);
  const std::uint64_t hash = field_hash(value, name_hash);
  const auto mark = static_cast<std::uint32_t>(hash);
  const matches found = find(mark, search::any, [&](const dynamic_table::entry& e) {
    return e.mark == mark && e.name_mark == name_mark && same_text(table_.value(e), value) &&
           (known || same_text(table_.name(e), name));
  });
  if (const std::uint64_t at = choose_entry(found); at != none) {
    if (known) last_of_name_[static_name] = static_cast<std::uint16_t>(at);
    return write_reference(at, out);
  }
  // An entry that this section may not refer to costs its text twice, so it has to come again first.
  const indexing when = how == indexing::at_once && !may_risk() ? indexing::second_time : how;
  const std::size_t cost = name.size() + value.size() + dynamic_table::overhead;
  if (found.newest == none && policy_.wants_entry(when, hash, cost, value.size(), table_) &&
      insert(static_name, name, value, mark, name_mark) && usable(inserted_ - 1)) {
    return write_reference(inserted_ - 1, out);
  }
  return write_literal(static_name, name, name_mark, value, false, out);
}

// --- the encoder stream ----------------------------------------------------------------------------------------------------------

void qpack_encoder::written(std::size_t n) {
  out_taken_ += n;
  if (out_taken_ < out_.size()) return;
  out_.clear();
  out_taken_ = 0;
  if (out_.capacity() > kept_instructions) std::string().swap(out_);
}

// Whether an entry of this size may come: all that must go for it may go.
bool qpack_encoder::make_room(std::size_t cost) {
  if (!inserts_allowed_ || cost > table_.capacity() || out_.size() - out_taken_ + cost > limits_.unsent) return false;
  std::size_t free = table_.capacity() - table_.size();
  for (std::uint64_t at = oldest(); free < cost; ++at) {
    if (at >= lowest_ || !references_.evictable(at)) return false;
    const dynamic_table::entry& e = entry_at(at);
    free += std::size_t{e.name_size} + e.value_size + dynamic_table::overhead;
  }
  return true;
}

char* qpack_encoder::instruction_room(std::size_t size) {
  const std::size_t before = out_.size();
  out_.resize(before + size + 2 * fixed_bound);
  char* out = out_.data() + before;
  if (capacity_due_) out = encode_integer(out, table_.capacity(), 5, 0x20);
  capacity_due_ = false;
  return out;
}

bool qpack_encoder::insert(std::size_t static_name, std::string_view name, std::string_view value, std::uint32_t mark,
                           std::uint32_t name_mark) {
  if (!make_room(name.size() + value.size() + dynamic_table::overhead)) return false;
  char* out = instruction_room(name.size() + value.size());
  if (static_name != qpack_no_index) {
    out = encode_integer(out, static_name, 6, 0xc0);
  } else if (const std::uint64_t at = find_name(name, name_mark).newest; at != none) {
    out = encode_integer(out, inserted_ - 1 - at, 6, 0x80);
  } else {
    out = write_string(name, 6, 0x40, out);
  }
  instruction_end(write_string(value, 8, 0, out));
  table_.insert(name, value, mark, name_mark);
  inserted_one(static_name, mark, name_mark);
  return true;
}

bool qpack_encoder::duplicate(std::uint64_t absolute) {
  const dynamic_table::entry e = entry_at(absolute);
  if (!make_room(std::size_t{e.name_size} + e.value_size + dynamic_table::overhead)) return false;
  instruction_end(encode_integer(instruction_room(0), inserted_ - 1 - absolute, 5, 0));
  table_.insert(table_.name(e), table_.value(e), e.mark, e.name_mark);
  inserted_one((e.name_mark & field_index::by_name) != 0 ? qpack_no_index : e.name_mark - 1, e.mark, e.name_mark);
  return true;
}

void qpack_encoder::inserted_one(std::size_t static_name, std::uint32_t mark, std::uint32_t name_mark) {
  ++inserted_;
  ++epoch_;
  if (static_name != qpack_no_index) last_of_name_[static_name] = static_cast<std::uint16_t>(inserted_ - 1);
  index_.put_newest(table_, mark, static_name != qpack_no_index ? 0 : name_mark);
  update_draining();
}

// The entries that have to go before an eighth of the table is free. A small table would be all duplicates: there, none drain.
void qpack_encoder::update_draining() {
  const std::size_t wanted = table_.capacity() < least_draining ? 0 : table_.capacity() / 8;
  std::size_t free = table_.capacity() - table_.size();
  for (draining_ = oldest(); free < wanted && draining_ < inserted_; ++draining_) {
    const dynamic_table::entry& e = entry_at(draining_);
    free += std::size_t{e.name_size} + e.value_size + dynamic_table::overhead;
  }
}

bool qpack_encoder::forget() {
  if (table_.count() == 0 || references_.sections() > 0 || references_.known() != inserted_ || !output().empty()) return false;
  instruction_end(encode_integer(instruction_room(0), 0, 5, 0x20));
  const std::size_t capacity = table_.capacity();
  table_.resize(0);
  table_.resize(capacity);
  index_.clear();
  capacity_due_ = true;
  ++epoch_;
  update_draining();
  return true;
}

// --- the decoder stream ----------------------------------------------------------------------------------------------------------

std::expected<void, qpack_error> qpack_encoder::receive(std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end) {
    // An integer whose end has not come is continued byte by byte.
    const bool continued = partial_size_ != 0;
    if (continued) partial_[partial_size_++] = *p++;
    const char* const from = continued ? partial_.data() : p;
    const char* const to = continued ? partial_.data() + partial_size_ : end;
    const auto first = static_cast<unsigned char>(*from);
    const bool acknowledgement = (first & 0x80) != 0;
    const decoded_integer number = decode_integer(from, to, acknowledgement ? 7 : 6);
    if (number.progress == integer_progress::overflow) return std::unexpected(decoder_integer);
    if (number.progress == integer_progress::more) {
      if (continued) continue;
      partial_size_ = static_cast<std::size_t>(end - p);
      std::memcpy(partial_.data(), p, partial_size_);
      break;
    }
    if (continued) {
      partial_size_ = 0;
    } else {
      p = number.end;
    }
    if (acknowledgement) {
      if (!references_.acknowledge(number.value)) return std::unexpected(decoder_acknowledged);
    } else if ((first & 0x40) != 0) {
      references_.cancel(number.value);
    } else if (!references_.increment(number.value, inserted_)) {
      return std::unexpected(decoder_increment);
    }
  }
  return {};
}

}  // namespace parley::fieldcode
