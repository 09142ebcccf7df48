#include <parley/client.hpp>

#include "client/core.hpp"

#include <algorithm>
#include <utility>

namespace parley {

client::client() : client(limits()) {}
client::client(const limits& caps) : core_(std::make_shared<core>(caps)) {}
namespace {
// Of a core whose client goes: its connections may live on for a while, the observer may not.
void let_go(client::core* of) {
  if (of == nullptr) return;
  of->retire();
  of->unobserve();
}
}  // namespace

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
  if (this == &other) return *this;
  let_go(core_.get());
  core_ = std::move(other.core_);
  return *this;
}

client::~client() { let_go(core_.get()); }

task<response> client::send(request req, options how) { return core::fetch(core_, std::move(req), std::move(how)); }

task<response> client::get(std::string url, options how) {
  return core::fetch_url(core_, method::get, std::move(url), std::move(how));
}

task<response> client::head(std::string url, options how) {
  return core::fetch_url(core_, method::head, std::move(url), std::move(how));
}

task<response> client::delete_(std::string url, options how) {
  return core::fetch_url(core_, method::delete_, std::move(url), std::move(how));
}

task<response> client::post(std::string url, std::string content, std::string type, options how) {
  return core::fetch_with(core_, method::post, std::move(url), std::move(content), std::move(type), std::move(how));
}

task<response> client::put(std::string url, std::string content, std::string type, options how) {
  return core::fetch_with(core_, method::put, std::move(url), std::move(content), std::move(type), std::move(how));
}

task<response> client::patch(std::string url, std::string content, std::string type, options how) {
  return core::fetch_with(core_, method::patch, std::move(url), std::move(content), std::move(type), std::move(how));
}

client& client::keep_alive(std::size_t connections, std::chrono::milliseconds idle) {
  auto& settings = core_->change_settings();
  settings.idle_connections = connections;
  settings.idle_time = idle;
  return *this;
}

client& client::connections_per_origin(std::size_t most) {
  core_->change_settings().connections = std::max<std::size_t>(most, 1);
  return *this;
}

client& client::push(bool taken) {
  core_->change_settings().push = taken;
  return *this;
}

client& client::alternatives(bool used) {
  core_->change_settings().alternatives = used;
  return *this;
}

std::string client::keep_alternatives(const std::string& folder) {
  auto& settings = core_->change_settings();
  settings.alternatives = true;
  const net::loop* const here = net::loop::current();
  return settings.known->keep_in(folder, here != nullptr ? here->now() : std::chrono::steady_clock::now());
}

client& client::keep_tickets(const std::string& folder) {
  core_->keep_tickets(folder);
  return *this;
}

task<bool> client::resumable(std::chrono::milliseconds at_most) { return core::resumable(core_, at_most); }

task<std::vector<std::string>> client::pushed() { return core::pushed(core_); }

namespace {

[[noreturn]] void refuse_credentials(const tls::error& why) { throw fetch_error(fetch_error::kind::credentials, why.message); }

// Changed as a copy, since connections that are under way still use the settings from before.
void use(client::core& in, std::shared_ptr<fetching::tls_setup> changed) {
  if (const tls::error wrong = changed->check()) refuse_credentials(wrong);
  in.change_settings().tls = std::move(changed);
}

}  // namespace

client& client::trust(const std::string& authorities_file) {
  auto pem = tls::read_authorities(authorities_file);
  if (!pem) refuse_credentials(pem.error());
  if (tls::read_infos(*pem).empty()) refuse_credentials({tls::errc::not_pem, authorities_file + " holds no certificate in PEM"});
  auto changed = core_->settings().tls->fresh_copy();
  changed->trust(std::move(*pem));
  use(*core_, std::move(changed));
  return *this;
}

client& client::certificate(const std::string& certificate_file, const std::string& key_file) {
  auto own = tls::read_certificate(certificate_file, key_file);
  if (!own) refuse_credentials(own.error());
  auto changed = core_->settings().tls->fresh_copy();
  changed->certificate(std::move(*own));
  use(*core_, std::move(changed));
  return *this;
}

client& client::addresses(std::function<bool(std::string_view)> allowed) {
  core_->change_settings().allowed = std::move(allowed);
  return *this;
}

client& client::cookies(cookie_jar jar) {
  core_->cookies(std::move(jar));
  return *this;
}

client& client::observe(engine::observer* sink) {
  let_go(core_.get());
  core_->settings().observer = sink;
  return *this;
}

// --- the blocking form ---------------------------------------------------------------------------------------------------------

namespace {

void refuse_on_a_loop() {
  if (on_loop_thread())
    throw std::logic_error("parley::fetch would block this thread's loop; co_await parley::client::get instead");
}

// The client lives within the task, so that its connections close on the loop that they were made on.
task<response> fetch_once(request req, options how) {
  client http;
  auto sending = http.send(std::move(req), how.streamed(false));
  response got = co_await sending;
  co_return got;
}

task<response> fetch_url_once(std::string url, options how) {
  client http;
  auto sending = http.get(std::move(url), how.streamed(false));
  response got = co_await sending;
  co_return got;
}

}  // namespace

response fetch(std::string_view url, options how) {
  refuse_on_a_loop();
  return run(fetch_url_once(std::string(url), std::move(how)));
}

response fetch(request req, options how) {
  refuse_on_a_loop();
  return run(fetch_once(std::move(req), std::move(how)));
}

}  // namespace parley
