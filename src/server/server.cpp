#include <parley/server.hpp>

#include <parley/cookie.hpp>
#include <parley/files.hpp>

#include "server/server_core.hpp"

#include <stdexcept>
#include <utility>

// The public face.

namespace parley {

server::server() : server(limits()) {}
server::server(const limits& caps) : core_(std::make_unique<server_core>(caps)) {}
server::~server() = default;

void server::add(std::string_view method_and_pattern, detail::plain_handler plain, detail::task_handler tasked,
                 detail::instant_handler at_once) {
  core_->not_while_running("route() and files()");
  core_->routes.add(method_and_pattern, std::move(plain), std::move(tasked), std::move(at_once));
}

server& server::files(std::string_view pattern, const parley::files& folder) {
  if (!pattern.ends_with("...}")) {
    throw std::invalid_argument("files at \"" + std::string(pattern) +
                                "\": the path must end with {path...}, which is the file's place in the folder");
  }
  route("GET " + std::string(pattern), folder);
  core_->routes.last_is_stateless();
  return *this;
}

server& server::files(std::string_view pattern, const std::string& folder) { return files(pattern, parley::files(folder)); }

server& server::use(std::function<task<response>(request&, next)> middleware) {
  core_->not_while_running("use()");
  core_->middleware.push_back(std::move(middleware));
  return *this;
}

server& server::compression(const compression_options& how) {
  core_->compression = std::make_unique<const server_room::compression_settings>(how);
  core_->shapes = true;
  return *this;
}

server& server::digests(bool on) {
  core_->digests = on;
  core_->shapes = on || core_->compression != nullptr;
  return *this;
}

server& server::use(std::shared_ptr<filter> one) {
  core_->not_while_running("use()");
  filter& added = *one;
  core_->add_filter(std::move(one));
  added.added_to(*this);
  return *this;
}

server& server::sessions(std::shared_ptr<session_store> store) { return sessions(std::move(store), session_options()); }

server& server::sessions(std::shared_ptr<session_store> store, const session_options& how) {
  if (store == nullptr) throw std::invalid_argument("parley::server::sessions: there is no store; give parley::memory_sessions()");
  std::string host_name = "__Host-" + how.name();
  (void)cookie(host_name, "").to_field();  // throws for what is no name
  core_->web.store = std::move(store);
  core_->web.options = how;
  core_->web.host_name = std::move(host_name);
  return *this;
}

server& server::csrf_protection() { return csrf_protection(csrf_options()); }

server& server::csrf_protection(const csrf_options& how) {
  core_->web.csrf = how;
  return *this;
}

server& server::not_found(std::function<response(const request&)> handler) {
  core_->not_found = std::move(handler);
  return *this;
}

server& server::error_page(std::function<response(const request&, const problem&)> page) {
  core_->error_page = std::move(page);
  return *this;
}

server& server::listen(std::string_view url) {
  core_->listen(url);
  core_->threads_settled = true;
  return *this;
}

server& server::listen(int descriptor, std::string_view scheme) {
  core_->listen(descriptor, scheme);
  core_->threads_settled = true;
  return *this;
}

server& server::certificate(std::string_view certificate_file, std::string_view key_file) {
  core_->https.add_certificate(std::string(certificate_file), std::string(key_file));
  return *this;
}

server& server::data_folder(std::string_view path) {
  core_->https.data_folder(std::string(path));
  return *this;
}

server& server::client_certificates(std::string_view authorities_file, bool required) {
  core_->https.client_certificates(std::string(authorities_file), required);
  return *this;
}

bool server::reload_certificates() { return core_->reload_certificates(); }

server& server::threads(std::size_t n) {
  if (core_->threads_settled) throw std::logic_error("parley::server: call threads() before per_loop() and listen()");
  core_->threads = n;
  return *this;
}

server& server::name(std::string product) {
  const fields check{{"Server", product}};  // throws what no field can carry
  core_->product = std::move(product);
  return *this;
}

server& server::http09(bool allowed) {
  core_->http09 = allowed;
  return *this;
}

server& server::http2(bool allowed) {
  core_->http2 = allowed;
  core_->https.http2(allowed);
  return *this;
}

server& server::http3(bool allowed) {
  if (allowed && !connection::has_http3()) {
    throw std::runtime_error(
        "parley::server: this build has no HTTP/3; install ngtcp2 1.11 or newer with its GnuTLS part (tools/setup run does), and "
        "build Parley again");
  }
  core_->http3 = allowed;
  return *this;
}

server& server::http3_congestion(congestion_control algorithm) {
  core_->http3_bbr = algorithm == congestion_control::bbr;
  return *this;
}

server& server::early_data(bool allowed) {
  core_->https.early_data(allowed ? core_->caps.early_data_replays : 0);
  return *this;
}

server& server::push_to_browsers(bool allowed) {
  core_->push_to_browsers = allowed;
  return *this;
}

server& server::trusted_proxies(const std::vector<std::string>& networks, forwarded_by by) {
  semantics::address_networks made;
  for (const std::string& each : networks) {
    if (made.add(each)) continue;
    throw std::invalid_argument(
        "parley::server: \"" + each +
        "\" is no network of proxies; write 10.0.0.0/8, fd00::/8, 192.0.2.1 or unix (no bits behind the prefix)");
  }
  core_->trusted = std::move(made);
  core_->proxies_say = by;
  core_->looks_first = core_->looks_first || !core_->trusted.empty();
  return *this;
}

server& server::request_ids(bool on) {
  core_->request_ids = on;
  core_->looks_first = core_->looks_first || on;
  core_->looks_last = core_->looks_last || on;
  return *this;
}

server& server::tracing(bool on) {
  core_->tracing = on;
  core_->looks_first = core_->looks_first || on;
  return *this;
}

server& server::trace(bool allowed) {
  core_->trace = allowed;
  return *this;
}

server& server::any_scheme(bool taken) {
  core_->any_scheme = taken;
  return *this;
}

std::atomic<std::uint64_t>& server::counted(std::string_view name) { return core_->counted(name); }

server& server::drain_time(std::chrono::milliseconds t) {
  core_->drain_time = t;
  return *this;
}

server& server::access_log(std::string_view path, log_format format) {
  core_->log.open(path, format);
  return *this;
}

server& server::on_message(std::function<void(std::string_view)> sink) {
  core_->message_sink = std::move(sink);
  return *this;
}

server& server::observe(engine::observer* sink) {
  core_->observer = sink;
  return *this;
}

server& server::on_reload(std::function<void()> hook) {
  core_->reload_hook = std::move(hook);
  return *this;
}

void server::reopen_log() { core_->log.reopen(); }
bool server::reload() { return core_->reload(); }
int server::run() { return core_->run(); }
void server::start() { core_->start(); }
void server::stop() { core_->stop(); }
void server::stop_now() { core_->stop_now(); }
std::vector<std::string> server::addresses() const { return core_->addresses(); }
response server::handle(request req) { return core_->handle(std::move(req)); }
const limits& server::caps() const { return core_->caps; }
std::vector<counter> server::counters() const { return core_->read_counters(); }
std::size_t server::settled_loop_count() {
  core_->threads_settled = true;
  return core_->loop_count();
}

}  // namespace parley
