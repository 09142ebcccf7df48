// Certificates for tests, made when they run: no key is ever kept in a file of the project.
#pragma once

#include "tls/certificate.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace parley::test {

/// What a certificate is to say.
struct certificate_wish {
  std::string common_name = "test";
  std::vector<std::string> names;  // DNS names and addresses
  std::chrono::seconds from = std::chrono::hours(-1);
  std::chrono::seconds until = std::chrono::hours(24);
  bool for_clients = false;
  bool rsa = false;
};

class test_authority {
 public:
  /// `self` names it; an authority has a key of its own.
  explicit test_authority(const std::string& self = "Test authority");
  test_authority(const test_authority&) = delete;
  test_authority& operator=(const test_authority&) = delete;
  ~test_authority();

  [[nodiscard]] const std::string& pem() const { return pem_; }
  [[nodiscard]] tls::certificate_source issue(const certificate_wish& wish) const;
  /// A server's certificate for these names.
  [[nodiscard]] tls::certificate_source server(std::vector<std::string> names) const;
  [[nodiscard]] tls::certificate_source client(const std::string& common_name) const;

 private:
  struct inside;
  inside* in_;
  std::string pem_;
};

/// One that nobody vouches for.
[[nodiscard]] tls::certificate_source self_signed(const std::vector<std::string>& names);

}  // namespace parley::test
