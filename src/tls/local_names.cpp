#include "tls/local_names.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fstream>
#include <ifaddrs.h>
#include <linux/if.h>
#include <netinet/in.h>
#include <sstream>
#include <unistd.h>

namespace parley::tls {
namespace {

constexpr std::size_t most_addresses = 64;

std::string own_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

void add_ipv4(std::vector<std::string>& to) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_UP) == 0) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    const std::uint32_t bits = ntohl(address->sin_addr.s_addr);
    const bool link_local = (bits >> 16) == 0xa9fe;  // 169.254/16, RFC 3927
    if (link_local || (bits >> 24) == 127) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    to.emplace_back(inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()));
  }
  ::freeifaddrs(all);
}

// getifaddrs does not tell which addresses are temporary, Linux's list does: address, index, prefix, scope, flags, interface.
void add_ipv6(std::vector<std::string>& to) {
  constexpr unsigned global_scope = 0;
  constexpr unsigned temporary = 0x01;
  constexpr unsigned not_in_use = 0x08 | 0x20 | 0x40;  // a duplicate, deprecated, tentative
  std::ifstream list("/proc/net/if_inet6");
  std::string line;
  while (std::getline(list, line)) {
    std::istringstream fields(line);
    std::string digits;
    unsigned index = 0;
    unsigned prefix = 0;
    unsigned scope = 0;
    unsigned flags = 0;
    if (!(fields >> digits >> std::hex >> index >> prefix >> scope >> flags) || digits.size() != 32) continue;
    if (scope != global_scope || (flags & (temporary | not_in_use)) != 0) continue;
    std::string text;
    for (std::size_t i = 0; i < digits.size(); i += 4) text += (i > 0 ? ":" : "") + digits.substr(i, 4);
    in6_addr bits{};
    std::array<char, INET6_ADDRSTRLEN> shortest{};
    if (inet_pton(AF_INET6, text.c_str(), &bits) != 1) continue;
    to.emplace_back(inet_ntop(AF_INET6, &bits, shortest.data(), shortest.size()));
  }
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label,
                             [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

}  // namespace

std::vector<std::string> local_names() {
  std::vector<std::string> addresses;
  add_ipv4(addresses);
  add_ipv6(addresses);
  std::ranges::sort(addresses);
  if (addresses.size() > most_addresses) addresses.resize(most_addresses);
  return local_names(own_host_name(), addresses);
}

std::vector<std::string> local_names(std::string_view host, const std::vector<std::string>& addresses) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  const std::string full = base::to_lower(host);
  if (is_dns_name(full) && !full.starts_with('*')) {
    const std::string first = full.substr(0, full.find('.'));
    // A label alone may be a top-level domain, and a name constraint stands for all that lies below it.
    if (first != full) add(full);
    if (first != "localhost") add(first + ".local");  // RFC 6762 §3
  }
  for (const std::string& address : addresses) add(address);
  return names;
}

std::string address_bytes(std::string_view text) {
  const std::string terminated(text);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

bool is_dns_name(std::string_view text) {
  if (text.starts_with("*.")) {
    text.remove_prefix(2);
    if (text.find('.') == std::string_view::npos) return false;
  }
  if (text.empty() || text.size() > 253) return false;
  bool numeric = true;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    if (!is_label(label)) return false;
    numeric = std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    if (label.size() == text.size()) return !numeric;  // else it would look like an IPv4 address
    text.remove_prefix(label.size() + 1);
  }
}

}  // namespace parley::tls
