#include "semantics/conditional.hpp"

#include <parley/date.hpp>

#include "base/ascii.hpp"
#include "semantics/fields_access.hpp"

namespace parley::semantics {

namespace {

using lines_of = parley::detail::fields_access;

// RFC 9110 §8.8.3: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE. There are no escapes in it, and a comma may stand between the quotes.
std::size_t entity_tag_length(std::string_view text) {
  std::size_t at = text.starts_with("W/") ? 2 : 0;
  if (at == text.size() || text[at] != '"') return 0;
  for (++at; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"') return at + 1;
    if (c < 0x21 || c == 0x7f) return 0;
  }
  return 0;
}

bool is_weak(std::string_view tag) { return tag.starts_with("W/"); }
std::string_view opaque(std::string_view tag) { return is_weak(tag) ? tag.substr(2) : tag; }

using comparison = bool (*)(std::string_view, std::string_view);

bool line_matches(std::string_view value, std::string_view tag, comparison equal, bool coded) {
  if (value == tag) return equal(value, tag);  // the one tag that nearly every client sends
  while (true) {
    while (!value.empty() && (base::is_ows(value.front()) || value.front() == ',')) value.remove_prefix(1);
    const std::size_t length = entity_tag_length(value);
    if (length == 0) return false;
    if (equal(value.substr(0, length), tag)) return true;
    if (coded && equal(plain_tag(value.substr(0, length)), tag)) return true;
    value.remove_prefix(length);
  }
}

// Whether the field names the representation: by `*`, or in any of its lines.
bool names(const parley::fields& f, field_id id, const validators& of, comparison equal) {
  const std::string_view tag = of.entity_tag;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = lines_of::slot(f, i);
    if (slot.id != static_cast<std::uint16_t>(id)) continue;
    const std::string_view value = base::trim_ows(lines_of::value(f, slot));
    if (value == "*" || (!tag.empty() && line_matches(value, tag, equal, of.coded))) return true;
  }
  return false;
}

// §13.1.5: by exact match, of a tag that is not weak or of a date that is a strong validator; true where there is none.
bool if_range_holds(const parley::fields& f, const validators& of) {
  const std::size_t lines = lines_of::count(f, field_id::if_range);
  if (lines == 0) return true;
  if (lines > 1) return false;
  const std::string_view value = base::trim_ows(lines_of::get(f, field_id::if_range));
  if (value.substr(0, 3).find('"') != value.npos) return !of.entity_tag.empty() && strongly_equal(value, of.entity_tag);
  if (!of.modified || !of.strong_date) return false;
  if (!of.modified_text.empty()) return value == of.modified_text;
  return value == format_date(*of.modified);
}

// The date that the one line of that name says; §13.1.3: a list, or what is no date, counts as nothing.
std::optional<bool> is_newer(const parley::fields& f, field_id id, const validators& of, std::chrono::sys_seconds now) {
  if (!of.modified || lines_of::count(f, id) != 1) return std::nullopt;
  const std::string_view text = lines_of::get(f, id);
  if (!of.modified_text.empty() && text == of.modified_text) return false;
  const auto date = parse_date(text, now);
  if (!date) return std::nullopt;
  return *of.modified > *date;
}

}  // namespace

bool weakly_equal(std::string_view a, std::string_view b) { return opaque(a) == opaque(b); }
bool strongly_equal(std::string_view a, std::string_view b) { return a == b && !is_weak(a); }
bool is_entity_tag(std::string_view text) { return !text.empty() && entity_tag_length(text) == text.size(); }

std::string coded_tag(std::string_view tag, coding::content_coding with) {
  std::string coded(tag.substr(0, tag.size() - 1));
  return coded.append("-").append(coding::name_of(with)).append("\"");
}

std::string plain_tag(std::string_view tag) {
  for (const std::string_view end : {"-gzip\"", "-br\"", "-zstd\""}) {
    if (tag.ends_with(end)) return std::string(tag.substr(0, tag.size() - end.size())).append("\"");
  }
  return std::string(tag);
}

bool has_preconditions(const parley::fields& request) {
  for (std::size_t i = 0; i < request.size(); ++i) {
    switch (static_cast<field_id>(lines_of::slot(request, i).id)) {
      case field_id::if_match:
      case field_id::if_none_match:
      case field_id::if_modified_since:
      case field_id::if_unmodified_since:
      case field_id::range: return true;
      default: break;
    }
  }
  return false;
}

precondition evaluate_preconditions(const parley::fields& request, bool reads, const validators& of, std::chrono::sys_seconds now) {
  const auto has = [&](field_id id) { return lines_of::find(request, id) != nullptr; };
  if (has(field_id::if_match)) {
    if (!of.exists || !names(request, field_id::if_match, of, strongly_equal)) return precondition::failed;
  } else if (has(field_id::if_unmodified_since)) {
    if (is_newer(request, field_id::if_unmodified_since, of, now).value_or(false)) return precondition::failed;
  }
  if (has(field_id::if_none_match)) {
    // RFC 9111 §4.3.4: a 304 must name the very representation that is stored, or a cache gives one in a coding to who takes none.
    validators exactly = of;
    exactly.coded = of.coded && !reads;
    if (!of.exists || !names(request, field_id::if_none_match, exactly, weakly_equal)) return precondition::proceed;
    return reads ? precondition::not_modified : precondition::failed;
  }
  if (reads && has(field_id::if_modified_since)) {
    if (!is_newer(request, field_id::if_modified_since, of, now).value_or(true)) return precondition::not_modified;
  }
  return precondition::proceed;
}

bool guards_update(const parley::fields& request) {
  const auto has = [&](field_id id) { return lines_of::find(request, id) != nullptr; };
  return has(field_id::if_match) || has(field_id::if_unmodified_since) || has(field_id::if_none_match);
}

precondition evaluate_preconditions(const parley::method& of_request, const parley::fields& request, const validators& of,
                                    std::chrono::sys_seconds now) {
  if (of_request == method::connect || of_request == method::options || of_request == method::trace) return precondition::proceed;
  const bool gets = of_request == method::get;
  const precondition result = evaluate_preconditions(request, gets || of_request == method::head, of, now);
  if (result != precondition::proceed || !gets || !of.exists) return result;
  if (lines_of::count(request, field_id::range) != 1) return result;
  return if_range_holds(request, of) ? precondition::ranges : result;
}

}  // namespace parley::semantics
