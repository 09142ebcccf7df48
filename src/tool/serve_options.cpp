#include "tool/serve_options.hpp"

#include "tool/config_file.hpp"
#include "tool/data_folder.hpp"
#include "tool/exit_code.hpp"
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
      .value("--http", "ADDR:PORT", o.http, "where to serve http, or off; port 0 takes a free one; default 127.0.0.1:8080")
      .value("--https", "ADDR:PORT", o.https, "where to serve https, or off; default 127.0.0.1:8443, but https is not there yet")
      .value("--cert", "FILE", o.cert, "the certificate for https; not there yet")
      .value("--key", "FILE", o.key, "its private key; not there yet");
  to.group("Running")
      .value("--threads", "N", o.threads, "how many threads serve; default: one a core")
      .value("--data", "DIR", o.data, "the folder for what must last; default $XDG_DATA_HOME/parley, else ~/.local/share/parley")
      .value("--config", "FILE", o.config, "TOML with these options' names as keys (access-log = \"off\"); the command line wins")
      .value("--access-log", "FILE", o.access_log, "a line a request; - is standard output, off (the default) is none");
  to.group("Seeing the sessions")
      .flag("--show", o.show, "print the steps of each exchange on standard error: connect, request, response");
}

serve_plan make_serve_plan(serve_options o) {
  if (o.config) apply_config_file(o, *o.config);
  refuse_tls(o);
  serve_plan plan;
  plan.mention_https = !o.https;
  const std::string http = o.http.value_or(std::string(default_http));
  if (http == "off")
    throw refusal(exit_usage, "http is off and https is not there yet, so there is nothing to serve; leave out --http off");
  plan.http = parse_listen_address("--http", http);
  if (o.threads) plan.threads = parse_threads(*o.threads);
  plan.data = data_folder_of(o.data);
  const std::string log = o.access_log.value_or("off");
  if (log.empty()) throw refusal(exit_usage, "--access-log takes a file's name, - or off");
  plan.access_log = log == "off" ? "" : log;
  plan.show = o.show;
  return plan;
}

}  // namespace parley::tool
