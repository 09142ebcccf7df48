// Test certificates in files, as servers take them.
#pragma once

#include "support/certificates.hpp"
#include "support/scratch_folder.hpp"

#include <fstream>
#include <string>
#include <string_view>

namespace parley::test {

inline void write_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::trunc | std::ios::binary);
  out << text;
}

/// An authority and the files of certificates that it issued, in a folder that goes with it.
class certificate_files {
 public:
  certificate_files() { write_file(authority_file(), authority.pem()); }
  /// Writes `name`.pem and `name`.key.
  void put(const std::string& name, const tls::certificate_source& source) {
    write_file(certificate(name), source.certificates);
    write_file(key(name), source.key);
  }
  [[nodiscard]] std::string certificate(const std::string& name) const { return folder / (name + ".pem"); }
  [[nodiscard]] std::string key(const std::string& name) const { return folder / (name + ".key"); }
  [[nodiscard]] std::string authority_file() const { return folder / "authority.pem"; }

  scratch_folder folder;
  test_authority authority;
};

}  // namespace parley::test
