// Which proxy a URL is to be asked through, if any.
#pragma once

#include "client/plan.hpp"

#include <parley/uri.hpp>

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace parley::fetching {

/// What `http://user:password@host:port` says: without a scheme it is http, without a port 1080 is not guessed but 80 or 443. The error is a
/// sentence that shows no password.
[[nodiscard]] std::expected<proxy_way, std::string> parse_proxy(std::string_view url);

/// Whether `list` (hosts, domains with or without a leading dot, addresses, CIDR blocks, `*`; each maybe with a port) has this host.
[[nodiscard]] bool bypasses_proxy(std::string_view list, std::string_view host, std::uint16_t port);

/// The value of a variable of the environment; nothing when it is not there or empty.
using environment_reader = std::function<std::optional<std::string>(const char* name)>;

/// The proxy for `url`, by the options or by the environment; empty: none. A proxy that only the environment names may be wrong.
[[nodiscard]] std::string proxy_for(const uri& url, const detail::agent_settings& asked, const environment_reader& environment);

}  // namespace parley::fetching
