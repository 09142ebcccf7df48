// Why submitted form content is refused.
#pragma once

#include <cstdint>

namespace parley::semantics {

struct form_fault {
  std::uint16_t status = 400;  // 400: it breaks the grammar; 413: it has more than the caps allow
  const char* sentence = "";   // static

  bool operator==(const form_fault&) const = default;
};

}  // namespace parley::semantics
