#include "tool/url_rules.hpp"

#include <parley/idn.hpp>

#include "tool/exit_code.hpp"
#include "trace/escape.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace parley::tool {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

[[noreturn]] void refuse_url(std::string_view written, const std::string& why) {
  throw refusal(exit_usage, "\"" + trace::display_url(written, false) + "\" is no URL: " + why);
}

/// The parser's sentence as a part of ours, with the place in what was written; `added` is the length of what we put in front.
[[noreturn]] void refuse_syntax(std::string_view written, const uri_error& error, std::size_t added) {
  std::string why = error.sentence;
  if (why.ends_with('.')) why.pop_back();
  if (why.size() > 1 && (why[1] == ' ' || std::islower(static_cast<unsigned char>(why[1])))) why[0] = lower(why.substr(0, 1))[0];
  const std::size_t place = error.position - std::min(error.position, added);
  refuse_url(written, why + " (character " + std::to_string(place + 1) + ")");
}

void refuse_unsupported_scheme(const uri& url) {
  const std::string scheme = lower(url.scheme());
  if (scheme == "http" || scheme == "https") return;
  const std::string shown = trace::display_url(url.to_string(), false);
  throw refusal(exit_usage, shown + ": the scheme is " + scheme + ", but parley speaks http and https");
}

// Without a scheme, too, the password is not shown.
[[noreturn]] void refuse_userinfo(std::string_view written, std::size_t begin, std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = std::min(authority.find(':'), at);
  const std::string shown =
      std::string(written.substr(0, begin + colon)) + (colon < at ? ":[hidden]" : "") + std::string(written.substr(begin + at));
  refuse_url(shown, "user and password do not belong in a URL; log in with -u USER");
}

/// A name beyond ASCII as DNS has it.
std::string with_ascii_host(std::string_view written, std::size_t begin, std::string_view host) {
  const auto ascii = ascii_host(host);
  if (!ascii) refuse_url(written, "its host is no name: " + ascii.error());
  return std::string(written.substr(0, begin)) + *ascii + std::string(written.substr(begin + host.size()));
}

}  // namespace

bool has_scheme(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos || mark == 0) return false;
  return std::ranges::all_of(text.substr(0, mark),
                             [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_loopback(std::string_view host) {
  std::string name = lower(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.ends_with('.')) name.pop_back();
  if (name == "localhost" || name.ends_with(".localhost")) return true;  // RFC 6761 §6.3
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

uri complete_url(std::string_view written, bool as_it_is) {
  if (written.empty()) throw refusal(exit_usage, "the URL is empty");
  const std::size_t begin = has_scheme(written) ? written.find("://") + 3 : 0;
  const std::string_view authority = written.substr(begin, written.find_first_of("/?#", begin) - begin);
  if (authority.find('@') != std::string_view::npos) refuse_userinfo(written, begin, authority);
  if (authority.starts_with('[') && authority.substr(0, authority.find(']')).find('%') != std::string_view::npos)
    refuse_url(written, "an IPv6 address has no zone in a URL (RFC 3986 §3.2.2); leave out what stands behind %");
  const std::string_view host = authority.substr(0, authority.find(':'));
  if (std::ranges::any_of(host, [](unsigned char c) { return c >= 0x80; }))
    return complete_url(with_ascii_host(written, begin, host), as_it_is);
  // A bare IPv6 address cannot be told from a host and a port.
  if (std::ranges::count(written.substr(0, written.find('/')), ':') > 1 && !written.starts_with('[') && !has_scheme(written)) {
    refuse_url(written, "an IPv6 address stands in brackets, as in [::1]:8080");
  }
  if (!has_scheme(written)) {
    const std::size_t colon = authority.find(':');
    if (colon != std::string_view::npos && colon + 1 == authority.size() && !authority.starts_with('['))
      refuse_url(written, "behind the colon stands a port, as in localhost:8080, or //, as in http://localhost/");
  }
  constexpr std::string_view plain = "http://";
  std::string text(written);
  if (!has_scheme(written)) {
    const auto guess = uri::parse(std::string(plain) + text);
    if (!guess) refuse_syntax(written, guess.error(), plain.size());
    const bool secure_port = guess->port() == 443 || guess->port() == 8443;  // 8443 is where `demo` and `serve` have it
    text.insert(0, is_loopback(guess->host()) && !secure_port ? plain : "https://");
  }
  auto parsed = uri::parse(text);
  if (!parsed) refuse_syntax(written, parsed.error(), text.size() - written.size());
  refuse_unsupported_scheme(*parsed);
  if (parsed->host().empty()) refuse_url(written, "it names no host");
  if (parsed->port() == 0) refuse_url(written, "port 0 cannot be connected to");
  if (!as_it_is) parsed = parsed->resolve(*parsed);
  return parsed->has_fragment() ? parsed->without_fragment() : std::move(*parsed);
}

}  // namespace parley::tool
