// SQLite's result codes in our words.
#pragma once

#include <parley/store.hpp>

#include <string>
#include <string_view>

namespace parley::store {

/// `code` is extended; `system_errno` is that of the failed call beneath it, 0 when unknown.
[[nodiscard]] store_error::kind kind_of(int code, int system_errno);

/// A message such as `/data/db: cannot write: database is locked; another program …`. `reason` empty: SQLite's text for the code.
[[nodiscard]] store_error make_error(int code, int system_errno, const std::string& file, std::string_view doing,
                                     std::string_view reason = {});
/// One of ours, with no code of SQLite's.
[[nodiscard]] store_error make_error(store_error::kind kind, const std::string& file, std::string_view doing,
                                     std::string_view reason);

}  // namespace parley::store
