#include "server/form_builder.hpp"

#include "base/ascii.hpp"
#include "semantics/escape.hpp"

#include <parley/media_type.hpp>
#include <parley/response.hpp>

#include <array>
#include <limits>
#include <utility>

namespace parley::detail {

namespace {

constexpr std::size_t spool_piece = 128 * 1024;

// What a message says of a name from a peer.
std::string quoted_field(std::string_view name) {
  std::string text = "\"";
  semantics::append_printable(text, name.substr(0, 64));
  return text + "\"";
}

enum class form_charset { utf8, windows1252, unknown };

// The Encoding standard's labels of what browsers have sent forms in, besides UTF-8: latin 1 means windows-1252.
form_charset charset_named(std::string_view label) {
  if (base::iequals(label, "utf-8") || base::iequals(label, "utf8") || base::iequals(label, "unicode-1-1-utf-8"))
    return form_charset::utf8;
  for (const std::string_view known : {"windows-1252", "iso-8859-1", "us-ascii", "ascii", "latin1", "cp1252", "iso8859-1", "l1"}) {
    if (base::iequals(label, known)) return form_charset::windows1252;
  }
  return form_charset::unknown;
}

void append_utf8(std::string& out, unsigned c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

std::string from_windows1252(std::string_view text) {
  constexpr std::array<unsigned, 32> high{0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                          0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                          0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
  std::string utf8;
  for (const char each : text) {
    const auto c = static_cast<unsigned char>(each);
    append_utf8(utf8, c >= 0x80 && c < 0xa0 ? high[c - 0x80U] : c);
  }
  return utf8;
}

semantics::urlencoded_caps pair_caps(const form_options& how) {
  semantics::urlencoded_caps caps;
  caps.pairs = how.fields();
  caps.name = how.name_bytes();
  caps.value = how.text_bytes();  // `field_bytes` is looked at here, where the field can be named
  caps.total = std::min<std::uint64_t>(how.total_bytes(), 3 * static_cast<std::uint64_t>(how.text_bytes()) + 2 * how.fields() + 2);
  return caps;
}

semantics::multipart_caps part_caps(const form_options& how) {
  semantics::multipart_caps caps;
  caps.parts = how.fields();
  caps.head = how.part_head_bytes();
  caps.total = how.total_bytes();
  return caps;
}

}  // namespace

uploaded_file form_access::make(std::string name, std::string sent_name, std::string type) {
  uploaded_file made;
  made.name_ = std::move(name);
  made.sent_name_ = std::move(sent_name);
  made.content_type_ = std::move(type);
  return made;
}

form_builder::form_builder(std::string_view content_type, const form_options& how, bool may_write)
    : how_(how), may_write_(may_write) {
  const auto type = media_type::parse(content_type);
  if (type && type->essence() == "application/x-www-form-urlencoded") {
    pairs_.emplace(pair_caps(how));
  } else if (type && type->essence() == "multipart/form-data") {
    const auto boundary = semantics::boundary_of(content_type, "multipart/form-data");
    if (!boundary) refuse(400, "The Content-Type multipart/form-data needs a valid boundary.");
    parts_.emplace(*boundary, part_caps(how));
  } else {
    problem_error refused(415, "A form is wanted here: application/x-www-form-urlencoded or multipart/form-data.");
    refused.header("Accept", "application/x-www-form-urlencoded, multipart/form-data");
    throw refused;
  }
}

void form_builder::refuse(int status, std::string detail, std::string_view field) const {
  problem what = problem(status).detail(std::move(detail));
  if (!field.empty()) what.extension_text("field", field.substr(0, 256));
  throw problem_error(std::move(what));
}

void form_builder::check(const std::optional<semantics::form_fault>& fault) const {
  if (fault)
    refuse(fault->status, std::string(fault->sentence), file_ ? file_->name() : field_ ? field_->name : std::string_view());
}

// Also what stands behind the last boundary.
void form_builder::count(std::size_t bytes) {
  total_ += bytes;
  if (total_ > how_.total_bytes()) {
    refuse(413, "The form is larger than the " + std::to_string(how_.total_bytes()) + " bytes allowed.");
  }
}

form_builder::step form_builder::feed(std::string_view& bytes) {
  if (pairs_) {
    feed_pairs(bytes);
    bytes = {};
    return step::need_more;
  }
  if (std::exchange(ending_, false)) end_part();
  for (;;) {
    switch (parts_->next(bytes)) {
      case semantics::multipart_event::head: begin_part(); break;
      case semantics::multipart_event::data:
        if (take_data(parts_->data())) return step::write;
        break;
      case semantics::multipart_event::part_end:
        if (spooled_ && !form_access::content(*file_).empty()) {
          ending_ = true;
          return step::write;
        }
        end_part();
        break;
      case semantics::multipart_event::need_more:
      case semantics::multipart_event::end: return step::need_more;
      case semantics::multipart_event::fault: check(parts_->fault()); break;
    }
  }
}

void form_builder::feed_pairs(std::string_view bytes) {
  check(pairs_->receive(bytes));
  take_pairs();
}

void form_builder::take_pairs() {
  while (auto pair = pairs_->next()) add_field(std::move(pair->name), std::move(pair->value), {});
}

void form_builder::begin_part() {
  semantics::form_part_caps caps;
  caps.name = how_.name_bytes();
  caps.file_name = 4 * how_.name_bytes();
  auto part = semantics::read_form_part(parts_->head(), caps);
  if (!part) check(part.error());
  if (part->file_name) {
    if (made_.files().size() >= how_.files() && !part->file_name->empty()) {
      refuse(413, "The form has more than the " + std::to_string(how_.files()) + " files that are allowed.", part->name);
    }
    file_.emplace(form_access::make(std::move(part->name), *std::move(part->file_name), std::move(part->content_type)));
    spooled_ = false;
    return;
  }
  const auto type = media_type::parse(part->content_type);
  field_charset_ = type && type->type() == "text" ? std::string(type->get("charset").value_or("")) : std::string();
  field_.emplace(form_field{std::move(part->name), {}});
}

/// True when what has come is to be written.
bool form_builder::take_data(std::string_view data) {
  if (field_) {
    if (data.size() > how_.field_bytes() - std::min(how_.field_bytes(), field_->value.size())) {
      refuse(413,
             "The field " + quoted_field(field_->name) + " is longer than the " + std::to_string(how_.field_bytes()) +
                 " bytes allowed.",
             field_->name);
    }
    if (data.size() + field_->value.size() + text_ > how_.text_bytes()) {
      refuse(413, "The fields of the form are more than the " + std::to_string(how_.text_bytes()) + " bytes allowed.",
             field_->name);
    }
    field_->value += data;
    return false;
  }
  std::uint64_t& size = form_access::size(*file_);
  if (data.size() > how_.file_bytes() - size) {
    refuse(413,
           "The file of the field " + quoted_field(file_->name()) + " is larger than the " + std::to_string(how_.file_bytes()) +
               " bytes allowed.",
           file_->name());
  }
  size += data.size();
  std::string& content = form_access::content(*file_);
  content += data;
  if (spooled_) return content.size() >= spool_piece;
  in_memory_ += data.size();
  if (!may_write_ || in_memory_ <= how_.memory()) return false;
  in_memory_ -= content.size();
  spooled_ = true;
  return true;
}

bool form_builder::end_part() {
  if (field_) {
    add_field(std::move(field_->name), std::move(field_->value), field_charset_);
    field_.reset();
    return true;
  }
  // HTML: where no file was chosen, a part without a name and without content comes.
  const bool chosen = !file_->sent_name().empty() || file_->size() != 0;
  if (chosen) {
    if (made_.files().size() >= how_.files()) {
      refuse(413, "The form has more than the " + std::to_string(how_.files()) + " files that are allowed.", file_->name());
    }
    for (const std::string_view name : {std::string_view(file_->name()), std::string_view(file_->sent_name())}) {
      if (!semantics::is_utf8(name)) refuse(422, "A file's name or its field's is no UTF-8.");
    }
    form_access::files(made_).push_back(std::move(*file_));
  }
  file_.reset();
  return true;
}

void form_builder::add_field(std::string name, std::string value, std::string_view charset) {
  if (value.size() > how_.field_bytes()) {
    refuse(413, "The field " + quoted_field(name) + " is longer than the " + std::to_string(how_.field_bytes()) + " bytes allowed.",
           name);
  }
  text_ += name.size() + value.size();
  if (text_ > how_.text_bytes()) {
    refuse(413, "The fields of the form are more than the " + std::to_string(how_.text_bytes()) + " bytes allowed.", name);
  }
  form_access::fields(made_).push_back({std::move(name), std::move(value)});
  charsets_.emplace_back(charset);
}

std::string form_builder::to_write() { return std::exchange(form_access::content(*file_), std::string()); }

void form_builder::finish() {
  if (pairs_) {
    check(pairs_->finish());
    take_pairs();
  } else {
    if (std::exchange(ending_, false)) end_part();
    check(parts_->finish());
  }
  convert_charsets();
}

// HTML and RFC 7578 §4.6: a field `_charset_` says what the others are in.
void form_builder::convert_charsets() {
  std::string whole_form;
  for (const form_field& f : made_.fields()) {
    if (f.name == "_charset_" && whole_form.empty()) whole_form = f.value;
  }
  auto& fields = form_access::fields(made_);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& label = charsets_[i].empty() ? whole_form : charsets_[i];
    const form_charset in = label.empty() ? form_charset::utf8 : charset_named(label);
    if (in == form_charset::unknown) {
      refuse(415, "The form is in a charset that is not known here: " + quoted_field(label) + ". Send UTF-8.", fields[i].name);
    }
    for (std::string* text : {&fields[i].name, &fields[i].value}) {
      if (in == form_charset::windows1252) {
        *text = from_windows1252(*text);
      } else if (!semantics::is_utf8(*text)) {
        refuse(422, "The field " + quoted_field(fields[i].name) + " is no valid UTF-8.",
               semantics::is_utf8(fields[i].name) ? fields[i].name : "");
      }
    }
  }
}

form form_builder::take() { return std::move(made_); }

}  // namespace parley::detail
