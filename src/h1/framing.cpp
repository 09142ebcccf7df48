#include "h1/framing.hpp"

#include <parley/status.hpp>

#include <string>

#include "base/ascii.hpp"
#include "h1/violations.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/content_length.hpp"
#include "semantics/list.hpp"
#include "semantics/plain_host.hpp"
#include "semantics/target.hpp"
#include "semantics/transfer_coding.hpp"

namespace parley::h1 {

namespace {

using access = parley::detail::fields_access;
using parley::detail::text_ref;
using semantics::field_id;
using problem = std::optional<engine::protocol_error>;

engine::protocol_error with_sentence(engine::protocol_error error, const char* sentence) {
  error.message = sentence;
  return error;
}

text_ref value_ref(const parley::fields& f, field_id id) {
  const auto* slot = access::find(f, id);
  return {slot->value_offset, slot->value_length};
}

// The slots stand behind the text in one block: up to them it can be read, whatever it holds.
const char* readable_end(const parley::fields& f) { return reinterpret_cast<const char*>(&access::slot(f, f.size() - 1)); }

problem read_connection(const parley::fields& f, const head_controls& seen, parley::version version, received_head& meaning) {
  semantics::connection_options options;
  if (seen.has(control::connection)) {
    const std::string_view only = access::view(f, value_ref(f, field_id::connection));
    // What browsers send, without taking a list apart.
    if (!seen.repeats(control::connection) && only == "keep-alive") {
      options.keep_alive = true;
    } else {
      options = semantics::parse_connection_options(f);
    }
    if (!options.valid) return violation::bad_connection_field;
  }
  meaning.persistent = !options.close && (version >= parley::http1_1 || options.keep_alive);
  meaning.upgrade = options.upgrade && seen.has(control::upgrade);
  return std::nullopt;
}

// RFC 9112 §6.1, §6.3, each doubt a refusal: who stands before us may have read it the other way.
problem read_framing(const parley::fields& f, const head_controls& seen, parley::version version, received_head& meaning) {
  if (seen.has(control::transfer_encoding)) {
    if (seen.has(control::content_length)) return violation::length_and_coding;
    if (version < parley::http1_1) return violation::coding_in_1_0;
    if (!semantics::is_exactly_chunked(f)) {
      auto codings = semantics::parse_transfer_encoding(f);
      if (!codings) return with_sentence(violation::bad_transfer_encoding, codings.error());
      for (std::size_t i = 0; i < codings->size; ++i) {
        if (codings->items[i] != semantics::transfer_coding::chunked) return violation::unknown_transfer_coding;
      }
      return violation::bad_transfer_encoding;
    }
    meaning.content = body::chunked;
    return std::nullopt;
  }
  if (seen.has(control::content_length)) {
    if (seen.repeats(control::content_length)) return violation::duplicate_content_length;
    auto length = semantics::agreed_content_length(f);
    if (!length) return with_sentence(violation::bad_content_length, length.error());
    meaning.length = length->value_or(0);
    meaning.content = body::length;
  }
  return std::nullopt;
}

problem read_expect(const parley::fields& f, const semantics::request_head& head, received_head& meaning) {
  // RFC 9110 §10.1.1: an expectation of HTTP/1.0 is ignored.
  if (head.version < parley::http1_1) return std::nullopt;
  bool other = false;
  const bool valid = semantics::for_each_element(f, field_id::expect, [&](std::string_view element) {
    if (base::iequals(element, "100-continue")) {
      meaning.expects_continue = true;
    } else {
      other = true;
    }
  });
  if (!valid || other) return violation::unknown_expectation;
  const bool has_content = meaning.content == body::chunked || meaning.length > 0;
  meaning.expects_continue = meaning.expects_continue && has_content;
  return std::nullopt;
}

// RFC 9112 §3.2: one valid Host in 1.1 whatever the target says; what the target says wins (§3.2.2).
problem read_host(semantics::request_head& head, const head_controls& seen) {
  if (seen.repeats(control::host)) return violation::duplicate_host;
  if (!seen.has(control::host)) return head.version >= parley::http1_1 ? problem(violation::missing_host) : std::nullopt;
  const text_ref value = value_ref(head.fields, field_id::host);
  if (const std::string_view text = access::view(head.fields, value); !semantics::is_plain_host(text, readable_end(head.fields))) {
    auto parsed = semantics::parse_host(text);
    if (!parsed) return with_sentence(violation::bad_host, parsed.error());
    if (parsed->kind == semantics::host_kind::empty) return violation::bad_host;
  }
  if (head.form != semantics::target_form::absolute && head.form != semantics::target_form::authority) head.authority_ref = value;
  return std::nullopt;
}

void take_target(const request_line& line, semantics::request_head& head) {
  const auto within = [&](text_ref part) { return text_ref{part.offset + line.target.offset, part.length}; };
  head.version = line.version;
  head.form = line.parts.form;
  head.target_ref = line.target;
  head.scheme_ref = within(line.parts.scheme);
  head.authority_ref = within(line.parts.authority);
  head.path_ref = within(line.parts.path);
  head.query_ref = within(line.parts.query);
  if (head.form == semantics::target_form::absolute && head.path_ref.length == 0) {
    head.path_ref = access::store(head.fields, "/");  // RFC 9110 §4.2.3
  }
}

}  // namespace

std::optional<engine::protocol_error> take_head(const head_parser& parser, std::string_view text, semantics::request_head& head,
                                                received_head& meaning) {
  const request_line& line = parser.request();
  head.method = line.method;
  access::assign(head.fields, text, parser.slots());
  take_target(line, head);
  if (line.version == parley::http0_9) return std::nullopt;

  const parley::fields& f = head.fields;
  const head_controls& seen = parser.controls();
  if (auto error = read_host(head, seen)) return error;
  if (auto error = read_connection(f, seen, head.version, meaning)) return error;
  if (auto error = read_framing(f, seen, head.version, meaning)) return error;
  if (meaning.content == body::length && meaning.length == 0) meaning.content = body::none;
  if (head.method == parley::method::connect && meaning.content != body::none) return violation::content_in_connect;
  return seen.has(control::expect) ? read_expect(f, head, meaning) : std::nullopt;
}

void take_head(const head_parser& parser, std::string_view text, semantics::response_head& head) {
  head.status = parser.status().status;
  head.version = parser.status().version;
  head.reason_ref = parser.status().reason;
  if (!parser.folded()) return access::assign(head.fields, text, parser.slots());
  // RFC 9112 §5.2: each fold becomes spaces. A CR LF that ends a line lies outside of all values, so all may be replaced.
  std::string unfolded(text);
  for (char& c : unfolded) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  access::assign(head.fields, unfolded, parser.slots());
}

std::optional<engine::protocol_error> response_framing(const semantics::response_head& head, const head_controls& seen,
                                                       parley::method::id request, received_head& meaning) {
  if (auto error = read_connection(head.fields, seen, head.version, meaning)) return error;
  // RFC 9112 §6.3, in its order.
  const int status = head.status;
  if (request == parley::method::id::head || status == 204 || status == 304 || is_informational(status)) return std::nullopt;
  if (request == parley::method::id::connect && status / 100 == 2) return std::nullopt;
  if (auto error = read_framing(head.fields, seen, head.version, meaning)) return error;
  if (meaning.content == body::none) {
    meaning.content = body::until_close;
    meaning.persistent = false;
  } else if (meaning.content == body::length && meaning.length == 0) {
    meaning.content = body::none;
  }
  return std::nullopt;
}

std::optional<engine::protocol_error> check_trailers(const parley::fields& trailers) {
  for (const field_id id : {field_id::content_length, field_id::transfer_encoding, field_id::host}) {
    if (access::find(trailers, id) != nullptr) return violation::forbidden_trailer;
  }
  return std::nullopt;
}

}  // namespace parley::h1
