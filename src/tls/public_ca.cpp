// include/parley/ca.hpp.
#include <parley/ca.hpp>

#include "base/data_folder.hpp"
#include "tls/local_ca.hpp"

#include <utility>

namespace parley {

struct certificate_authority::state {
  tls::local_ca authority;
};

namespace {

template <class T>
T value_or_throw(std::expected<T, tls::error>&& got) {
  if (!got) throw ca_error(got.error().message);
  return std::move(*got);
}

issued_certificate as_issued(tls::certificate_source&& from) { return {std::move(from.certificates), std::move(from.key)}; }

}  // namespace

certificate_authority::certificate_authority(std::unique_ptr<state> s) : state_(std::move(s)) {}
certificate_authority::certificate_authority(certificate_authority&&) noexcept = default;
certificate_authority& certificate_authority::operator=(certificate_authority&&) noexcept = default;
certificate_authority::~certificate_authority() = default;

certificate_authority certificate_authority::open(const std::string& data_folder) {
  auto opened = value_or_throw(tls::local_ca::open(data_folder, std::chrono::system_clock::now()));
  return certificate_authority(std::make_unique<state>(std::move(opened)));
}

std::string certificate_authority::default_data_folder() {
  auto folder = base::default_data_folder();
  if (!folder) throw ca_error("there is no home folder to keep a certificate authority in; name a data folder");
  return std::move(*folder);
}

const std::string& certificate_authority::certificate() const { return state_->authority.certificate(); }
std::string certificate_authority::path() const { return state_->authority.path(); }
std::string certificate_authority::fingerprint() const { return state_->authority.fingerprint(); }
std::string certificate_authority::name() const { return state_->authority.name(); }
std::chrono::system_clock::time_point certificate_authority::expires() const { return state_->authority.info().not_after; }

issued_certificate certificate_authority::issue(const std::vector<std::string>& names, std::chrono::days lifetime) const {
  return as_issued(value_or_throw(state_->authority.issue(names, std::chrono::system_clock::now(), lifetime)));
}

issued_certificate certificate_authority::server_certificate() const {
  auto both = as_issued(value_or_throw(state_->authority.server_certificate(std::chrono::system_clock::now())));
  return both;
}

}  // namespace parley
