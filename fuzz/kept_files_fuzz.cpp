// Files that a server reads secrets from: keys, and users with the hashes of their passwords. Whatever is in them, they are read or refused.
#include <parley/auth.hpp>
#include <parley/hidden_state.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/scratch_folder.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string file_of(std::string_view text) {
  static const parley::test::scratch_folder folder;
  const std::string path = folder / "file";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  require(::chmod(path.c_str(), 0600) == 0);
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string path = file_of(text);
  try {
    const parley::secret_keys keys = parley::secret_keys::in_file(path);
    const parley::hidden_state with(keys, "fuzz");
    const std::string sealed = with.seal({{"a", "b"}});
    require(with.open(sealed).has_value());
    require(parley::hidden_state(parley::secret_keys::in_file(path), "fuzz").open(sealed).has_value());
  } catch (const std::runtime_error&) {
    // it holds none
  }
  try {
    const parley::password_file users(path);
  } catch (const std::runtime_error&) {
    // it holds none
  }
  return 0;
}
