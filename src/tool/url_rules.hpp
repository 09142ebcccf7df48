// What a person may write for a URL.
#pragma once

#include <parley/uri.hpp>

#include <string>
#include <string_view>

namespace parley::tool {

/// `localhost`, names below it, 127.0.0.0/8 and `[::1]`: this machine, where nobody listens in between.
[[nodiscard]] bool is_loopback(std::string_view host);

/// Whether it begins with a scheme. `localhost:8080/x` does not, although a URI's grammar has it so: what follows the colon is a port, and
/// nobody fetches a scheme without `//` here.
[[nodiscard]] bool has_scheme(std::string_view written);

/// The URL that `written` stands for: without a scheme it is http for this machine (`is_loopback`), but https on the ports 443 and
/// 8443, and for all others.
/// Without fragment and, unless `as_it_is`, without dot segments (RFC 3986 §5.2.4). Throws `refusal` (usage) that names what is wrong.
[[nodiscard]] uri complete_url(std::string_view written, bool as_it_is = false);

}  // namespace parley::tool
