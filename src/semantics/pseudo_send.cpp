#include "semantics/pseudo_send.hpp"

#include <array>

#include "base/ascii.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/list.hpp"
#include "semantics/target.hpp"

namespace parley::semantics {

namespace {

using send_access = parley::detail::fields_access;

constexpr std::uint8_t sent_as_it_is = 0;
constexpr std::uint8_t never_sent = 1;
constexpr std::uint8_t sent_if_trailers = 2;   // TE
constexpr std::uint8_t sent_in_responses = 3;  // Host

constexpr auto sending_rules = [] {
  std::array<std::uint8_t, field_id_count> rules{};
  const auto set = [&](field_id id, std::uint8_t rule) { rules[static_cast<std::size_t>(id)] = rule; };
  for (const field_id id : {field_id::content_length, field_id::transfer_encoding, field_id::connection, field_id::keep_alive,
                            field_id::proxy_connection, field_id::upgrade, field_id::http2_settings}) {
    set(id, never_sent);
  }
  set(field_id::te, sent_if_trailers);
  set(field_id::host, sent_in_responses);
  return rules;
}();

bool is_uri_scheme(std::string_view text) {
  return !text.empty() && base::is_alpha(text[0]) && base::all_of_class(text, base::class_scheme);
}

std::string_view piece_of(std::string_view text, parley::detail::text_ref where) { return text.substr(where.offset, where.length); }

// Path and query of an absolute-form, which has an authority.
void split_absolute(const request_head& head, std::string_view target, const parsed_target& parts, request_pseudo& out) {
  const std::size_t end = parts.authority.offset + parts.authority.length;
  out.authority = piece_of(target, parts.authority);
  out.path = target.substr(end);
  if (out.path.starts_with('/')) return;
  // RFC 9113 §8.3.1: a URI without a path has the path `/`, and `*` for OPTIONS.
  if (!out.path.empty()) {
    out.slash = true;
  } else {
    out.path = head.method.which() == parley::method::id::options ? "*" : "/";
  }
}

}  // namespace

request_pseudo request_pseudo_fields(const request_head& head, std::string_view scheme) {
  request_pseudo out;
  const auto refuse = [&](sendable why) {
    out.result = why;
    return out;
  };
  out.method = head.method.name();
  if (!base::is_token(out.method)) return refuse(sendable::bad_method);
  out.protocol = head.protocol();
  const bool connect = head.method.which() == parley::method::id::connect;
  if (!out.protocol.empty() && !connect) return refuse(sendable::bad_protocol);

  const std::string_view target = head.target();
  out.authority = head.authority();
  if (out.authority.empty()) out.authority = send_access::get(head.fields, field_id::host);
  if (connect && out.protocol.empty()) {
    // RFC 9113 §8.5
    if (!target.empty()) out.authority = target;
    if (!parse_target(head.method, out.authority)) return refuse(sendable::bad_authority);
    return out;
  }

  out.scheme = scheme;
  if (!is_uri_scheme(scheme)) return refuse(sendable::bad_scheme);
  const auto parts = parse_target(connect ? parley::method::get : head.method, target);
  if (!parts) return refuse(sendable::bad_target);
  out.path = target;
  if (parts->form == target_form::absolute) {
    if (connect) return refuse(sendable::bad_target);
    out.scheme = piece_of(target, parts->scheme);
    split_absolute(head, target, *parts, out);
    return out;
  }
  const auto host = parse_host(out.authority);
  if (!host || host->kind == host_kind::empty) return refuse(sendable::bad_authority);
  return out;
}

line_filter::line_filter(const parley::fields& f, kind what)
    : kind_(what), options_(send_access::find(f, field_id::connection) != nullptr) {}

line_filter::line line_filter::read(const parley::fields& f, std::size_t index) {
  const parley::detail::field_slot& slot = send_access::slot(f, index);
  const std::string_view value = send_access::value(f, slot);
  if (options_) [[unlikely]] {
    if (has_connection_option(f, send_access::name(f, slot)) && slot.id != tag_of(field_id::te)) return {};
  }
  if (slot.id == 0) return read_other(send_access::name(f, slot), value);
  const auto id = static_cast<field_id>(slot.id);
  if (sending_rules[slot.id] != sent_as_it_is) return read_special(f, id, value);
  return {slot.id, name_of(id), value};
}

line_filter::line line_filter::read_special(const parley::fields& f, field_id id, std::string_view value) const {
  const std::uint8_t rule = sending_rules[static_cast<std::size_t>(id)];
  if (rule == sent_in_responses && kind_ == kind::response) return {tag_of(id), name_of(id), value};
  if (rule != sent_if_trailers || kind_ != kind::request) return {};
  // One line for all of them.
  if (send_access::value(f, *send_access::find(f, id)).data() != value.data()) return {};
  bool trailers = false;
  for_each_element(f, id, [&](std::string_view element) { trailers = trailers || base::iequals(element, "trailers"); });
  return trailers ? line{tag_of(id), name_of(id), "trailers"} : line{};
}

line_filter::line line_filter::read_other(std::string_view name, std::string_view value) {
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      lower_.assign(name);
      for (char& letter : lower_) letter = base::to_lower(letter);
      return {other_name, lower_, value};
    }
  }
  return {other_name, name, value};
}

}  // namespace parley::semantics
