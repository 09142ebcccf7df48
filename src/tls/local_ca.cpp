#include "tls/local_ca.hpp"

#include "base/ascii.hpp"
#include "tls/local_names.hpp"

#include <algorithm>
#include <array>
#include <pwd.h>
#include <unistd.h>
#include <utility>

namespace parley::tls {
namespace {

constexpr const char* certificate_file = "ca.pem";
constexpr const char* key_file = "ca.key";
constexpr const char* server_file = "server.pem";

std::string folder_of(std::string data_folder) {
  while (data_folder.size() > 1 && data_folder.ends_with('/')) data_folder.pop_back();
  return data_folder + "/ca";
}

std::string user_and_host() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {};
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found);
  const std::string user = found != nullptr ? entry.pw_name : std::to_string(::geteuid());
  return user + "@" + host.data();
}

error with_way_out(error wrong, const std::string& folder) {
  wrong.message = "the local certificate authority cannot be used: " + wrong.message;
  const bool says_it = wrong.message.find("; ") != std::string::npos || wrong.message.find(": say ") != std::string::npos ||
                       wrong.message.find(", say ") != std::string::npos || wrong.message.find(", or use ") != std::string::npos;
  if (!says_it) wrong.message += "; remove " + folder + " to get a new one, which must be trusted anew (parley ca)";
  return wrong;
}

// The certificate and the key behind it, of one file.
certificate_source split(std::string both, std::string from) {
  const std::size_t key = std::min(both.find("-----BEGIN PRIVATE KEY"), both.size());
  std::string secret = both.substr(key);
  both.resize(key);
  return {std::move(both), std::move(secret), std::move(from)};
}

// A name outside of what the authority may vouch for would make the whole certificate void.
std::vector<std::string> permitted(const authority_signer& by, const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  std::ranges::copy_if(names, std::back_inserter(kept), [&](const std::string& name) { return by.permits(name); });
  return kept;
}

}  // namespace

std::string local_ca::certificate_path(const std::string& data_folder) { return folder_of(data_folder) + "/" + certificate_file; }

std::expected<std::optional<local_ca>, error> local_ca::read(const std::string& path, wall_time now) {
  auto folder = private_folder::open(path);
  if (!folder) return std::unexpected(std::move(folder.error()));
  if (!*folder) return std::nullopt;
  const auto missing = [&](const char* name) {
    return std::unexpected(error{errc::unreadable, path + "/" + name + " is missing"});
  };
  auto certificate = (*folder)->read(certificate_file, false);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  if (!*certificate) return missing(certificate_file);
  auto key = (*folder)->read(key_file, true);
  if (!key) return std::unexpected(std::move(key.error()));
  if (!*key) return missing(key_file);
  auto signer = authority_signer::make({**certificate, **key}, path + "/" + certificate_file, now);
  if (!signer) return std::unexpected(std::move(signer.error()));
  return local_ca(std::move(**folder), std::move(**certificate), std::move(*signer));
}

std::expected<local_ca, error> local_ca::open(const std::string& data_folder, wall_time now) {
  const std::string path = folder_of(data_folder);
  auto found = read(path, now);
  if (found && !*found) {
    const auto made = make_authority(user_and_host(), local_names(), now);
    if (!made) return std::unexpected(made.error());
    const std::array files{named_text{certificate_file, made->certificate}, named_text{key_file, made->key}};
    if (auto written = make_private_folder(path, files); !written) return std::unexpected(with_way_out(written.error(), path));
    found = read(path, now);  // another program's, maybe
  }
  if (!found) return std::unexpected(with_way_out(std::move(found.error()), path));
  if (!*found) return std::unexpected(with_way_out({errc::unreadable, path + " has just been removed"}, path));
  return std::move(**found);
}

std::expected<std::optional<std::string>, error> local_ca::find_certificate(const std::string& data_folder) {
  const std::string path = folder_of(data_folder);
  auto folder = private_folder::open(path);
  if (!folder) return std::unexpected(with_way_out(std::move(folder.error()), path));
  if (!*folder) return std::nullopt;
  auto certificate = (*folder)->read(certificate_file, false);
  if (!certificate) return std::unexpected(with_way_out(std::move(certificate.error()), path));
  return std::move(*certificate);
}

std::expected<certificate_source, error> local_ca::issue(std::vector<std::string> names, wall_time now,
                                                         std::chrono::days lifetime) const {
  if (names.empty()) return std::unexpected(error{errc::bad_certificate, "a certificate needs a name"});
  for (std::string& name : names) {
    name = base::to_lower(name);
    if (address_bytes(name).empty() && !is_dns_name(name)) {
      return std::unexpected(error{errc::bad_certificate, "\"" + name + "\" is neither a DNS name nor an address"});
    }
    if (signer_.permits(name)) continue;
    return std::unexpected(
        error{errc::bad_certificate, name + " is beyond what the local authority may vouch for: this host's full name and names "
                                            "below it, those that end in .localhost, .test, .local, .internal or .home.arpa, "
                                            "this host's addresses, and private ones"});
  }
  auto made = signer_.issue(names, now, std::min(lifetime, longest_lifetime));
  if (!made) return std::unexpected(std::move(made.error()));
  return certificate_source{std::move(made->certificate), std::move(made->key), "the local authority's certificate"};
}

std::expected<certificate_source, error> local_ca::server_certificate(wall_time now) const {
  return server_certificate(local_names(), now);
}

std::expected<certificate_source, error> local_ca::server_certificate(const std::vector<std::string>& all, wall_time now) const {
  const std::vector<std::string> names = permitted(signer_, all);
  const std::string from = folder_.path() + "/" + server_file;
  // One that cannot be read is no loss: the next one takes its place.
  if (auto cached = folder_.read(server_file, true); cached && *cached) {
    // An authority that ends soon cannot give more than it has.
    const wall_time until = std::min<wall_time>(now + renewed_before, info().not_after);
    if (signer_.vouches({**cached, **cached}, names, now, until)) return split(std::move(**cached), from);
  }
  auto made = issue(names, now);
  if (!made) return made;
  // Where it cannot be kept (a read-only folder), it serves this once.
  (void)folder_.write(server_file, made->certificates + made->key);
  made->from = from;
  return made;
}

}  // namespace parley::tls
