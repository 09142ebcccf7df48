// Listening, starting, draining.
#include "net/listen.hpp"
#include "net/signals.hpp"
#include "server/server_core.hpp"
#include "server/worker.hpp"

#include <parley/uri.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

struct wanted {
  net::endpoint at;
  std::string scheme;
};

[[noreturn]] void refuse_url(std::string_view url, std::string_view why) {
  throw listen_error("cannot listen on \"" + std::string(url) + "\": " + std::string(why));
}

net::endpoint endpoint_of(std::string_view url) {
  constexpr std::string_view unix_prefix = "unix:";
  if (url.starts_with(unix_prefix)) {
    const std::string_view path = url.substr(unix_prefix.size());
    if (path.empty()) refuse_url(url, "a path must follow, as in unix:/run/parley.sock");
    return {std::string(path), 0, true};
  }
  const auto parsed = uri::parse(url);
  if (!parsed) refuse_url(url, "it is no URL; write http://127.0.0.1:8080 or unix:/run/parley.sock");
  if (parsed->scheme() == "https") refuse_url(url, "https is not there yet; use http");
  if (parsed->scheme() != "http") refuse_url(url, "the scheme must be http or unix");
  if (parsed->host().empty()) refuse_url(url, "it names no address; write http://127.0.0.1:8080");
  if (!parsed->path().empty() && parsed->path() != "/") refuse_url(url, "an address to listen on has no path");
  std::string host(parsed->host_name());
  if (host == "localhost") host = "127.0.0.1";
  return {std::move(host), parsed->effective_port().value_or(80), false};
}

}  // namespace

server_core::server_core(const limits& c) : caps(c) {}

server_core::~server_core() { stop(); }

std::size_t server_core::loop_count() const {
  return threads != 0 ? threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

void server_core::message(std::string_view text) const {
  if (message_sink) return message_sink(text);
  std::string line = "parley: ";
  line.append(text).push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void server_core::make_worker() {
  workers_.push_back(std::make_unique<server_room::worker>(*this, workers_.size(), net::loop::make()));
}

void server_core::listen(std::string_view url) {
  if (workers_.empty()) make_worker();
  // The first worker takes the address at once, so that a clash shows here and port 0 gets its number.
  endpoints_.push_back(workers_.front()->listen(endpoint_of(url), true));
}

std::vector<std::string> server_core::addresses() const {
  std::vector<std::string> all;
  all.reserve(endpoints_.size());
  for (const auto& e : endpoints_) all.push_back(e.unix_socket ? e.to_string() : "http://" + e.to_string());
  return all;
}

void server_core::start() {
  if (endpoints_.empty()) throw listen_error("there is nothing to listen on; call listen(\"http://127.0.0.1:8080\") first");
  if (!running_.empty()) throw std::logic_error("parley::server: started twice");
  while (workers_.size() < loop_count()) {
    make_worker();
    for (const auto& e : endpoints_) {
      if (!e.unix_socket) workers_.back()->listen(e, false);
    }
  }
  for (auto& w : workers_) running_.emplace_back([worker = w.get()] { worker->run(); });
}

int server_core::run() {
  auto watching = net::loop::make();
  bool asked = false;
  // Signals are watched on a loop of their own, on this thread: a busy worker cannot delay them.
  const net::signals watch(*watching, {SIGTERM, SIGINT}, [&](int) {
    if (!std::exchange(asked, true)) return drain();
    abort_all();  // asked twice: at once
  });
  start();
  {
    const std::lock_guard lock(mutex_);
    in_run_ = true;
  }
  std::thread waiting([&] {
    for (auto& t : running_) t.join();
    watching->stop();
  });
  watching->run();
  waiting.join();
  const std::lock_guard lock(mutex_);
  running_.clear();
  workers_.clear();
  in_run_ = false;
  run_ended_.notify_all();
  return 0;
}

void server_core::drain() {
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
  running_.clear();
  workers_.clear();
}

namespace server_room {

net::endpoint worker::listen(const net::endpoint& at, bool first) {
  net::listen_options how;
  how.alone = first;
  auto made = net::listen(*loop_, at, how);
  if (!made) {
    const std::string where = at.unix_socket ? at.host : "port " + std::to_string(at.port) + " on " + at.host;
    if (made.error() == std::errc::address_in_use) throw listen_error(where + " is in use", made.error());
    if (made.error() == std::errc::permission_denied) {
      throw listen_error(where +
                             " needs a privilege (ports below 1024 do): choose a port from 1024 on, or give the program "
                             "the capability cap_net_bind_service",
                         made.error());
    }
    throw listen_error("cannot listen on " + where + ": " + made.error().message(), made.error());
  }
  listeners_.push_back(std::move(*made));
  return listeners_.back()->local();
}

}  // namespace server_room
}  // namespace parley
