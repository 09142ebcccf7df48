#include "tool/data_folder.hpp"

#include <parley/ca.hpp>

#include "tool/exit_code.hpp"

#include <cstdlib>
#include <string_view>

namespace parley::tool {

std::string data_folder_of(const std::optional<std::string>& data) {
  if (data && data->empty()) throw refusal(exit_usage, "--data needs a folder's name");
  if (data) return *data;
  // systemd.exec(5), StateDirectory=: a service's own folder; with several, the first.
  if (const char* state = std::getenv("STATE_DIRECTORY"); state != nullptr && state[0] == '/') {
    const std::string_view folders(state);
    return std::string(folders.substr(0, folders.find(':')));
  }
  try {
    return certificate_authority::default_data_folder();
  } catch (const ca_error&) {
    throw refusal(exit_local, "there is no home folder to keep data in; give one with --data DIR");
  }
}

}  // namespace parley::tool
