// Where the values of the configuration file stand in it: what is wrong with one is said by file and line, whoever finds it.
#pragma once

#include "tool/exit_code.hpp"

#include <string>
#include <vector>

namespace parley::tool {

/// A value that the configuration file gave.
struct config_value {
  std::string key;
  std::string value;  // as it is checked; empty where only the key is told
  std::string where;  // `parley.toml line 3`
};

/// A refusal that is about a value from the configuration file begins with the file and the line, and with the key in place of the option: by the
/// option that its sentence begins with (`--rate-limit takes ...`), else by `refusal::about`. Where that names several, the value must stand in the
/// sentence. Any other stays as it is.
[[nodiscard]] refusal where_it_stands(const std::vector<config_value>& from_file, const refusal& wrong);

/// Runs `f`, whose refusals become `where_it_stands`.
template <class F>
auto named_where_it_stands(const std::vector<config_value>& from_file, F&& f) {
  try {
    return f();
  } catch (const refusal& wrong) {
    throw where_it_stands(from_file, wrong);
  }
}

}  // namespace parley::tool
