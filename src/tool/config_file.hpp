// The configuration file: TOML, with the long options' names as its keys.
#pragma once

#include "tool/serve_options.hpp"

#include <string>
#include <string_view>

namespace parley::tool {

/// Sets those of `options` that are not set yet. `name` is for messages, and what it is in: relative paths count from the folder
/// of the file. Throws `refusal` (usage) that names file and line for a text that is no TOML, an unknown key, or a value of the
/// wrong type.
void apply_config(serve_options& options, std::string_view text, const std::string& name);

/// The same from a file. Throws `refusal` (local) when it cannot be read.
void apply_config_file(serve_options& options, const std::string& path);

}  // namespace parley::tool
