// Passwords that are typed.
#pragma once

#include <string>

namespace parley::tool {

/// Asks on the terminal, without showing what is typed. Throws `refusal` where there is none.
[[nodiscard]] std::string ask_password(const std::string& prompt);

}  // namespace parley::tool
