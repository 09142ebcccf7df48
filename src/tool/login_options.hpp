// Who logs in, at servers and at the proxy.
#pragma once

#include <parley/login.hpp>

#include "tool/agent_options.hpp"

#include <optional>
#include <string>

namespace parley::tool {

/// What -u, --bearer and their like say; none. Throws `refusal`. Asks for a password on the terminal where -u has none.
[[nodiscard]] std::optional<login> chosen_login(const agent_options& o);

/// The proxy's URL with the user of -U (`USER:PASSWORD`) in it. Throws `refusal`; asks as `chosen_login`.
[[nodiscard]] std::string with_proxy_user(const std::string& url, const std::string& written);

}  // namespace parley::tool
