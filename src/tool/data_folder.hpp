// The folder for what must last, of --data.
#pragma once

#include <optional>
#include <string>

namespace parley::tool {

/// What --data says, else the library's default. Throws `refusal` (usage) for an empty name, (local) when there is no home.
[[nodiscard]] std::string data_folder_of(const std::optional<std::string>& data);

}  // namespace parley::tool
