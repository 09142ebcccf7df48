#include "semantics/target.hpp"

#include <parley/uri.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "base/scan.hpp"
#include "semantics/authority.hpp"

namespace parley::semantics {
namespace {

using target_result = std::expected<parsed_target, const char*>;

parley::detail::text_ref piece(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

const char* sentence_for_byte(char c) {
  if (c == '#') return "The request-target has a fragment.";
  if (c == ' ') return "The request-target has a space.";
  if (static_cast<unsigned char>(c) >= 0x80) return "The request-target has a byte beyond ASCII.";
  return "The request-target has a control character.";
}

// Path and query begin at `path`, up to the end.
void split_query(parsed_target& parts, std::string_view target, std::size_t path) {
  const std::size_t mark = target.find('?', path);
  if (mark == target.npos) {
    parts.path = piece(path, target.size());
    return;
  }
  parts.path = piece(path, mark);
  parts.query = piece(mark + 1, target.size());
}

// RFC 9112 §3.2.3, RFC 9110 §9.3.6: host and port, neither empty.
target_result parse_authority_form(std::string_view target) {
  const auto authority = parse_authority(target);
  if (!authority) return std::unexpected(authority.error().sentence);
  if (authority->has_userinfo) return std::unexpected("The target of CONNECT has userinfo.");
  if (authority->host.empty()) return std::unexpected("The target of CONNECT has no host.");
  if (!authority->port || *authority->port == 0) return std::unexpected("The target of CONNECT has no port from 1 to 65535.");
  parsed_target parts;
  parts.form = target_form::authority;
  parts.authority = piece(0, target.size());
  return parts;
}

// RFC 9112 §3.2.2
target_result parse_absolute_form(std::string_view target) {
  std::size_t colon = 0;
  while (colon < target.size() && base::is_class(target[colon], base::class_scheme)) ++colon;
  if (!base::is_alpha(target[0]) || !target.substr(colon).starts_with("://")) {
    return std::unexpected("The request-target neither begins with `/` nor is a URI with a scheme and an authority.");
  }
  const std::size_t begin = colon + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  const auto authority = parse_authority(target.substr(begin, end - begin));
  if (!authority) return std::unexpected(authority.error().sentence);
  // RFC 9110 §4.2.1 and §4.2.4 ask for both in http and https, the schemes that arrive here.
  if (authority->host.empty()) return std::unexpected("The URI in the request-target has no host.");
  if (authority->has_userinfo) return std::unexpected("The URI in the request-target has userinfo.");

  parsed_target parts;
  parts.form = target_form::absolute;
  parts.scheme = piece(0, colon);
  parts.authority = piece(begin, end);
  split_query(parts, target, end);
  return parts;
}

}  // namespace

target_result parse_target(const parley::method& method, std::string_view target) {
  if (target.empty()) return std::unexpected("The request-target is empty.");
  if (const std::size_t bad = base::find_not_target(target); bad != target.size())
    return std::unexpected(sentence_for_byte(target[bad]));
  if (method.which() == parley::method::id::connect) return parse_authority_form(target);
  if (target[0] == '/') {
    parsed_target parts;
    split_query(parts, target, 0);
    return parts;
  }
  if (target != "*") return parse_absolute_form(target);
  if (method.which() != parley::method::id::options) return std::unexpected("The request-target `*` is for OPTIONS alone.");
  parsed_target parts;
  parts.form = target_form::asterisk;
  parts.path = piece(0, 1);
  return parts;
}

std::expected<parsed_host, const char*> parse_host(std::string_view value) {
  const auto authority = parse_authority(value);
  if (!authority) return std::unexpected(authority.error().sentence);
  if (authority->has_userinfo) return std::unexpected("The host has userinfo.");
  if (authority->kind == host_kind::empty && authority->has_port) return std::unexpected("There is a port and no host.");
  return parsed_host{authority->kind, authority->host, authority->port};
}

std::string normalized_authority(std::string_view authority, std::string_view scheme) {
  const auto host = parse_host(authority);
  if (!host) return std::string(authority);
  std::string text;
  append_normalized_host(text, host->host, host->kind);
  if (host->port && host->port != default_port(scheme)) {
    text += ':';
    base::append_decimal(text, *host->port);
  }
  return text;
}

}  // namespace parley::semantics
