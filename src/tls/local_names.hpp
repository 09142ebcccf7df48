// What this machine is called, as far as it knows by itself: no name server is asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::tls {

/// `localhost`, the loopback addresses, the host's full name (one without a dot is left out), its first label with `.local`, and
/// the addresses of its interfaces that last: neither link-local nor temporary ones (RFC 8981), at most 64. No name twice.
[[nodiscard]] std::vector<std::string> local_names();
/// The same for a host of this name with these addresses.
[[nodiscard]] std::vector<std::string> local_names(std::string_view host, const std::vector<std::string>& addresses);

/// The bytes of an IPv4 or IPv6 address (4 or 16); empty when `text` is none.
[[nodiscard]] std::string address_bytes(std::string_view text);
/// Letters, digits and hyphens in labels (RFC 952, RFC 1123 §2.1), in lower case; perhaps
/// behind `*.`, and then at least two: `*.localhost` is taken by hardly anybody, and with name constraints Firefox takes it for a
/// reason to refuse the whole certificate.
[[nodiscard]] bool is_dns_name(std::string_view text);

}  // namespace parley::tls
