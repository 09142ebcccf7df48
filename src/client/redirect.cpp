#include "client/redirect.hpp"

#include "base/ascii.hpp"

#include <parley/idn.hpp>

#include <array>

namespace parley::fetching {

namespace {

bool is_uri_byte(char c) {
  constexpr std::string_view others = "-._~:/?#[]@!$&'()*+,;=";
  return base::is_alpha(c) || base::is_digit(c) || others.find(c) != others.npos;
}

// The host of a Location in UTF-8, as browsers read it. What is no name stays, and is refused where it is asked.
std::string with_name_in_ascii(std::string_view text) {
  const std::size_t mark = text.find("//");
  const bool absolute = mark == 0 || (mark != text.npos && mark > 1 && text.find_first_of(":/?#") == mark - 1);
  if (!absolute) return std::string(text);
  const std::size_t begin = mark + 2;
  const std::string_view host = text.substr(begin, text.find_first_of(":/?#@", begin) - begin);
  const auto ascii = ascii_host(host);
  if (!ascii) return std::string(text);
  return std::string(text.substr(0, begin)) + *ascii + std::string(text.substr(begin + host.size()));
}

// As browsers read it: blanks around it do not count, what no URI may have is escaped, bytes of UTF-8 too.
std::string escaped_location(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '%' && i + 2 < text.size() && base::hex_value(text[i + 1]) >= 0 && base::hex_value(text[i + 2]) >= 0;
    if (is_uri_byte(c) || escape) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

std::expected<uri, std::string> follow_location(const uri& base, std::string_view location) {
  while (location.starts_with(' ') || location.starts_with('\t')) location.remove_prefix(1);
  while (location.ends_with(' ') || location.ends_with('\t')) location.remove_suffix(1);
  auto reference = uri::parse_reference(escaped_location(with_name_in_ascii(location)));
  if (!reference) return std::unexpected(std::string("it is no URL: ") + reference.error().sentence);
  uri target = base.resolve(*reference);
  if (!base::iequals(target.scheme(), "http") && !base::iequals(target.scheme(), "https")) {
    return std::unexpected("its scheme is " + std::string(target.scheme()) + ", but only http and https are spoken here");
  }
  if (target.host().empty()) return std::unexpected(std::string("it names no host"));
  if (target.has_userinfo())
    return std::unexpected(std::string("it has a user or a password in it, which belongs in no URL (RFC 9110 §4.2.4)"));
  if (target.port() == 0) return std::unexpected(std::string("it names port 0"));
  if (!reference->has_fragment() && base.has_fragment()) {
    if (auto with = uri::parse(target.to_string() + "#" + std::string(base.fragment()))) target = std::move(*with);
  }
  return target;
}

method redirected_method(const method& before, int status) {
  if (status == 303) return before == method::head ? method(method::head) : method(method::get);
  if ((status == 301 || status == 302) && before == method::post) return method::get;
  return before;
}

std::string origin_name(const uri& of) {
  std::string name = base::to_lower(of.scheme()) + "://" + base::to_lower(of.host());
  if (name.ends_with('.')) name.pop_back();
  return name + ":" + std::to_string(of.effective_port().value_or(0));
}

bool same_origin(const uri& a, const uri& b) { return origin_name(a) == origin_name(b); }

void strip_redirected(fields& of, bool content_dropped, bool other_origin) {
  if (content_dropped) {
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Digest",
                             "Repr-Digest", "Content-Disposition", "Digest", "Expect", "Trailer"}) {
      of.remove(name);
    }
  }
  if (other_origin) {
    for (const char* name : {"Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Host", "Origin", "Referer"})
      of.remove(name);
  }
}

}  // namespace parley::fetching
