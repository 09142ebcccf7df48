// Listening, starting, draining.
#include "net/listen.hpp"
#include "net/signals.hpp"
#include "net/socket_address.hpp"
#include "semantics/escape.hpp"
#include "server/http3_keys.hpp"
#include "server/server_core.hpp"
#include "server/worker.hpp"

#include <parley/service.hpp>
#include <parley/uri.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

constexpr std::string_view unix_prefix = "unix:";

[[noreturn]] void refuse_url(std::string_view url, std::string_view why) {
  throw listen_error("cannot listen on \"" + std::string(url) + "\": " + std::string(why));
}

[[noreturn]] void refuse_http3(const net::endpoint& at, std::error_code error) {
  const std::string where = "UDP port " + std::to_string(at.port) + " on " + at.host;
  const std::string why =
      error == std::errc::address_in_use ? where + " is in use" : "cannot open " + where + ": " + error.message();
  throw listen_error(why + "; HTTP/3 needs the number of https for UDP too", error);
}

net::endpoint endpoint_of(std::string_view url) {
  const auto parsed = uri::parse(url);
  if (!parsed) refuse_url(url, "it is no URL; write http://127.0.0.1:8080 or unix:/run/parley.sock");
  if (parsed->scheme() != "http" && parsed->scheme() != "https") refuse_url(url, "the scheme must be http, https or unix");
  if (parsed->host().empty()) refuse_url(url, "it names no address; write http://127.0.0.1:8080");
  if (!parsed->path().empty() && parsed->path() != "/") refuse_url(url, "an address to listen on has no path");
  std::string host(parsed->host_name());
  if (host == "localhost") host = "127.0.0.1";
  if (!net::is_numeric_address(host))
    refuse_url(url, "\"" + host + "\" is no IP address; use one such as 127.0.0.1, 0.0.0.0 or [::1]");
  return {std::move(host), parsed->effective_port().value_or(80), false};
}

}  // namespace

server_core::server_core(const limits& c) : caps(c) { https.early_data(caps.early_data_replays); }

server_core::~server_core() { stop(); }

std::size_t server_core::loop_count() const {
  return threads != 0 ? threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

void server_core::message(std::string_view text) const {
  if (message_sink) return message_sink(text);
  std::string line = "parley: ";
  // A text may hold what a peer sent (an exception's, say): it must not become two lines, nor reach a terminal as commands.
  semantics::append_printable(line, text);
  line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void server_core::message(server_room::message_kind kind, std::string_view text) const {
  const auto left_out = message_limiter_.ask(kind, std::chrono::steady_clock::now());
  if (!left_out) return;
  if (*left_out == 0) return message(text);
  message(std::string(text) + " (and " + std::to_string(*left_out) + " of the kind before it, not shown)");
}

server_room::counters& server_core::counters_of(std::size_t loop) {
  const std::lock_guard lock(counters_mutex_);
  while (counters_.size() <= loop) counters_.push_back(std::make_unique<server_room::counters>());
  return *counters_[loop];
}

std::vector<counter> server_core::read_counters() const {
  std::vector<const server_room::counters*> sets;
  {
    const std::lock_guard lock(counters_mutex_);
    for (const auto& set : counters_) sets.push_back(set.get());
  }
  std::vector<counter> all = server_room::counters::sum(sets);
  all.push_back({"handler_errors", handler_errors_.load(std::memory_order_relaxed)});
  all.push_back({"storage_errors", storage_errors_.load(std::memory_order_relaxed)});
  const auto& state = web.counted;
  all.push_back({"sessions_begun", state.sessions_begun.load(std::memory_order_relaxed)});
  all.push_back({"sessions_ended", state.sessions_ended.load(std::memory_order_relaxed)});
  all.push_back({"sessions_ambiguous", state.sessions_ambiguous.load(std::memory_order_relaxed)});
  all.push_back({"sessions_failed", state.sessions_failed.load(std::memory_order_relaxed)});
  all.push_back({"csrf_refused", state.csrf_refused.load(std::memory_order_relaxed)});
  all.push_back({"forms_refused", state.forms_refused.load(std::memory_order_relaxed)});
  all.push_back({"forms_too_large", state.forms_too_large.load(std::memory_order_relaxed)});
  all.push_back({"forms_full", state.forms_full.load(std::memory_order_relaxed)});
  all.push_back({"early_data_refused", https.refused_replays()});
  all.push_back({"messages_left_out", message_limiter_.left_out()});
  for (const auto& [name, value] : own_counters_) all.push_back({name, value.load(std::memory_order_relaxed)});
  return all;
}

// Without descriptors to spare, a server full of connections could open no file, log or database any more.
std::size_t server_core::connections_at_once() const {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return caps.connections;
  const auto most = static_cast<std::size_t>(files.rlim_cur);
  const std::size_t own = 8 + 8 * loop_count();  // loops and listeners
  const std::size_t spare = own + std::clamp<std::size_t>(most / 8, 16, 256);
  return std::min(caps.connections, most > spare ? most - spare : 1);
}

void server_core::make_worker() {
  workers_.push_back(std::make_unique<server_room::worker>(*this, workers_.size(), net::loop::make()));
}

void server_core::not_while_running(std::string_view call) const {
  if (!running_.empty()) throw std::logic_error("parley::server: call " + std::string(call) + " before start() or run()");
}

void server_core::listen(std::string_view url) {
  not_while_running("listen()");
  if (workers_.empty()) make_worker();
  if (url.starts_with(unix_prefix)) return listen_shared("http", server_room::shared_socket::at_path(url));
  // The first worker takes the address at once, so that a clash shows here and port 0 gets its number.
  const net::endpoint at = endpoint_of(url);
  std::string scheme(uri::parse(url)->scheme());
  const bool secure = scheme == "https";
  net::endpoint got = listen_first(at, secure);
  listening_.push_back({std::move(scheme), std::move(got), at.port != 0, secure && http3, std::nullopt});
}

net::endpoint server_core::listen_first(const net::endpoint& at, bool secure) {
  constexpr int most_tries = 32;
  for (int tries = 1;; ++tries) {
    net::endpoint got = workers_.front()->listen(at, true, secure);
    if (!secure || !http3) return got;
    const std::error_code error = workers_.front()->open_datagrams(got, true);
    if (!error) return got;
    workers_.front()->forget_last_listener();
    const bool clash = error == std::errc::address_in_use;
    if (clash && at.port == 0 && tries < most_tries) continue;  // somebody has that number for UDP
    refuse_http3(got, error);
  }
}

std::string server_core::http3_keys_for(std::uint16_t port) {
  const std::lock_guard lock(http3_keys_mutex_);
  if (const auto found = http3_keys_.find(port); found != http3_keys_.end()) return found->second;
  const bool kept = std::ranges::any_of(listening_, [port](const listening& l) { return l.at.port == port && l.kept_port; });
  std::string keys =
      server_room::http3_keys(kept ? https.kept_folder() : std::string(), port, [this](std::string_view text) { message(text); });
  return http3_keys_[port] = std::move(keys);
}

void server_core::listen(int descriptor, std::string_view scheme) {
  not_while_running("listen()");
  if (workers_.empty()) make_worker();
  if (scheme != "http" && scheme != "https") {
    throw std::invalid_argument("parley::server: the scheme to listen by must be http or https");
  }
  listen_shared(std::string(scheme), server_room::shared_socket::inherited(descriptor));
}

void server_core::listen_shared(std::string scheme, server_room::shared_socket socket) {
  workers_.front()->listen(socket, scheme == "https");
  net::endpoint at = socket.local();
  listening_.push_back({std::move(scheme), std::move(at), false, false, std::move(socket)});
}

std::vector<std::string> server_core::addresses() const {
  std::vector<std::string> all;
  all.reserve(listening_.size());
  for (const listening& l : listening_) all.push_back(l.at.unix_socket ? l.at.to_string() : l.scheme + "://" + l.at.to_string());
  return all;
}

void server_core::start() {
  if (listening_.empty()) throw listen_error("there is nothing to listen on; call listen(\"http://127.0.0.1:8080\") first");
  if (!running_.empty()) throw std::logic_error("parley::server: started twice");
  if (secure()) https.prepare();
  for (const listening& l : listening_) {
    if (l.scheme != "https" || !l.shared || !http3) continue;
    message("HTTP/3 is off on " + l.at.to_string() +
            ", which was opened elsewhere without a UDP socket beside it; for HTTP/3 the server must open the address itself");
  }
  for (listening& l : listening_) {
    if (l.scheme != "https" || l.shared || !http3 || std::exchange(l.http3, true) || workers_.empty()) continue;
    if (const std::error_code error = workers_.front()->open_datagrams(l.at, true)) refuse_http3(l.at, error);
  }
  while (workers_.size() < loop_count()) {
    make_worker();
    for (const listening& l : listening_) {
      if (l.shared) {
        workers_.back()->listen(*l.shared, l.scheme == "https");
      } else {
        workers_.back()->listen(l.at, false, l.scheme == "https");
        if (!l.http3 || !http3) continue;
        if (const std::error_code error = workers_.back()->open_datagrams(l.at, false)) refuse_http3(l.at, error);
      }
    }
  }
  if (monitor) monitor->start();
  for (auto& w : workers_) running_.emplace_back([worker = w.get()] { worker->run(); });
}

int server_core::run() {
  auto watching = net::loop::make();
  bool asked = false;
  // Signals are watched on a loop of their own, on this thread: a busy worker cannot delay them.
  const net::signals watch(*watching, {SIGTERM, SIGINT}, [&](int) {
    if (!std::exchange(asked, true)) {
      notify_service_manager("STOPPING=1");
      return drain();
    }
    abort_all();  // asked twice: at once
  });
  std::optional<net::signals> reopening;
  std::optional<net::signals> reloading;
  if (log.on() || reload_hook) reopening.emplace(*watching, std::initializer_list<int>{SIGUSR1}, [this](int) { log.reopen(); });
  if (reload_hook) reloading.emplace(*watching, std::initializer_list<int>{SIGHUP}, [this](int) { reload(); });
  {
    const std::lock_guard lock(mutex_);  // a `stop` that comes from a handler's thread meanwhile waits for it
    start();
    in_run_ = true;
  }
  notify_service_manager("READY=1");
  std::thread waiting([&] {
    for (auto& t : running_) t.join();
    watching->stop();
  });
  watching->run();
  waiting.join();
  const std::lock_guard lock(mutex_);
  ended();
  in_run_ = false;
  run_ended_.notify_all();
  return 0;
}

bool server_core::secure() const {
  return std::ranges::any_of(listening_, [](const listening& l) { return l.scheme == "https"; });
}

bool server_core::reload_certificates() {
  const tls::error wrong = https.reload();
  if (wrong) message("the certificates stay as they were: " + wrong.message);
  return !wrong;
}

bool server_core::reload() {
  notify_reloading();
  bool done = true;
  try {
    if (reload_hook) reload_hook();
  } catch (const std::exception& error) {
    message(std::string("the reload failed, and what was before stays: ") + error.what());
    done = false;
  }
  if (secure() && !reload_certificates()) done = false;
  log.reopen();
  notify_service_manager("READY=1");
  return done;
}

void server_core::drain() {
  ending_ = true;
  // A signal and a `stop` may come together.
  if (!turned_away_.exchange(true)) {
    for (listening& l : listening_) {
      if (l.shared) l.shared->turn_away();
    }
  }
  for (auto& w : workers_) w->drain();
}

void server_core::abort_all() {
  for (auto& w : workers_) w->abort();
}

void server_core::stop() {
  {
    std::unique_lock lock(mutex_);
    if (in_run_) {
      drain();
      return run_ended_.wait(lock, [this] { return !in_run_; });
    }
  }
  if (running_.empty()) return;
  drain();
  for (auto& t : running_) t.join();
  const std::lock_guard lock(mutex_);  // a `stop_now` may look at the workers
  ended();
}

void server_core::stop_now() {
  const std::lock_guard lock(mutex_);
  if (running_.empty()) return;
  drain();
  abort_all();
}

void server_core::ended() {
  if (monitor) monitor->stop();
  ending_ = false;
  running_.clear();
  workers_.clear();
  for (listening& l : listening_) l.shared.reset();
  turned_away_ = false;
}

namespace server_room {

net::endpoint worker::listen(const net::endpoint& at, bool first, bool secure) {
  net::listen_options how;
  how.alone = first;
  auto made = net::listen(*loop_, at, how);
  if (!made) {
    const std::string where = "port " + std::to_string(at.port) + " on " + at.host;
    if (made.error() == std::errc::address_in_use) throw listen_error(where + " is in use", made.error());
    if (made.error() == std::errc::permission_denied) {
      throw listen_error(where +
                             " needs a privilege (ports below 1024 do): choose a port from 1024 on, give the program the "
                             "capability cap_net_bind_service, or let systemd open the socket (docs/running.md)",
                         made.error());
    }
    throw listen_error("cannot listen on " + where + ": " + made.error().message(), made.error());
  }
  listeners_.push_back(std::move(*made));
  secure_.push_back(secure);
  return listeners_.back()->local();
}

void worker::listen(const shared_socket& socket, bool secure) {
  net::listen_options how;
  how.inherited = socket.descriptor().release();
  auto made = net::listen(*loop_, {}, how);
  if (!made) throw listen_error("cannot listen on " + socket.local().to_string() + ": " + made.error().message(), made.error());
  listeners_.push_back(std::move(*made));
  secure_.push_back(secure);
}

}  // namespace server_room
}  // namespace parley
