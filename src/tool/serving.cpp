#include "tool/serving.hpp"

#include <parley/auth.hpp>
#include <parley/compression.hpp>
#include <parley/cors.hpp>
#include <parley/features.hpp>
#include <parley/hosts.hpp>
#include <parley/rate_limit.hpp>
#include <parley/service.hpp>

#include "tool/exit_code.hpp"
#include "tool/log.hpp"
#include "tool/option_words.hpp"
#include "tool/signals.hpp"
#include "tool/terminal.hpp"
#include "trace/frames.hpp"
#include "trace/head_watch.hpp"
#include "trace/live.hpp"
#include "trace/timeline.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace parley::tool {

namespace {

constexpr std::chrono::seconds drain_time{10};

void open_log(server& app, const serve_plan& plan) {
  try {
    app.access_log(plan.access_log, plan.access_log_format);
  } catch (const std::system_error& error) {
    throw refusal(exit_local, "cannot write the access log " + plan.access_log + ": " + error.code().message(), {"access-log"});
  }
}

/// What a `listen_error` says, and the way out in this command's words; `option` is the one that it is about.
std::string listen_sentence(const std::string& text, std::string_view option) {
  const std::string sentence = in_options(text);
  if (sentence.find("systemd:") != std::string::npos) return sentence;
  const bool of_http3 = sentence.find("HTTP/3") != std::string::npos;
  return sentence + "; choose another with " + std::string(option) + " ADDR:PORT" +
         (of_http3 ? ", or leave HTTP/3 out with --no-http3" : "");
}

/// `handed_over`: the first addresses, which others opened, without UDP sockets.
void announce(const server& app, std::size_t handed_over, bool http3) {
  std::size_t index = 0;
  for (const std::string& url : app.addresses()) {
    const std::size_t colon = url.find("://");
    const bool named = colon != std::string::npos;  // a Unix socket has no scheme
    const bool with_http3 = http3 && index++ >= handed_over && url.starts_with("https://");
    write_all(STDERR_FILENO, "listening " + (named ? url.substr(0, colon) + " " + url.substr(colon + 3) : "http " + url) +
                                 (with_http3 ? ", and HTTP/3 on UDP" : "") + "\n");
  }
  if (const std::string monitor = app.monitor_address(); !monitor.empty()) {
    const std::size_t colon = monitor.find("://");
    write_all(STDERR_FILENO, "watched at " + (colon == std::string::npos ? monitor : monitor.substr(colon + 3)) + "\n");
  }
  write_all(STDERR_FILENO, "ready\n");
}

/// What --show and --frames print.
class sessions_view {
 public:
  explicit sessions_view(const serve_plan& plan)
      : how_(look_of(STDERR_FILENO, false)),
        exchanges_([this](const trace::exchange& x) { write_all(STDERR_FILENO, trace::server_lines(x, how_)); }),
        frames_([this](const trace::recorded& one) { write_all(STDERR_FILENO, trace::frame_line(one, how_)); }) {
    if (plan.show) sinks_.add(&exchanges_);
    if (plan.frames) sinks_.add(&frames_);
  }
  [[nodiscard]] engine::observer* sink() { return &clock_; }

 private:
  trace::look how_;
  trace::live exchanges_;
  trace::frame_watch frames_;
  trace::fan_out sinks_;
  trace::clocked clock_{sinks_};
};

}  // namespace

void make_data_folder(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error)
    throw refusal(exit_local, "cannot make the data folder " + path + ": " + error.message() + "; choose another with --data DIR",
                  {"data"});
  if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    throw refusal(exit_local,
                  "cannot write to the data folder " + path + ": " + std::strerror(errno) + "; choose another with --data DIR",
                  {"data"});
  }
}

void raise_file_limit(const limits& caps) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  if (files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  }
  // Who asks for no more than the default has no use for the advice.
  if (caps.connections == limits().connections || files.rlim_cur == RLIM_INFINITY || files.rlim_cur > caps.connections) return;
  say("this process may open " + std::to_string(files.rlim_cur) + " files, so fewer than " + std::to_string(caps.connections) +
      " connections fit at once; raise the hard limit (ulimit -Hn, LimitNOFILE=)");
}

namespace {

/// localhost is both addresses, and many clients try ::1 first. A machine without IPv6 has none.
void listen_on_ipv6_loopback(server& app, const listen_address& beside, std::string_view scheme) {
  try {
    app.listen(listen_address{.host = "::1", .port = beside.port, .unix_url = {}}.url(scheme));
  } catch (const listen_error& error) {
    const bool no_ipv6 =
        error.code() == std::errc::address_not_available || error.code() == std::errc::address_family_not_supported;
    if (!no_ipv6) throw;
  }
}

void listen_on(server& app, const serve_plan::place& place, std::string_view scheme) {
  try {
    app.listen(place.at.url(scheme));
    if (!place.asked) listen_on_ipv6_loopback(app, place.at, scheme);
  } catch (const listen_error& error) {
    throw refusal(exit_local, listen_sentence(error.what(), "--" + std::string(scheme)), {std::string(scheme)});
  }
}

/// On what a service manager handed over, and on what was asked for; on the default addresses only when there is neither.
/// How many were handed over.
std::size_t listen_where_asked(server& app, const serve_plan& plan) {
  const auto handed_over = inherited_sockets();
  try {
    for (const inherited_socket& one : handed_over) app.listen(one.descriptor, one.name == "https" ? "https" : "http");
  } catch (const listen_error& error) {
    throw refusal(exit_local, listen_sentence(error.what(), "--http"));
  }
  if (plan.http && (handed_over.empty() || plan.http->asked)) listen_on(app, *plan.http, "http");
  if (plan.https && (handed_over.empty() || plan.https->asked)) listen_on(app, *plan.https, "https");
  return handed_over.size();
}

bool serves_https(const server& app) {
  return std::ranges::any_of(app.addresses(), [](const std::string& url) { return url.starts_with("https://"); });
}

void set_edge(server& app, const serve_plan& plan) {
  const auto& edge = plan.edge;
  app.trusted_proxies(edge.trusted_proxies, edge.proxies_say).request_ids(edge.request_ids).tracing(edge.tracing);
  app.trace(edge.allow_trace);
  if (!edge.hosts.empty()) app.use(allowed_hosts(edge.hosts));
  if (edge.redirect_to != 0) app.use(https_redirect(edge.redirect_to).except("/.well-known/acme-challenge"));
  if (edge.hsts) {
    hsts rule{std::chrono::seconds(*edge.hsts)};
    rule.include_subdomains(edge.hsts_subdomains);
    if (edge.hsts_preload) rule.preload();
    app.use(rule);
  }
  if (!edge.cors.empty()) {
    cors rule;
    for (const std::string& each : edge.cors) each == "*" ? rule.any_origin() : rule.origin(each);
    app.use(rule);
  }
  if (edge.rate != 0) app.use(rate_limit(edge.rate, std::chrono::seconds(edge.rate_seconds)));
  if (!edge.users.empty()) {
    try {
      app.use(basic_auth("parley", password_file(edge.users)));
    } catch (const std::runtime_error& error) {
      throw refusal(exit_local, std::string("--users: ") + error.what());
    }
  }
  const bool apart = !edge.monitor.empty();
  if (edge.healthz || apart) app.health(apart && !edge.healthz ? "" : "/healthz");
  if (edge.metrics && !apart) app.metrics();
  if (!apart) return;
  try {
    app.monitor(edge.monitor);
  } catch (const listen_error& error) {
    throw refusal(exit_local, listen_sentence(error.what(), "--monitor"), {"monitor"});
  }
}

/// Whose files a sentence about a certificate may name.
std::vector<std::string> of_certificates() { return {"cert", "key", "client-ca", "data"}; }

void give_certificates(server& app, const serve_plan& plan) {
  check_https_options(plan, serves_https(app));
  try {
    app.data_folder(plan.data);
    for (const auto& each : plan.certificates) app.certificate(each.certificate_file, each.key_file);
    if (!plan.client_ca.empty()) app.client_certificates(plan.client_ca);
  } catch (const listen_error& error) {
    throw refusal(exit_local, in_options(error.what()), of_certificates());
  }
}

void start(server& app) {
  try {
    app.start();
  } catch (const listen_error& error) {  // with https, what is wrong with its certificate shows here
    const std::string text = error.what();
    if (text.find("UDP port") != std::string::npos) throw refusal(exit_local, listen_sentence(text, "--https"), {"https"});
    throw refusal(exit_local, in_options(text), of_certificates());
  }
}

/// What may change while it runs: the access log. The names of what has changed and needs a restart. Throws when the new configuration
/// is wrong, and then nothing has changed.
std::string apply_again(server& app, serve_plan& current) {
  const serve_plan next = make_serve_plan(current.asked);
  if (next.access_log != current.access_log || next.access_log_format != current.access_log_format)
    named_where_it_stands(next.from_file, [&] { open_log(app, next); });
  current.access_log = next.access_log;
  current.access_log_format = next.access_log_format;
  std::string names;
  for (const std::string& name : need_restart(current, next)) names += (names.empty() ? "" : ", ") + name;
  return names;
}

/// `need_restart`: what `apply_again` gave; nothing when it threw, which has been told already.
void say_reloaded(bool all, const std::optional<std::string>& need_restart) {
  if (!need_restart) return;
  std::string text = all ? "reloaded" : "reloaded, but for the certificates";
  if (!need_restart->empty()) text += "; what has changed in " + *need_restart + " needs a restart";
  log_message(text);
}

int run_server(server& app, const serve_plan& plan) {
  const held_signals signals;
  const hangup terminal;
  std::signal(SIGPIPE, SIG_IGN);  // standard error's reader may go away; the server stays
  std::optional<sessions_view> view;
  if (plan.show) app.observe(view.emplace(plan).sink());
  serve_plan current = plan;
  std::optional<std::string> applied;
  app.on_reload([&] { applied = apply_again(app, current); });
  app.threads(plan.threads).http2(plan.http2).drain_time(drain_time).on_message(log_message);
  if (!plan.http3) app.http3(false);
  if (plan.http3_bbr) app.http3_congestion(parley::congestion_control::bbr);
  if (plan.compress) app.compression(compression_options());
  if (!plan.early_data) app.early_data(false);
  open_log(app, plan);
  set_edge(app, plan);
  const std::size_t handed_over = listen_where_asked(app, plan);
  give_certificates(app, plan);
  start(app);
  const bool local = plan.certificates.empty() && serves_https(app);
  if (local)
    say("https by the local authority; parley ca" + (plan.asked.data ? " --data " + plan.data : "") + " tells how to trust it");
  announce(app, handed_over, plan.http3 && has_version(http3));
  notify_service_manager("READY=1");

  for (int signal = held_signals::wait(); signal != SIGTERM && signal != SIGINT; signal = held_signals::wait()) {
    if (signal == SIGHUP && terminal.ends_us()) break;
    if (signal == SIGHUP) {
      applied.reset();
      const bool all = app.reload();
      say_reloaded(all, applied);
    }
    if (signal == SIGUSR1) app.reopen_log();
  }
  notify_service_manager("STOPPING=1");
  stop_by_signals(app);
  return exit_done;
}

}  // namespace

int serve_until_signal(server& app, const serve_plan& plan) {
  return named_where_it_stands(plan.from_file, [&] { return run_server(app, plan); });
}

}  // namespace parley::tool
