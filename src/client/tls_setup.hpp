// What a client brings to https: whom it trusts, and the certificate it shows.
#pragma once

#include "tls/certificate.hpp"
#include "tls/credentials.hpp"
#include "tls/error.hpp"

#include <memory>
#include <string>
#include <vector>

namespace parley::fetching {

/// One loop's thread. Its credentials are made when they are first needed: reading authorities takes a while, and who fetches http
/// needs none.
class tls_setup {
 public:
  tls_setup() { settings_.system_authorities = true; }

  void trust(std::string authorities_pem) { settings_.authorities.push_back(std::move(authorities_pem)); }
  void certificate(tls::certificate_source own) { settings_.certificates.assign(1, std::move(own)); }
  /// Whether certificate and key go together and can be used; nothing when there is nothing to say.
  [[nodiscard]] tls::error check() const;

  /// With `verify` false nobody's certificate is looked at. Throws `fetch_error` (credentials).
  [[nodiscard]] std::shared_ptr<const tls::client_credentials> credentials(bool verify);
  /// Tickets of QUIC, for servers that are believed by these settings; and those that there are.
  void resume_with(std::vector<std::string> tickets) { tickets_ = std::move(tickets); }
  [[nodiscard]] std::vector<std::string> tickets() const;
  /// Why the local authority could not be trusted though there is one; empty when there is nothing to say.
  [[nodiscard]] const std::string& local_trouble() const { return local_trouble_; }
  /// The same settings, none of the credentials: sessions made under others are not resumed.
  [[nodiscard]] std::shared_ptr<tls_setup> fresh_copy() const;

 private:
  void trust_local_authority();

  tls::client_settings settings_;
  std::string local_trouble_;
  std::vector<std::string> tickets_;  // until there are credentials to use them with
  bool local_looked_for_ = false;
  std::shared_ptr<const tls::client_credentials> verifying_;
  std::shared_ptr<const tls::client_credentials> unverifying_;
};

}  // namespace parley::fetching
