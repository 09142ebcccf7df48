// limits by name, as the command line (`--limit head_time=5s`) and the configuration file (its table `limits`) say them.
#pragma once

#include <parley/limits.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace parley::tool {

/// Sets one member of `to`. `value`: a size in bytes or with KiB or MiB behind it, a number, a time as `500ms`, `10s`, `2min`, or
/// `true` and `false`. Throws `refusal` (usage) that begins with `where`.
void set_limit(limits& to, std::string_view name, std::string_view value, const std::string& where);

/// The same from one text `NAME=VALUE`.
void set_limit(limits& to, std::string_view assignment, const std::string& where);

/// All names, as `limits` has them.
[[nodiscard]] std::vector<std::string> limit_names();

}  // namespace parley::tool
