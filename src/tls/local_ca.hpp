// The local certificate authority: it vouches for this machine's own servers, and our own clients trust it by themselves.
#pragma once

#include "tls/certificate.hpp"
#include "tls/local_ca_files.hpp"
#include "tls/local_ca_issue.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::tls {

/// Kept in the folder `ca` of a data folder: `ca.pem`, `ca.key`, and `server.pem`, the certificate (with its key) that servers of
/// this machine use. Any thread; any number of programs at once.
class local_ca {
 public:
  /// Nobody takes more than 398 days for a server's certificate (CA/Browser Forum, Baseline Requirements §6.3.2).
  static constexpr std::chrono::days longest_lifetime{397};
  /// A server's certificate that is not good for so long any more is replaced.
  static constexpr std::chrono::days renewed_before{60};

  /// Opens the authority, and makes it where there is none. Blocks, on the disk.
  static std::expected<local_ca, error> open(const std::string& data_folder, wall_time now);
  /// The certificate (PEM), when there is an authority; makes nothing and does not touch the key.
  static std::expected<std::optional<std::string>, error> find_certificate(const std::string& data_folder);
  /// Where the certificate lies.
  static std::string certificate_path(const std::string& data_folder);

  [[nodiscard]] const std::string& certificate() const { return certificate_; }
  [[nodiscard]] std::string path() const { return folder_.path() + "/ca.pem"; }
  [[nodiscard]] std::string fingerprint() const { return signer_.fingerprint(); }
  [[nodiscard]] certificate_info info() const { return signer_.info(); }
  /// Its Common Name.
  [[nodiscard]] std::string name() const { return signer_.name(); }

  /// A server's certificate for these names and addresses, with a new key.
  [[nodiscard]] std::expected<certificate_source, error> issue(std::vector<std::string> names, wall_time now,
                                                               std::chrono::days lifetime = longest_lifetime) const;
  /// The one for this machine (`local_names`). It lies in the folder, and is made again when it does not cover all that the machine
  /// is called now, or is not good for much longer.
  [[nodiscard]] std::expected<certificate_source, error> server_certificate(wall_time now) const;
  /// The same for a machine that is called so.
  [[nodiscard]] std::expected<certificate_source, error> server_certificate(const std::vector<std::string>& names,
                                                                            wall_time now) const;

 private:
  local_ca(private_folder folder, std::string certificate, authority_signer signer)
      : folder_(std::move(folder)), certificate_(std::move(certificate)), signer_(std::move(signer)) {}
  static std::expected<std::optional<local_ca>, error> read(const std::string& folder, wall_time now);

  private_folder folder_;
  std::string certificate_;
  authority_signer signer_;
};

}  // namespace parley::tls
