#include "semantics/connection_options.hpp"

#include "base/ascii.hpp"

namespace parley::semantics {

connection_options parse_connection_options(const parley::fields& f) {
  connection_options options;
  const bool valid = for_each_connection_option(f, [&](std::string_view option) {
    if (base::iequals(option, "close")) {
      options.close = true;
    } else if (base::iequals(option, "keep-alive")) {
      options.keep_alive = true;
    } else if (base::iequals(option, "upgrade")) {
      options.upgrade = true;
    } else if (!base::is_token(option)) {
      options.valid = false;
    }
  });
  options.valid = options.valid && valid;
  return options;
}

bool has_connection_option(const parley::fields& f, std::string_view name) {
  bool found = false;
  for_each_connection_option(f, [&](std::string_view option) { found = found || base::iequals(option, name); });
  return found;
}

}  // namespace parley::semantics
