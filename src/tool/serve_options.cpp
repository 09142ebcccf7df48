#include "tool/serve_options.hpp"

#include "tool/config_file.hpp"
#include "tool/data_folder.hpp"
#include "tool/exit_code.hpp"
#include "tool/limit_options.hpp"
#include "trace/escape.hpp"

#include <charconv>
#include <string_view>

namespace parley::tool {

namespace {

constexpr std::string_view default_http = "127.0.0.1:8080";
constexpr std::size_t most_threads = 1024;

std::size_t parse_threads(std::string_view text) {
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || n == 0 || n > most_threads) {
    throw refusal(exit_usage, "--threads takes a number from 1 to " + std::to_string(most_threads) + "; got \"" +
                                  trace::printable(text) + "\"");
  }
  return n;
}

log_format parse_format(std::string_view text) {
  if (text == "combined") return log_format::combined;
  if (text == "json") return log_format::json;
  throw refusal(exit_usage, "--access-log-format takes combined or json; got \"" + trace::printable(text) + "\"");
}

void refuse_tls(const serve_options& o) {
  if (o.https && *o.https != "off") {
    static_cast<void>(parse_listen_address("--https", *o.https));  // a mistake in it comes first
    throw refusal(exit_usage,
                  "https is not there yet, so nothing can listen on " + trace::printable(*o.https) + "; use --https off");
  }
  for (const auto& [name, value] : {std::pair("--cert", &o.cert), std::pair("--key", &o.key)}) {
    if (*value) throw refusal(exit_usage, std::string("https is not there yet, so ") + name + " has no use; leave it out");
  }
}

}  // namespace

void declare_serve_options(arguments& to, serve_options& o) {
  to.group("Listening")
      .value("--http", "ADDR:PORT", o.http,
             "where to serve http, or off; port 0 takes a free one; unix:PATH is a Unix socket, unix:PATH?mode=0660&group=NAME one "
             "with these permissions; default 127.0.0.1:8080, or the sockets that systemd opened")
      .value("--https", "ADDR:PORT", o.https, "where to serve https, or off; default 127.0.0.1:8443, but https is not there yet")
      .value("--cert", "FILE", o.cert, "the certificate for https; not there yet")
      .value("--key", "FILE", o.key, "its private key; not there yet");
  to.group("Running")
      .value("--threads", "N", o.threads, "how many threads serve; default: one a core")
      .value("--data", "DIR", o.data,
             "the folder for what must last; default $STATE_DIRECTORY, $XDG_DATA_HOME/parley, else ~/.local/share/parley")
      .value("--config", "FILE", o.config, "TOML with these options' names as keys (access-log = \"off\"); the command line wins")
      .value("--access-log", "FILE", o.access_log, "a line a request; - is standard output, off (the default) is none")
      .value("--access-log-format", "FORMAT", o.access_log_format, "combined (the default) or json, an object a line");
  to.values("--limit", "NAME=VALUE", o.limit,
            "what a client may cost, such as --limit head_time=5s; repeatable; docs/security.md has the names and defaults");
  to.group("Seeing the sessions")
      .flag("--show", o.show, "print the steps of each exchange on standard error: connect, request, response");
}

serve_plan make_serve_plan(serve_options o) {
  serve_plan plan;
  plan.asked = o;
  if (o.config) apply_config_file(o, *o.config);
  refuse_tls(o);
  plan.mention_https = !o.https;
  const std::string http = o.http.value_or(std::string(default_http));
  if (http == "off")
    throw refusal(exit_usage, "http is off and https is not there yet, so there is nothing to serve; leave out --http off");
  plan.http = parse_listen_address("--http", http);
  plan.http_asked = o.http.has_value();
  if (o.threads) plan.threads = parse_threads(*o.threads);
  plan.data = data_folder_of(o.data);
  const std::string log = o.access_log.value_or("off");
  if (log.empty()) throw refusal(exit_usage, "--access-log takes a file's name, - or off");
  plan.access_log = log == "off" ? "" : log;
  if (o.access_log_format) plan.access_log_format = parse_format(*o.access_log_format);
  plan.caps = o.caps;
  for (const std::string& assignment : o.limit) set_limit(plan.caps, assignment, "--limit: ");
  plan.show = o.show;
  return plan;
}

std::vector<std::string> need_restart(const serve_plan& before, const serve_plan& after) {
  std::vector<std::string> names;
  if (before.http != after.http) names.emplace_back("http");
  if (before.threads != after.threads) names.emplace_back("threads");
  if (before.data != after.data) names.emplace_back("data");
  if (before.show != after.show) names.emplace_back("show");
  if (before.caps != after.caps) names.emplace_back("limits");
  return names;
}

}  // namespace parley::tool
