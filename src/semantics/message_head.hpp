// The head of a request or a response, the same in every version; its text lies in the fields' block.
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>
#include <parley/version.hpp>

#include "semantics/fields_access.hpp"
#include "semantics/ready_lines.hpp"
#include "semantics/target.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace parley::semantics {

struct request_head {
  parley::method method;
  parley::version version = parley::version::http1_1;
  target_form form = target_form::origin;
  // All pieces lie in the text of `fields`; use the accessors.
  parley::detail::text_ref target_ref;  // as received: `/a?b`, `http://h/a?b`, `h:80`, `*`
  parley::detail::text_ref
      authority_ref;                   // from the target, else Host (RFC 9112 §3.2.2), without userinfo; empty when there is none
  parley::detail::text_ref path_ref;   // path without query, still percent-encoded; `*` for asterisk form; empty for authority form
  parley::detail::text_ref query_ref;  // without `?`
  parley::detail::text_ref scheme_ref;  // from absolute-form or `:scheme`; empty otherwise
  parley::fields fields;
  parley::detail::text_ref protocol_ref{};  // from `:protocol` (extended CONNECT, RFC 8441 §4); empty otherwise

  [[nodiscard]] std::string_view target() const { return parley::detail::fields_access::view(fields, target_ref); }
  [[nodiscard]] std::string_view authority() const { return parley::detail::fields_access::view(fields, authority_ref); }
  [[nodiscard]] std::string_view path() const { return parley::detail::fields_access::view(fields, path_ref); }
  [[nodiscard]] std::string_view query() const { return parley::detail::fields_access::view(fields, query_ref); }
  [[nodiscard]] std::string_view scheme() const { return parley::detail::fields_access::view(fields, scheme_ref); }
  [[nodiscard]] std::string_view protocol() const { return parley::detail::fields_access::view(fields, protocol_ref); }
};

struct response_head {
  int status = 200;
  parley::version version = parley::version::http1_1;
  parley::detail::text_ref reason_ref;  // as received over HTTP/1; empty elsewhere
  parley::fields fields;
  /// More lines, which follow `fields`; null where there are none. They outlive the call that the head is for.
  std::array<const parley::detail::ready_lines*, 2> ready{};

  [[nodiscard]] std::string_view reason() const { return parley::detail::fields_access::view(fields, reason_ref); }
};

/// A copy with all lines in `fields`: for those who look on.
[[nodiscard]] response_head whole_head(const response_head& head);

}  // namespace parley::semantics
