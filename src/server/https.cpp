#include "server/https.hpp"

#include "base/data_folder.hpp"
#include "tls/local_ca.hpp"

#include <parley/server.hpp>

#include <signal.h>

#include <chrono>
#include <utility>

namespace parley::server_room {

https::https(std::function<void(std::string_view)> message, std::chrono::milliseconds look)
    : message_(std::move(message)), look_(look) {}

https::~https() {
  {
    const std::lock_guard lock(ending_mutex_);
    ending_ = true;
  }
  ending_soon_.notify_all();
  if (looking_.joinable()) looking_.join();
}

void https::data_folder(std::string path) {
  const std::lock_guard lock(reloading_);
  data_folder_ = std::move(path);
}

std::string https::kept_folder() {
  const std::lock_guard lock(reloading_);
  if (!data_folder_.empty() || !files_.empty()) return data_folder_;
  return base::default_data_folder().value_or(std::string());  // where the local authority is
}

void https::add_certificate(std::string certificate_file, std::string key_file) {
  auto read = tls::read_certificate(certificate_file, key_file);
  if (!read) throw listen_error(read.error().message);
  tls::server_settings alone;
  alone.certificates.push_back(std::move(*read));
  if (const auto tried = tls::server_credentials::make(alone); !tried) throw listen_error(tried.error().message);
  const std::lock_guard lock(reloading_);
  files_.push_back({std::move(certificate_file), std::move(key_file)});
}

void https::client_certificates(std::string authorities_file, bool required) {
  const auto read = tls::read_authorities(authorities_file);
  if (!read) throw listen_error(read.error().message);
  if (tls::read_infos(*read).empty()) {
    throw listen_error("the file " + authorities_file +
                       " has no authority's certificate in PEM (-----BEGIN CERTIFICATE-----) in it");
  }
  const std::lock_guard lock(reloading_);
  authorities_file_ = std::move(authorities_file);
  clients_ = required ? tls::client_certificates::required : tls::client_certificates::asked;
}

void https::http2(bool offered) {
  const std::lock_guard lock(reloading_);
  http2_ = offered;
}

void https::early_data(std::size_t replays) {
  const std::lock_guard lock(reloading_);
  replays_ = replays > 0 ? std::make_shared<tls::replay_guard>(replays) : nullptr;
}

std::uint64_t https::refused_replays() const { return replays_ ? replays_->refused() : 0; }

void https::prepare() {
  if (const tls::error wrong = replace()) throw listen_error(wrong.message);
  if (!files_.empty() || looking_.joinable()) return;
  // Of its own, since a look reads and writes files and so blocks; its deadlines are met whatever the program does meanwhile.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the program's own threads
  looking_ = std::thread([this] { look_again_and_again(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void https::look_again_and_again() {
  auto next = std::chrono::steady_clock::now() + look_;
  std::unique_lock lock(ending_mutex_);
  while (!ending_soon_.wait_until(lock, next, [this] { return ending_; })) {
    lock.unlock();
    if (const tls::error wrong = replace()) message_("the certificates stay as they were: " + wrong.message);
    next = std::chrono::steady_clock::now() + look_;
    lock.lock();
  }
}

std::shared_ptr<const tls::server_credentials> https::credentials() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

tls::error https::reload() { return credentials() ? replace() : tls::error{}; }

tls::error https::replace() {
  const std::lock_guard one_at_a_time(reloading_);
  auto fresh = make();
  if (!fresh) return std::move(fresh.error());
  const std::lock_guard lock(mutex_);
  now_ = std::move(*fresh);
  return {};
}

https::all_read https::read_certificates() const {
  std::vector<tls::certificate_source> all;
  for (const files& f : files_) {
    auto one = tls::read_certificate(f.certificate, f.key);
    if (!one) return std::unexpected(std::move(one.error()));
    all.push_back(std::move(*one));
  }
  if (!files_.empty()) return all;
  const std::optional<std::string> folder = data_folder_.empty() ? base::default_data_folder() : data_folder_;
  if (!folder) {
    return std::unexpected(tls::error{tls::errc::unreadable,
                                      "there is no home folder for the local certificate authority: give a "
                                      "certificate, or a data folder"});
  }
  const auto now = std::chrono::system_clock::now();
  const auto authority = tls::local_ca::open(*folder, now);
  if (!authority) return std::unexpected(authority.error());
  auto own = authority->server_certificate(now);
  if (!own) return std::unexpected(std::move(own.error()));
  all.push_back(std::move(*own));
  return all;
}

https::made https::make() {
  tls::server_settings settings;
  settings.protocols = {"http/1.1", "http/1.0"};
  if (http2_) settings.protocols.insert(settings.protocols.begin(), "h2");
  settings.clients = clients_;
  auto certificates = read_certificates();
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  settings.certificates = std::move(*certificates);
  if (clients_ != tls::client_certificates::none) {
    auto read = tls::read_authorities(authorities_file_);
    if (!read) return std::unexpected(std::move(read.error()));
    settings.client_authorities = std::move(*read);
  }
  settings.tickets = key_for(settings.client_authorities);
  settings.replays = replays_;
  return tls::server_credentials::make(settings);
}

// One key for all loops, and across reloads, so that sessions go on. But a client that was believed under other authorities has to
// show its certificate again.
std::shared_ptr<const tls::ticket_key> https::key_for(const std::string& policy) {
  if (!tickets_ || policy != ticket_policy_) {
    tickets_ = tls::ticket_key::make();
    ticket_policy_ = policy;
  }
  return tickets_;
}

}  // namespace parley::server_room
