#include <parley/uri.hpp>

#include <algorithm>
#include <limits>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/authority.hpp"

namespace parley {

// RFC 3986 §4.1, appendix A.
struct uri_parser {
  using result = std::expected<uri, uri_error>;

  explicit uri_parser(std::string_view input) : text(input) {}

  result reference() {
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) return fault(0, "The URI is longer than 4 GiB.");
    if (!scheme() || !authority() || !path() || !query() || !fragment()) return std::unexpected(error);
    parsed.text_ = text;
    return std::move(parsed);
  }

  result absolute() {
    auto whole = reference();
    if (!whole) return whole;
    if (!whole->is_absolute()) return fault(0, "A URI begins with a scheme, such as `https:`.");
    // RFC 9110 §4.2.1 and §4.2.2
    const bool needs_host = base::iequals(whole->scheme(), "http") || base::iequals(whole->scheme(), "https");
    if (needs_host && whole->host().empty()) {
      const std::size_t begin = whole->authority_.offset;
      return fault(begin != 0 ? begin : whole->scheme_.length + 1u, "An http or https URI needs a host after `//`.");
    }
    return whole;
  }

 private:
  std::unexpected<uri_error> fault(std::size_t position, const char* sentence) {
    error = {position, sentence};
    return std::unexpected(error);
  }
  bool fail(std::size_t position, const char* sentence) {
    error = {position, sentence};
    return false;
  }
  static uri::part part(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
  }

  bool scheme() {
    const std::size_t end = text.find_first_of(":/?#");
    if (end == text.npos || text[end] != ':') return true;
    // RFC 3986 §4.2: nor may a relative reference have a colon in its first segment.
    if (end == 0 || !base::is_alpha(text[0])) return fail(0, "The scheme does not begin with a letter.");
    for (std::size_t i = 0; i < end; ++i) {
      if (!base::is_class(text[i], base::class_scheme))
        return fail(i, "The scheme has a byte other than letters, digits, `+`, `-` and `.`.");
    }
    parsed.scheme_ = part(0, end);
    at = end + 1;
    return true;
  }

  bool authority() {
    if (!text.substr(at).starts_with("//")) return true;
    at += 2;
    const std::size_t end = std::min(text.find_first_of("/?#", at), text.size());
    const auto parts = semantics::parse_authority(text.substr(at, end - at));
    if (!parts) return fail(at + parts.error().position, parts.error().sentence);
    parsed.has_authority_ = true;
    parsed.authority_ = part(at, end);
    parsed.has_userinfo_ = parts->has_userinfo;
    parsed.userinfo_ = part(at, at + parts->userinfo.size());
    const std::size_t host = at + (parts->has_userinfo ? parts->userinfo.size() + 1 : 0);
    parsed.host_ = part(host, host + parts->host.size());
    parsed.port_ = parts->port;
    at = end;
    return true;
  }

  bool path() { return component(parsed.path_, "?#", "The path"); }

  bool query() {
    if (at == text.size() || text[at] != '?') return true;
    ++at;
    parsed.has_query_ = true;
    return component(parsed.query_, "#", "The query");
  }

  bool fragment() {
    if (at == text.size()) return true;
    ++at;
    parsed.has_fragment_ = true;
    return component(parsed.fragment_, "", "The fragment");
  }

  // pchar, `/` and `?`: the path's own end comes before a `?`.
  bool component(uri::part& where, std::string_view delimiters, std::string_view name) {
    const std::size_t end = delimiters.empty() ? text.size() : std::min(text.find_first_of(delimiters, at), text.size());
    const std::string_view piece = text.substr(at, end - at);
    std::size_t good = 0;
    while ((good += semantics::find_not_component(piece.substr(good), base::class_pchar)) < piece.size()) {
      if (piece[good] != '/' && piece[good] != '?') return fail(at + good, sentence_for(piece[good], name));
      ++good;
    }
    where = part(at, end);
    at = end;
    return true;
  }

  static const char* sentence_for(char c, std::string_view name) {
    if (c == '%') return "A percent sign is not followed by two hexadecimal digits.";
    if (name == "The path") return "The path has a byte that has to be percent-encoded.";
    if (name == "The query") return "The query has a byte that has to be percent-encoded.";
    return "The fragment has a byte that has to be percent-encoded.";
  }

  std::string_view text;
  std::size_t at = 0;
  uri parsed;
  uri_error error;
};

std::expected<uri, uri_error> uri::parse(std::string_view text) { return uri_parser(text).absolute(); }

std::expected<uri, uri_error> uri::parse_reference(std::string_view text) { return uri_parser(text).reference(); }

std::string_view uri::host_name() const {
  const std::string_view text = host();
  return text.starts_with('[') ? text.substr(1, text.size() - 2) : text;
}

std::optional<std::uint16_t> uri::effective_port() const { return port_ ? port_ : default_port(scheme()); }

std::string uri::host_and_port() const {
  std::string text(host());
  if (port_ && port_ != default_port(scheme())) {
    text += ':';
    base::append_decimal(text, *port_);
  }
  return text;
}

std::string uri::request_target() const {
  std::string target;
  target.reserve(path_.length + query_.length + 2);
  if (!path().starts_with('/')) target += '/';
  target += path();
  if (has_query_) {
    target += '?';
    target += query();
  }
  return target;
}

std::optional<std::uint16_t> default_port(std::string_view scheme) {
  struct known_scheme {
    std::string_view name;
    std::uint16_t port;
  };
  static constexpr known_scheme known[] = {{"https", 443}, {"http", 80}, {"wss", 443}, {"ws", 80}, {"ftp", 21}};
  for (const auto& [name, port] : known) {
    if (base::iequals(name, scheme)) return port;
  }
  return std::nullopt;
}

}  // namespace parley
