// The local certificate authority: https on this machine and private networks without asking anybody.
//
//   const auto authority = parley::certificate_authority::open();
//   std::puts(authority.path().c_str());                          // for curl --cacert
//   const auto mine = authority.issue({"shop.test", "10.0.0.7"});  // a certificate and its key
//
// A server that is given no certificate uses it by itself, and `parley::client` trusts it. `parley ca` tells how others do.
#pragma once

#include <parley/config.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley {

/// The authority cannot be opened or made, or must not sign that. The message names the file or the name, and the way out.
class PARLEY_API ca_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A certificate and its private key, as PEM text.
struct issued_certificate {
  std::string certificate;
  std::string key;  // PKCS #8, not encrypted
};

/// Made at first use, in the folder `ca` of a data folder, which is this user's alone: a key (ECDSA P-256) and a certificate that is
/// valid for ten years. It can vouch for the host's own full name and the names below it, for those that end in `.localhost`, `.test`,
/// `.local`, `.internal` and `.home.arpa`, for the host's addresses, and for loopback and private ones, but for no other name: the
/// certificate itself says so (name constraints, RFC 5280 §4.2.1.10), so whoever trusts it, and loses its key, has not lost the web. A
/// host's name without a dot (`dev`) is left out, since the same word may be a top-level domain: use `dev.local`.
///
/// Any thread. Any number of programs may open one folder at once, and all get the same authority. All of it blocks, on the disk.
class PARLEY_API certificate_authority {
 public:
  /// Throws `ca_error` for files that are missing, damaged, expired, another user's, or open to others, and for a data folder that
  /// others can write to (unless it is sticky, as /tmp).
  static certificate_authority open(const std::string& data_folder = default_data_folder());
  /// `$XDG_DATA_HOME/parley`, else `~/.local/share/parley`. Throws `ca_error` when this user has no home. The command takes
  /// `$STATE_DIRECTORY` before these, where systemd sets it: a program that is to share its authority there names that folder.
  static std::string default_data_folder();

  certificate_authority(certificate_authority&&) noexcept;
  certificate_authority& operator=(certificate_authority&&) noexcept;
  ~certificate_authority();

  /// PEM text: what others have to trust.
  [[nodiscard]] const std::string& certificate() const;
  /// The file of that.
  [[nodiscard]] std::string path() const;
  /// SHA-256 of the certificate: `AB:CD:…`.
  [[nodiscard]] std::string fingerprint() const;
  /// The certificate's Common Name, which is this authority's alone.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::chrono::system_clock::time_point expires() const;

  /// A server's certificate for these DNS names (`*.` for one more label in front of at least two) and addresses, with a new key. It lasts for
  /// `lifetime`, but not above 397 days, nor longer than the authority. Throws `ca_error` for what is no name, and for a name that
  /// this authority may not vouch for.
  [[nodiscard]] issued_certificate issue(const std::vector<std::string>& names,
                                         std::chrono::days lifetime = std::chrono::days(397)) const;
  /// The one that servers of this machine use: for `localhost`, the loopback addresses, the host's full name, its first label with
  /// `.local`, and its addresses. It lies in the folder, and is made anew when those change, or 60 days before it ends.
  [[nodiscard]] issued_certificate server_certificate() const;

 private:
  struct state;
  explicit certificate_authority(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace parley
