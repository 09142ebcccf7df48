#include "semantics/boundary.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"

namespace parley::semantics {

std::string make_boundary(base::random_source& random) {
  std::string text = "parley-";
  base::append_hex(text, random.next());
  text += '-';
  base::append_hex(text, random.next());
  return text;
}

bool is_boundary(std::string_view text) {
  if (text.empty() || text.size() > max_boundary || text.back() == ' ') return false;
  for (const char c : text) {
    if (!base::is_alpha(c) && !base::is_digit(c) && std::string_view("'()+_,-./:=? ").find(c) == std::string_view::npos)
      return false;
  }
  return true;
}

}  // namespace parley::semantics
