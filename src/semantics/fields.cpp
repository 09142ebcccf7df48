#include <parley/fields.hpp>

#include <cstring>
#include <limits>
#include <utility>

#include "base/ascii.hpp"
#include "base/block_pool.hpp"
#include "base/scan.hpp"
#include "semantics/escape.hpp"
#include "semantics/fields_access.hpp"

namespace parley {
namespace {

using access = detail::fields_access;
using semantics::field_id;

// A name to look for: a comparison of integers when it is a known one.
struct sought_name {
  explicit sought_name(std::string_view text) : name(text), id(semantics::find_field_name(text)) {}

  [[nodiscard]] bool is(const fields& f, const detail::field_slot& slot) const {
    if (slot.id != static_cast<std::uint16_t>(id)) return false;
    return id != field_id::unknown || base::iequals(access::name(f, slot), name);
  }

  std::string_view name;
  field_id id;
};

std::size_t find_line(const fields& f, const sought_name& name, std::size_t from = 0) {
  while (from < f.size() && !name.is(f, access::slot(f, from))) ++from;
  return from;
}

std::string shown(std::string_view text) {
  std::string quoted = "\"";
  semantics::append_printable(quoted, text.substr(0, 64));
  quoted += text.size() > 64 ? "...\"" : "\"";
  return quoted;
}

void check_name(const sought_name& name) {
  if (name.id != field_id::unknown) return;
  if (name.name.size() > std::numeric_limits<std::uint16_t>::max() || !base::is_token(name.name)) {
    throw invalid_field("parley: " + shown(name.name) + " is no field name (RFC 9110 section 5.1)");
  }
}

std::string_view checked_value(std::string_view name, std::string_view value) {
  value = base::trim_ows(value);
  if (!base::is_field_value(value)) {
    throw invalid_field("parley: the value " + shown(value) + " for the field " + shown(name) +
                        " has a control character (RFC 9110 section 5.5)");
  }
  return value;
}

}  // namespace

// The delegation makes the destructor run when a line is refused.
fields::fields(std::initializer_list<line> lines) : fields() {
  for (const line& l : lines) add(l.name, l.value);
}

fields::fields(const fields& other) : fields() {
  if (other.block_ == nullptr) return;
  access::reserve(*this, other.text_size_, other.count_);
  const std::size_t slots = other.count_ * sizeof(detail::field_slot);
  std::memcpy(block_, other.block_, other.text_size_);
  std::memcpy(block_ + capacity_ - slots, other.block_ + other.capacity_ - slots, slots);
  text_size_ = other.text_size_;
  count_ = other.count_;
  pinned_ = other.pinned_;
}

fields& fields::operator=(const fields& other) {
  if (this != &other) *this = fields(other);
  return *this;
}

void fields::give_back() noexcept { access::release(*this); }

fields::line fields::operator[](std::size_t index) const {
  const auto& slot = access::slot(*this, index);
  return {access::name(*this, slot), access::value(*this, slot)};
}

std::optional<std::string_view> fields::get(std::string_view name) const {
  const std::size_t index = find_line(*this, sought_name(name));
  if (index == size()) return std::nullopt;
  return (*this)[index].value;
}

std::vector<std::string_view> fields::get_all(std::string_view name) const {
  const sought_name sought(name);
  std::vector<std::string_view> values;
  for (std::size_t i = find_line(*this, sought); i < size(); i = find_line(*this, sought, i + 1))
    values.push_back((*this)[i].value);
  return values;
}

std::string fields::joined(std::string_view name) const {
  const sought_name sought(name);
  // RFC 9113 §8.2.3: the pieces of a cookie-string that was split over lines.
  const std::string_view separator = sought.id == field_id::cookie ? "; " : ", ";
  std::string text;
  bool first = true;
  for (std::size_t i = find_line(*this, sought); i < size(); i = find_line(*this, sought, i + 1)) {
    if (!first) text += separator;
    first = false;
    text += (*this)[i].value;
  }
  return text;
}

bool fields::contains(std::string_view name) const { return find_line(*this, sought_name(name)) != size(); }

fields& fields::add(std::string_view name, std::string_view value) {
  const sought_name sought(name);
  check_name(sought);
  access::add(*this, sought.id, name, checked_value(name, value));
  return *this;
}

fields& fields::set(std::string_view name, std::string_view value) {
  const sought_name sought(name);
  check_name(sought);
  value = checked_value(name, value);
  const std::size_t first = find_line(*this, sought);
  if (first == size()) {
    access::add(*this, sought.id, name, value);
    return *this;
  }
  // The other lines go first, since `set_value` may end the life of what `name` views; `value` stays, no text is moved by that.
  std::size_t kept = first + 1;
  for (std::size_t i = kept; i < size(); ++i) {
    if (!sought.is(*this, access::slot(*this, i))) access::mutable_slot(*this, kept++) = access::slot(*this, i);
  }
  access::truncate(*this, kept);
  access::set_value(*this, first, value);
  return *this;
}

std::size_t fields::remove(std::string_view name) {
  const sought_name sought(name);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!sought.is(*this, access::slot(*this, i))) access::mutable_slot(*this, kept++) = access::slot(*this, i);
  }
  const std::size_t removed = size() - kept;
  access::truncate(*this, kept);
  return removed;
}

void fields::clear() { access::clear(*this); }

bool operator==(const fields& a, const fields& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].value != b[i].value || !base::iequals(a[i].name, b[i].name)) return false;
  }
  return true;
}

}  // namespace parley
