// parley proxy --forward.
#include <parley/auth.hpp>
#include <parley/proxy.hpp>
#include <parley/server.hpp>

#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/exit_code.hpp"
#include "tool/limit_options.hpp"
#include "tool/serve_plan.hpp"
#include "tool/serving.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"

#include <unistd.h>

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace parley::tool {

namespace {

struct proxy_options {
  std::vector<std::string> allow, tunnel_ports, http_ports;
  std::optional<std::string> users, connect_time, idle_time, total_time, tunnels, tunnels_per_client, tunnel_bytes;
  bool forward = false, allow_private = false;
};

std::uint64_t number_of(std::string_view option, std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || n < least || n > most) {
    throw refusal(exit_usage, std::string(option) + " takes a number from " + std::to_string(least) + " to " +
                                  std::to_string(most) + "; got \"" + trace::printable(text) + "\"");
  }
  return n;
}

std::vector<std::uint16_t> ports_of(std::string_view option, const std::vector<std::string>& words) {
  std::vector<std::uint16_t> ports;
  for (const std::string& each : words) ports.push_back(static_cast<std::uint16_t>(number_of(option, each, 1, 65535)));
  return ports;
}

std::chrono::milliseconds seconds_of(std::string_view option, const std::string& text) {
  return std::chrono::seconds(number_of(option, text, 1, 1'000'000));
}

void declare_proxy_options(arguments& to, proxy_options& o) {
  to.group("Forward proxy")
      .flag("--forward", o.forward, "be a forward proxy: tunnels by CONNECT, and requests for http URLs")
      .values("--allow", "HOST", o.allow,
              "let clients go to this host: example.org, *.example.org (all below it), an address, each perhaps with a port, or * "
              "for any "
              "public one; repeatable; without it nothing is allowed")
      .values("--tunnel-port", "N", o.tunnel_ports, "the ports of tunnels; repeatable; default 443")
      .values("--http-port", "N", o.http_ports, "the ports of requests for http URLs; repeatable; default 80")
      .flag("--allow-private", o.allow_private, "also to addresses that are not public: private networks, this machine")
      .value("--proxy-users", "FILE", o.users, "only for the users in FILE (htpasswd's format, hashes of crypt(5)), by Basic")
      .value("--connect-time", "SECONDS", o.connect_time, "for look-up and connecting; default 10")
      .value("--idle-time", "SECONDS", o.idle_time, "without a byte in either direction; default 120")
      .value("--total-time", "SECONDS", o.total_time, "the whole life of a tunnel, or of a request and its response; default 3600")
      .value("--tunnels", "N", o.tunnels, "tunnels and requests at once; default 1000")
      .value("--tunnels-per-client", "N", o.tunnels_per_client,
             "the same of one address (IPv6: of its /64); default 100, 0: any number")
      .value("--tunnel-bytes", "N", o.tunnel_bytes, "what one tunnel may carry, both directions together; default 0: anything");
}

forward_proxy proxy_of(const proxy_options& o) {
  forward_proxy made;
  try {
    for (const std::string& each : o.allow) made.allow(each);
  } catch (const std::invalid_argument& error) {
    throw refusal(exit_usage, "--allow: " + trace::printable(error.what()));
  }
  if (!o.tunnel_ports.empty()) made.tunnel_ports(ports_of("--tunnel-port", o.tunnel_ports));
  if (!o.http_ports.empty()) made.http_ports(ports_of("--http-port", o.http_ports));
  made.allow_private(o.allow_private);
  if (o.connect_time) made.connect_time(seconds_of("--connect-time", *o.connect_time));
  if (o.idle_time) made.idle_time(seconds_of("--idle-time", *o.idle_time));
  if (o.total_time) made.total_time(seconds_of("--total-time", *o.total_time));
  if (o.tunnels) made.tunnels(number_of("--tunnels", *o.tunnels, 1, 1'000'000));
  if (o.tunnels_per_client) made.tunnels_per_client(number_of("--tunnels-per-client", *o.tunnels_per_client, 0, 1'000'000));
  if (o.tunnel_bytes) made.bytes(number_of("--tunnel-bytes", *o.tunnel_bytes, 0, UINT64_MAX));
  if (o.users) {
    try {
      made.users(password_file(*o.users));
    } catch (const std::runtime_error& error) {
      throw refusal(exit_local, error.what());
    }
  }
  return made;
}

}  // namespace

int run_proxy_command(const command& self, const std::vector<std::string>& words) {
  arguments args(
      self.name, "",
      "Stands between clients and other servers. With --forward: carries tunnels (CONNECT) and requests for http URLs, for "
      "clients that name it as their proxy, over HTTP/1.1, 2 and 3. Runs until Ctrl-C or SIGTERM, then finishes what it is "
      "doing, within 10 seconds.");
  proxy_options proxy;
  serve_options options;
  declare_proxy_options(args, proxy);
  declare_serve_options(args, options);
  args.note(
      "Nothing is allowed but what --allow names, and no address that is not public: a name is looked up once, and what was looked "
      "up is "
      "checked and connected to. docs/proxy.md tells more.");
  args.example_line("parley proxy --forward --allow '*.example.org' --allow example.org --http 127.0.0.1:3128",
                    "then curl -x http://127.0.0.1:3128 https://www.example.org/");
  const std::vector<std::string> positionals = args.parse(words);
  if (args.help_wanted()) return write_all(STDOUT_FILENO, args.help(80)) ? exit_done : exit_local;
  if (!positionals.empty()) throw refusal(exit_usage, "proxy takes options alone; got " + trace::printable(positionals.front()));
  if (!proxy.forward) throw refusal(exit_usage, "proxy needs to know what kind it is; there is --forward");

  const serve_plan plan = make_serve_plan(options);
  const forward_proxy made = proxy_of(proxy);
  if (proxy.allow.empty()) say("note: without --allow nothing is allowed, and every request is answered 403");
  raise_file_limit(plan.caps);
  server app(plan.caps);
  made.serve(app);
  return serve_until_signal(app, plan);
}

}  // namespace parley::tool
