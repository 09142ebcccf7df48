#include "semantics/pseudo.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "semantics/content_length.hpp"
#include "semantics/list.hpp"
#include "semantics/plain_host.hpp"
#include "semantics/target.hpp"

namespace parley::semantics {

namespace {

using pseudo_access = parley::detail::fields_access;
using parley::detail::field_slot;
using parley::detail::text_ref;

// What a known field asks for besides being kept.
enum line_action : std::uint8_t { plain, refuse, forbid, te, content_length, cookie, host, expect, priority_field };

// One row of actions for each kind of section, by tag.
using action_row = std::array<std::uint8_t, field_id_count>;
constexpr auto line_actions = [] {
  std::array<action_row, 3> rows{};
  const auto set = [&](field_id id, line_action request, line_action response, line_action trailers) {
    rows[0][static_cast<std::size_t>(id)] = request;
    rows[1][static_cast<std::size_t>(id)] = response;
    rows[2][static_cast<std::size_t>(id)] = trailers;
  };
  // RFC 9113 §8.2.2; TE is a request's (RFC 9110 §10.1.4).
  set(field_id::connection, refuse, refuse, refuse);
  set(field_id::proxy_connection, refuse, refuse, refuse);
  set(field_id::keep_alive, refuse, refuse, refuse);
  set(field_id::transfer_encoding, refuse, refuse, refuse);
  set(field_id::upgrade, refuse, refuse, refuse);
  set(field_id::te, te, refuse, refuse);
  // RFC 9110 §6.5.1, as in HTTP/1.
  set(field_id::content_length, content_length, content_length, forbid);
  set(field_id::host, host, plain, forbid);
  set(field_id::cookie, cookie, plain, plain);
  set(field_id::expect, expect, plain, plain);
  set(field_id::priority, priority_field, priority_field, plain);
  return rows;
}();

bool has_outer_space(std::string_view value) {
  return !value.empty() && (base::is_ows(value.front()) || base::is_ows(value.back()));
}

bool is_scheme(std::string_view text) {
  return !text.empty() && base::is_alpha(text[0]) && base::all_of_class(text, base::class_scheme);
}

// RFC 9110 §7.8: protocol-name [ "/" protocol-version ]
bool is_protocol(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return base::is_token(text);
  return base::is_token(text.substr(0, slash)) && base::is_token(text.substr(slash + 1));
}

text_ref within(text_ref whole, text_ref part) { return {whole.offset + part.offset, part.length}; }

}  // namespace

// --- lines ---------------------------------------------------------------------------------------------------------------------

// However large a head may be, a block takes it, with its cookies twice.
field_section::field_section(kind what, const section_caps& caps) : caps_(caps), lines_(caps.expected), kind_(what) {
  constexpr std::size_t most = std::size_t{1} << 29;
  caps_.size = std::min(caps_.size, most);
}

void field_section::fail(const malformed& fault) {
  fault_ = fault;
  if (kind_ == kind::response) fault_.status = 0;
  failed_ = true;
}

void field_section::fail(malformed fault, const char* sentence) {
  fault.message = sentence;
  fail(fault);
}

void field_section::fail_name(name_tag tag) { fail(tag == uppercase_name ? fault::uppercase_field_name : fault::bad_field_name); }

void field_section::fail_size() { fail(caps_.trailers ? fault::trailers_too_large : fault::head_too_large); }

void field_section::fail_count() { fail(caps_.trailers ? fault::too_many_trailers : fault::too_many_fields); }

void field_section::add(name_tag tag, std::string_view name, std::string_view value) {
  if (failed_) [[unlikely]]
    return;
  const std::size_t length = name.size() + value.size();
  size_ += length + line_overhead;
  if (size_ > caps_.size) [[unlikely]]
    return fail_size();
  if (tag >= first_pseudo_tag) [[unlikely]] {
    if (tag >= first_invalid_tag) return fail_name(tag);
    return add_pseudo(static_cast<pseudo_field>(tag - first_pseudo_tag), value);
  }
  regular_ = true;
  // The number of lines is kept in 16 bits, and so is a name's length.
  if (++count_ > std::min<std::size_t>(caps_.count, UINT16_MAX)) [[unlikely]]
    return fail_count();
  if (length > caps_.line || name.size() > UINT16_MAX) [[unlikely]]
    return fail(fault::field_line_too_long);
  if (has_outer_space(value)) [[unlikely]]
    return fail(fault::space_around_value);
  const std::uint8_t action = line_actions[static_cast<std::size_t>(kind_)][tag];
  if (action != plain && !prepare_special(action, value)) return;
  if (!lines_.append(tag, name, value)) [[unlikely]]
    return fail(fault::bad_field_value);
}

// Whether the line is to be kept as a line of its own.
bool field_section::prepare_special(std::uint8_t action, std::string_view value) {
  switch (static_cast<line_action>(action)) {
    case refuse: fail(fault::connection_field); return false;
    case forbid: fail(fault::forbidden_trailer); return false;
    case te:
      if (base::iequals(value, "trailers")) return true;
      fail(fault::bad_te);
      return false;
    case content_length:
      if (has_length_) fail(fault::duplicate_content_length);
      has_length_ = true;
      return !failed_;
    case host:
      if (has_host_) fail(fault::duplicate_host);
      has_host_ = true;
      return !failed_;
    case cookie: return !extends_cookie(value);
    case expect: has_expect_ = true; return true;
    case priority_field: facts_.has_priority = true; return true;
    case plain: break;
  }
  return true;
}

// RFC 9113 §8.2.3: the pieces of a cookie make one line. Those that follow each other are joined at once, others at the end.
bool field_section::extends_cookie(std::string_view value) {
  if (cookies_ > 0 && lines_.last().id == tag_of(field_id::cookie)) {
    // An empty piece would leave a space at the end of the value.
    if (value.empty()) return true;
    if (!lines_.extend(lines_.last().value_length == 0 ? "" : "; ", value)) fail(fault::bad_field_value);
    return true;
  }
  ++cookies_;
  return false;
}

void field_section::add_pseudo(pseudo_field f, std::string_view value) {
  if (kind_ == kind::trailers) return fail(fault::pseudo_field_in_trailers);
  if (f == pseudo_field::unknown || (f == pseudo_field::status) != (kind_ == kind::response))
    return fail(fault::unknown_pseudo_field);
  if (regular_) return fail(fault::late_pseudo_field);
  pseudo_text& text = pseudo_[static_cast<std::size_t>(f)];
  if (text.present) return fail(fault::duplicate_pseudo_field);
  if (f == pseudo_field::path) {
    if (value.size() > caps_.target) return fail(fault::path_too_long);
  } else if (value.size() > caps_.line) {
    return fail(fault::field_line_too_long);
  }
  if (!lines_.store(value, text.where)) return fail(fault::bad_field_value);
  text.present = true;
}

// --- the end of a section ------------------------------------------------------------------------------------------------------

void field_section::finish_fields(parley::fields& out) {
  lines_.give(out);
  if (cookies_ > 1) join_cookies(out);
  if (!has_length_) return;
  const auto length = agreed_content_length(out);
  if (!length) return fail(fault::bad_content_length, length.error());
  facts_.content_length = *length;
}

void field_section::join_cookies(parley::fields& f) {
  constexpr auto id = static_cast<std::uint16_t>(field_id::cookie);
  // What is stored one after the other lies side by side.
  text_ref joined;
  const auto put = [&](std::string_view text) {
    const text_ref at = pseudo_access::store(f, text);
    if (joined.length == 0) joined.offset = at.offset;
    joined.length += at.length;
  };
  std::size_t kept = 0;
  field_slot* first = nullptr;
  const std::size_t lines = f.size();
  for (std::size_t i = 0; i < lines; ++i) {
    const field_slot s = pseudo_access::slot(f, i);
    if (s.id != id || s.value_length == 0) continue;
    if (joined.length != 0) put("; ");
    put(pseudo_access::value(f, s));
  }
  for (std::size_t i = 0; i < lines; ++i) {
    const field_slot s = pseudo_access::slot(f, i);
    if (s.id == id && first != nullptr) continue;
    field_slot& to = pseudo_access::mutable_slot(f, kept++);
    to = s;
    if (s.id != id) continue;
    first = &to;
    first->value_offset = joined.offset;
    first->value_length = joined.length;
  }
  pseudo_access::truncate(f, kept);
}

// --- requests ------------------------------------------------------------------------------------------------------------------

std::expected<request_head, malformed> request_fields::finish() {
  std::expected<request_head, malformed> result;
  if (!failed_) {
    result->version = rules_.version;
    finish_fields(result->fields);
    read(*result);
  }
  if (failed_) [[unlikely]]
    result = std::unexpected(fault_);
  return result;
}

void request_fields::read(request_head& head) {
  if (failed_) return;
  const pseudo_text& name = text_of(pseudo_field::method);
  if (!name.present) return fail(fault::missing_method);
  const std::string_view text = pseudo_access::view(head.fields, name.where);
  const auto method = parley::method::parse(text);
  if (!method) return fail(base::is_token(text) ? fault::unknown_long_method : fault::bad_method);
  head.method = *method;

  const bool connect = method->which() == parley::method::id::connect;
  const pseudo_text& protocol = text_of(pseudo_field::protocol);
  if (protocol.present) {
    if (!rules_.extended_connect) return fail(fault::unknown_pseudo_field);
    if (!connect) return fail(fault::protocol_without_connect);
    if (!is_protocol(pseudo_access::view(head.fields, protocol.where))) return fail(fault::bad_protocol);
    head.protocol_ref = protocol.where;
  }
  if (connect && !protocol.present) {
    read_connect(head);
  } else {
    read_target(head);
  }
  if (failed_) return;
  read_host(head);
  if (failed_) return;
  if (connect && facts_.content_length.value_or(0) > 0) return fail(fault::content_in_connect);
  if (has_expect_) read_expect(head.fields);
}

// RFC 9113 §8.5
void request_fields::read_connect(request_head& head) {
  if (text_of(pseudo_field::scheme).present || text_of(pseudo_field::path).present) return fail(fault::bad_connect);
  const pseudo_text& authority = text_of(pseudo_field::authority);
  if (!authority.present) return fail(fault::bad_connect);
  const auto target = parse_target(head.method, pseudo_access::view(head.fields, authority.where));
  if (!target) return fail(fault::bad_connect_authority, target.error());
  head.form = target_form::authority;
  head.target_ref = head.authority_ref = authority.where;
}

namespace {

// The slots stand behind the text in one block: up to them it can be read, whatever it holds.
bool has_plain_authority(const request_head& head) {
  const std::string_view authority = head.authority();
  const parley::fields& f = head.fields;
  if (!f.empty()) return is_plain_host(authority, reinterpret_cast<const char*>(&pseudo_access::slot(f, f.size() - 1)));
  std::array<char, 16> room{};
  if (authority.size() > room.size()) return false;
  std::ranges::copy(authority, room.begin());
  return is_plain_host({room.data(), authority.size()}, room.data() + room.size());
}

}  // namespace

// RFC 9113 §8.3.1, RFC 8441 §4
void request_fields::read_target(request_head& head) {
  const pseudo_text& scheme = text_of(pseudo_field::scheme);
  if (!scheme.present) return fail(fault::missing_scheme);
  const std::string_view scheme_text = pseudo_access::view(head.fields, scheme.where);
  if (scheme_text != rules_.scheme || rules_.scheme.empty()) [[unlikely]] {
    if (!is_scheme(scheme_text)) return fail(fault::bad_scheme);
    if (!rules_.scheme.empty() && !base::iequals(scheme_text, rules_.scheme)) return fail(fault::wrong_scheme);
  }
  head.scheme_ref = scheme.where;

  const pseudo_text& path = text_of(pseudo_field::path);
  if (!path.present) return fail(fault::missing_path);
  // The path of an extended CONNECT is like that of a GET.
  const bool connect = head.method.which() == parley::method::id::connect;
  const auto target = parse_target(connect ? parley::method::get : head.method, pseudo_access::view(head.fields, path.where));
  if (!target) return fail(fault::bad_path, target.error());
  if (target->form == target_form::absolute) return fail(fault::bad_path, "The :path does not begin with `/`.");
  head.form = target->form;
  head.target_ref = path.where;
  head.path_ref = within(path.where, target->path);
  if (target->query.offset != 0) head.query_ref = within(path.where, target->query);

  const pseudo_text& authority = text_of(pseudo_field::authority);
  if (!authority.present) {
    if (!has_host_) fail(fault::missing_authority);
    return;
  }
  head.authority_ref = authority.where;
  if (has_plain_authority(head)) return;
  const auto host = parse_host(head.authority());
  if (!host) return fail(fault::bad_authority, host.error());
  if (host->kind == host_kind::empty) return fail(fault::bad_authority);
}

// It may stand for `:authority`, and must say the same.
void request_fields::read_host(request_head& head) {
  if (!has_host_) return;
  const field_slot& slot = *pseudo_access::find(head.fields, field_id::host);
  const std::string_view value = pseudo_access::value(head.fields, slot);
  const std::string_view authority = head.authority();
  if (!authority.empty() && value == authority) return;
  const auto host = parse_host(value);
  if (!host) return fail(fault::bad_host, host.error());
  if (host->kind == host_kind::empty) return fail(fault::bad_host);
  if (authority.empty()) {
    head.authority_ref = {slot.value_offset, slot.value_length};
  } else if (!base::iequals(value, authority) &&
             normalized_authority(value, head.scheme()) != normalized_authority(authority, head.scheme())) {
    fail(fault::host_differs);
  }
}

// As in HTTP/1.
void request_fields::read_expect(const parley::fields& f) {
  bool other = false;
  const bool valid = for_each_element(f, field_id::expect, [&](std::string_view element) {
    if (base::iequals(element, "100-continue")) {
      facts_.expects_continue = true;
    } else {
      other = true;
    }
  });
  if (!valid || other) return fail(fault::unknown_expectation);
  if (facts_.content_length == 0U) facts_.expects_continue = false;
}

// --- responses, trailers -------------------------------------------------------------------------------------------------------

std::expected<response_head, malformed> response_fields::finish() {
  std::expected<response_head, malformed> result;
  if (!failed_) {
    result->version = version_;
    finish_fields(result->fields);
    if (!failed_) read_status(*result);
  }
  if (failed_) [[unlikely]]
    result = std::unexpected(fault_);
  return result;
}

void response_fields::read_status(response_head& head) {
  const pseudo_text& status = text_of(pseudo_field::status);
  if (!status.present) return fail(fault::missing_status);
  const std::string_view digits = pseudo_access::view(head.fields, status.where);
  if (digits.size() != 3 || !base::all_of_class(digits, base::class_digit) || digits[0] == '0') return fail(fault::bad_status);
  head.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  if (head.status == 101) fail(fault::switching_protocols);
}

std::expected<parley::fields, malformed> trailer_fields::finish() {
  std::expected<parley::fields, malformed> result;
  if (!failed_) finish_fields(*result);
  if (failed_) [[unlikely]]
    result = std::unexpected(fault_);
  return result;
}

}  // namespace parley::semantics
