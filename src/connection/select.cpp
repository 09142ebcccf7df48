#include "connection/select.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "semantics/base64url.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/field_name.hpp"
#include "semantics/list.hpp"

#include <algorithm>

namespace parley::connection {

using semantics::field_id;

first_bytes look_at_first_bytes(std::string_view received) {
  constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::size_t n = std::min(received.size(), preface.size());
  if (received.substr(0, n) != preface.substr(0, n)) return first_bytes::http1;
  return n == preface.size() ? first_bytes::http2 : first_bytes::undecided;
}

std::optional<std::string> h2c_settings(const semantics::request_head& head) {
  using access = parley::detail::fields_access;
  const parley::fields& f = head.fields;
  if (head.version != parley::version::http1_1 || access::find(f, field_id::upgrade) == nullptr) return std::nullopt;
  bool asked = false;
  // "h2" is for TLS, where it is settled by ALPN: ignored here (RFC 7540 §3.2).
  const bool valid = semantics::for_each_element(
      f, field_id::upgrade, [&](std::string_view protocol) { asked = asked || base::iequals(protocol, "h2c"); });
  if (!asked || !valid) return std::nullopt;
  // RFC 7540 §3.2.1: exactly one, and a connection option, so that nobody between forwards it blindly.
  if (access::count(f, field_id::http2_settings) != 1 || !semantics::has_connection_option(f, "HTTP2-Settings"))
    return std::nullopt;
  auto settings = semantics::decode_base64url(access::get(f, field_id::http2_settings));
  constexpr std::size_t setting = 6;  // RFC 9113 §6.5.1
  if (!settings || settings->size() % setting != 0) return std::nullopt;
  return settings;
}

std::uint64_t engine_seed(std::uint64_t connection) {
  return base::siphash13(base::process_hash_key(), {reinterpret_cast<const char*>(&connection), sizeof connection});
}

}  // namespace parley::connection
