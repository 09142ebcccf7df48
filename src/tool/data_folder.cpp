#include "tool/data_folder.hpp"

#include <parley/ca.hpp>

#include "tool/exit_code.hpp"

namespace parley::tool {

std::string data_folder_of(const std::optional<std::string>& data) {
  if (data && data->empty()) throw refusal(exit_usage, "--data needs a folder's name");
  if (data) return *data;
  try {
    return certificate_authority::default_data_folder();
  } catch (const ca_error&) {
    throw refusal(exit_local, "there is no home folder to keep data in; give one with --data DIR");
  }
}

}  // namespace parley::tool
