// Comparison of secrets.
#pragma once

#include <string_view>

namespace parley::semantics {

/// Whether the texts are the same, in a time that depends on their lengths alone, not on where they differ. Secrets whose length is
/// one too are hashed first.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace parley::semantics
