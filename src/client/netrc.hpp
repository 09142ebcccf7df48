// The file ~/.netrc: names and passwords by host, as ftp, curl and others read it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::fetching {

struct netrc_entry {
  std::string user;
  std::string password;
};

/// The entry for `host` (any case), else the `default` one. Words stand between white space, those in quotes may have some (`\"`, `\\`, `\n`);
/// `macdef` goes on until an empty line, `#` begins a comment at the beginning of a line.
[[nodiscard]] std::optional<netrc_entry> find_netrc(std::string_view text, std::string_view host);

}  // namespace parley::fetching
