// Building one URI from another: normalisation (RFC 3986 §6) and reference resolution (§5).
#include <parley/uri.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/authority.hpp"

namespace parley {
namespace {

// RFC 3986 §5.3
struct uri_pieces {
  std::string_view scheme;
  bool has_authority = false;
  std::string_view authority;
  std::string path;
  bool has_query = false;
  std::string_view query;
  bool has_fragment = false;
  std::string_view fragment;

  [[nodiscard]] std::string compose() const {
    std::string text;
    text.reserve(scheme.size() + authority.size() + path.size() + query.size() + fragment.size() + 8);
    if (!scheme.empty()) {
      text += scheme;
      text += ':';
    }
    if (has_authority) {
      text += "//";
      text += authority;
    } else if (path.starts_with("//")) {
      // RFC 3986 §3.3: would be read as an authority. A dot segment changes nothing but that.
      text += "/.";
    }
    text += path;
    if (has_query) {
      text += '?';
      text += query;
    }
    if (has_fragment) {
      text += '#';
      text += fragment;
    }
    return text;
  }
};

uri parse_composed(const uri_pieces& pieces) {
  auto result = uri::parse_reference(pieces.compose());
  return result ? *std::move(result) : uri();  // pieces of valid URIs make a valid one
}

// RFC 3986 §5.2.3
std::string merged_path(const uri& base_uri, std::string_view path) {
  if (base_uri.has_authority() && base_uri.path().empty()) return "/" + std::string(path);
  const std::size_t slash = base_uri.path().rfind('/');
  return std::string(base_uri.path().substr(0, slash == std::string_view::npos ? 0 : slash + 1)).append(path);
}

std::string normal_escapes(std::string_view text) {
  std::string normal;
  normal.reserve(text.size());
  semantics::append_normalized_escapes(normal, text);
  return normal;
}

std::string normal_authority(const uri& from, std::string_view scheme) {
  std::string normal;
  if (from.has_userinfo()) {
    semantics::append_normalized_escapes(normal, from.userinfo());
    normal += '@';
  }
  semantics::append_normalized_host(normal, from.host(),
                                    from.host().starts_with('[') ? semantics::host_kind::ipv6 : semantics::host_kind::name);
  if (from.port() && from.port() != default_port(scheme)) {
    normal += ':';
    base::append_decimal(normal, *from.port());
  }
  return normal;
}

}  // namespace

std::string remove_dot_segments(std::string_view in) {
  std::string out;
  out.reserve(in.size());
  while (!in.empty()) {
    if (in.starts_with("../")) {
      in.remove_prefix(3);
    } else if (in.starts_with("./") || in.starts_with("/./")) {
      in.remove_prefix(2);
    } else if (in == "/.") {
      in = "/";
    } else if (in.starts_with("/../") || in == "/..") {
      in = in.size() == 3 ? std::string_view("/") : in.substr(3);
      const std::size_t slash = out.rfind('/');
      out.resize(slash == out.npos ? 0 : slash);
    } else if (in == "." || in == "..") {
      break;
    } else {
      const std::size_t end = std::min(in.find('/', 1), in.size());
      out += in.substr(0, end);
      in.remove_prefix(end);
    }
  }
  return out;
}

uri uri::resolve(const uri& reference) const {
  uri_pieces target;
  target.scheme = reference.is_absolute() ? reference.scheme() : scheme();
  target.has_fragment = reference.has_fragment();
  target.fragment = reference.fragment();

  const bool own_path = reference.is_absolute() || reference.has_authority() || !reference.path().empty();
  const uri& authority_from = reference.is_absolute() || reference.has_authority() ? reference : *this;
  target.has_authority = authority_from.has_authority();
  target.authority = authority_from.authority();

  if (!own_path) {
    target.path = path();
  } else if (reference.is_absolute() || reference.has_authority() || reference.path().starts_with('/')) {
    target.path = remove_dot_segments(reference.path());
  } else {
    target.path = remove_dot_segments(merged_path(*this, reference.path()));
  }

  const uri& query_from = own_path || reference.has_query() ? reference : *this;
  target.has_query = query_from.has_query();
  target.query = query_from.query();
  return parse_composed(target);
}

std::expected<uri, uri_error> uri::resolve(std::string_view reference) const {
  auto parsed = parse_reference(reference);
  if (!parsed) return parsed;
  return resolve(*parsed);
}

uri uri::without_fragment() const {
  if (!has_fragment_) return *this;
  uri_pieces pieces{scheme(), has_authority_, authority(), std::string(path()), has_query_, query(), false, {}};
  return parse_composed(pieces);
}

uri uri::normalized() const {
  const std::string lower_scheme = base::to_lower(scheme());
  const std::string new_authority = normal_authority(*this, lower_scheme);
  const std::string new_query = normal_escapes(query());
  const std::string new_fragment = normal_escapes(fragment());
  uri_pieces pieces{lower_scheme, has_authority_, new_authority, normal_escapes(path()),
                    has_query_,   new_query,      has_fragment_, new_fragment};
  // Leading dot segments of a relative reference have a meaning.
  if (is_absolute() || pieces.path.starts_with('/')) pieces.path = remove_dot_segments(pieces.path);
  // RFC 9110 §4.2.3
  if (pieces.path.empty() && has_authority_ && default_port(lower_scheme)) pieces.path = "/";
  return parse_composed(pieces);
}

}  // namespace parley
