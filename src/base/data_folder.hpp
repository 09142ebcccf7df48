// Where a user's data lies when nobody says otherwise.
#pragma once

#include <optional>
#include <string>

namespace parley::base {

/// `$XDG_DATA_HOME/parley`, else `~/.local/share/parley`; it need not be there. Nothing when the user has no home. Any thread, as
/// long as none changes the environment.
[[nodiscard]] std::optional<std::string> default_data_folder();

}  // namespace parley::base
