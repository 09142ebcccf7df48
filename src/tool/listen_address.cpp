#include "tool/listen_address.hpp"

#include "tool/exit_code.hpp"
#include "trace/escape.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace parley::tool {

namespace {

[[noreturn]] void refuse_address(std::string_view option, std::string_view text, const std::string& why) {
  throw refusal(exit_usage, std::string(option) + " " + trace::printable(text) + ": " + why);
}

template <class Address>
bool is_address(int family, const std::string& text) {
  Address parsed{};
  return inet_pton(family, text.c_str(), &parsed) == 1;
}

}  // namespace

std::string listen_address::to_string() const {
  if (!unix_url.empty()) return unix_url;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string listen_address::url(std::string_view scheme) const {
  return unix_url.empty() ? std::string(scheme) + "://" + to_string() : unix_url;
}

listen_address parse_listen_address(std::string_view option, std::string_view text) {
  if (text == "unix:") refuse_address(option, text, "a path must follow, as in unix:/run/parley.sock");
  if (text.starts_with("unix:")) return {.host = {}, .port = 0, .unix_url = std::string(text)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    refuse_address(
        option, text,
        "give an address and a port, such as 127.0.0.1:8080 or [::1]:8080" + std::string(option == "--monitor" ? "" : ", or off"));
  }
  const std::string_view number = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) {
    refuse_address(option, text, "the port must be a number from 0 to 65535 (0 takes a free one)");
  }

  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (is_address<in6_addr>(AF_INET6, host)) return {host, port, {}};
  } else if (is_address<in_addr>(AF_INET, host)) {
    return {host, port, {}};
  }
  if (is_address<in6_addr>(AF_INET6, host)) refuse_address(option, text, "an IPv6 address stands in brackets, as in [::1]:8080");
  if (text.find("://") != std::string_view::npos)
    refuse_address(option, text, "an address and a port are wanted, without a scheme: 127.0.0.1:8080");
  if (host.empty()) refuse_address(option, text, "the address is missing; 127.0.0.1 is this machine, 0.0.0.0 is everywhere");
  refuse_address(option, text, "\"" + trace::printable(host) + "\" is no IP address; use one such as 127.0.0.1, 0.0.0.0 or [::1]");
}

}  // namespace parley::tool
