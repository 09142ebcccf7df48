#include "client/tls_setup.hpp"

#include "base/data_folder.hpp"
#include "tls/local_ca.hpp"
#include "tls/quic_session.hpp"

#include <parley/client.hpp>

#include <utility>

namespace parley::fetching {

tls::error tls_setup::check() const {
  tls::client_settings alone = settings_;
  alone.system_authorities = false;
  const auto made = tls::client_credentials::make(alone);
  return made ? tls::error{} : made.error();
}

// The one of this user is trusted by itself. One that is damaged is no reason to fetch nothing at all: it is told when a server's
// certificate is not believed.
void tls_setup::trust_local_authority() {
  if (std::exchange(local_looked_for_, true)) return;
  const auto data = base::default_data_folder();
  if (!data) return;
  auto found = tls::local_ca::find_certificate(*data);
  if (!found) {
    local_trouble_ = std::move(found.error().message);
  } else if (*found) {
    tls::client_settings alone;
    alone.system_authorities = false;
    alone.authorities = {**found};
    if (const auto made = tls::client_credentials::make(alone)) {
      settings_.authorities.push_back(std::move(**found));
    } else {
      local_trouble_ = "the local certificate authority cannot be used: " + tls::local_ca::certificate_path(*data) +
                       " has no whole certificate in it (see parley ca)";
    }
  }
}

std::shared_ptr<const tls::client_credentials> tls_setup::credentials(bool verify) {
  auto& kept = verify ? verifying_ : unverifying_;
  if (kept) return kept;
  if (verify) trust_local_authority();
  settings_.verify = verify;
  auto made = tls::client_credentials::make(settings_);
  if (!made) throw fetch_error(fetch_error::kind::credentials, made.error().message);
  kept = std::move(*made);
  if (verify) {
    for (const std::string& each : std::exchange(tickets_, {})) tls::keep_again(*kept, each);
  }
  return kept;
}

std::vector<std::string> tls_setup::tickets() const { return verifying_ ? tls::kept_tickets(*verifying_) : tickets_; }

std::shared_ptr<tls_setup> tls_setup::fresh_copy() const {
  auto copy = std::make_shared<tls_setup>(*this);
  copy->verifying_.reset();
  copy->unverifying_.reset();
  copy->tickets_.clear();
  return copy;
}

}  // namespace parley::fetching
