// The request-target (RFC 9112 §3.2) and the Host field (RFC 9110 §7.2).
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "semantics/authority.hpp"

namespace parley::semantics {

/// The four forms of a request-target (RFC 9112 §3.2).
enum class target_form : std::uint8_t { origin, absolute, authority, asterisk };

/// Where the parts stand within the target. A part that is absent has length 0.
struct parsed_target {
  target_form form = target_form::origin;
  parley::detail::text_ref scheme;     // absolute-form
  parley::detail::text_ref authority;  // absolute-form, authority-form
  parley::detail::text_ref path;       // begins with `/`; `*` in asterisk-form; empty in authority-form, and in absolute-form when
                                       // the target has none: the path is then `/` (RFC 9110 §4.2.3)
  parley::detail::text_ref query;      // after the `?`
};

/// Takes a request-target apart, or says in one sentence why it is none for that method.
///
/// Origin-form begins with `/`; `*` is for OPTIONS alone; CONNECT takes `host:port` and nothing else, with a port from 1 to 65535;
/// absolute-form has an authority, and in http and https a host and no userinfo (RFC 9110 §4.2). Control characters, spaces, `#`
/// and bytes from 0x7f are refused everywhere. Other visible bytes pass in path and query, since browsers send `|` or `"` as they
/// are; percent-escapes are not looked at, whoever decodes them refuses bad ones.
[[nodiscard]] std::expected<parsed_target, const char*> parse_target(const parley::method& method, std::string_view target);

/// A valid `uri-host [ ":" port ]`.
struct parsed_host {
  host_kind kind = host_kind::empty;
  std::string_view host;              // as it stands in the text
  std::optional<std::uint16_t> port;  // absent also after a bare `:`
};

/// A Host field's value, or the authority of an absolute-form without userinfo; a sentence says what is wrong with it.
[[nodiscard]] std::expected<parsed_host, const char*> parse_host(std::string_view value);

/// One spelling for equal authorities (RFC 9110 §4.2.3): the host in lower case with needless escapes decoded, IPv6 as in RFC 5952,
/// without the default port of `scheme`. An authority that `parse_host` refuses comes back as it is.
[[nodiscard]] std::string normalized_authority(std::string_view authority, std::string_view scheme);

}  // namespace parley::semantics
