#include "tool/serve_plan.hpp"

#include <parley/cors.hpp>
#include <parley/hosts.hpp>

#include "tool/config_file.hpp"
#include "tool/data_folder.hpp"
#include "tool/exit_code.hpp"
#include "tool/limit_options.hpp"
#include "trace/escape.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace parley::tool {

namespace {

constexpr std::string_view default_http = "127.0.0.1:8080";
constexpr std::string_view default_https = "127.0.0.1:8443";
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

/// An address that was asked for; else the default one, unless the other scheme alone was asked for.
std::optional<serve_plan::place> place_of(std::string_view option, const std::optional<std::string>& asked,
                                          const std::optional<std::string>& other, std::string_view otherwise) {
  if (asked && *asked == "off") return std::nullopt;
  if (asked) return serve_plan::place{parse_listen_address(option, *asked), true};
  if (other && *other != "off") return std::nullopt;
  return serve_plan::place{parse_listen_address(option, otherwise), false};
}

std::vector<serve_plan::certificate> certificates_of(const serve_options& o) {
  std::vector<serve_plan::certificate> all;
  if (o.keys.size() > o.certs.size())
    throw refusal(exit_usage, "each --key belongs to a certificate; give that with --cert FILE", {"key"});
  // Without any key, each certificate's file holds its own.
  if (!o.keys.empty() && o.keys.size() != o.certs.size()) {
    throw refusal(exit_usage,
                  "there are " + std::to_string(o.certs.size()) + " of --cert and " + std::to_string(o.keys.size()) +
                      " of --key; give one --key for each --cert, in the same order",
                  {"key"});
  }
  for (std::size_t i = 0; i < o.certs.size(); ++i) {
    const std::string& key = o.keys.empty() ? o.certs[i] : o.keys[i];
    if (o.certs[i].empty() || key.empty()) throw refusal(exit_usage, "--cert and --key need a file's name");
    all.push_back({o.certs[i], key});
  }
  return all;
}

/// A part up to `separator`, as a number that is not 0.
std::optional<std::uint64_t> number_before(std::string_view& text, char separator) {
  const std::string_view digits = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), digits.size() + 1));
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || n > 1'000'000'000) return std::nullopt;
  return n;
}

void plan_rules(serve_plan::edge_options& edge, const serve_options& o) {
  // What they cannot take is told before anything is opened, by the option's name in place of the function's.
  const auto refuse = [](std::string_view option, std::string_view sentence) {
    const std::size_t named = sentence.find(": ");
    throw refusal(exit_usage, std::string(option) + trace::printable(sentence.substr(named == std::string_view::npos ? 0 : named)));
  };
  try {
    static_cast<void>(allowed_hosts(o.hosts));
  } catch (const std::invalid_argument& error) {
    refuse("--host", error.what());
  }
  try {
    cors all;
    for (const std::string& each : o.cors) each == "*" ? all.any_origin() : all.origin(each);
  } catch (const std::invalid_argument& error) {
    refuse("--cors", error.what());
  }
  edge.hosts = o.hosts;
  edge.cors = o.cors;
  if (o.users && o.users->empty()) throw refusal(exit_usage, "--users needs a file's name");
  edge.users = o.users.value_or("");
  if (o.rate_limit) {
    std::string_view text = *o.rate_limit;
    const auto n = number_before(text, '/');
    const auto seconds = number_before(text, '/');
    if (!n || !seconds || *n == 0 || *seconds == 0 || !text.empty()) {
      throw refusal(exit_usage, "--rate-limit takes N/SECONDS, such as 100/60; got \"" + trace::printable(*o.rate_limit) + "\"");
    }
    edge.rate = static_cast<std::size_t>(*n);
    edge.rate_seconds = *seconds;
  }
  if (!o.hsts) return;
  std::string_view text = *o.hsts;
  edge.hsts = number_before(text, ',');
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word == "includeSubDomains") {
      edge.hsts_subdomains = true;
    } else if (word == "preload") {
      edge.hsts_preload = true;
    } else {
      edge.hsts.reset();
      break;
    }
  }
  const bool too_little = edge.hsts_preload && (!edge.hsts_subdomains || edge.hsts.value_or(0) < 31'536'000);
  if (!edge.hsts || too_little) {
    throw refusal(exit_usage,
                  "--hsts takes seconds, and behind them includeSubDomains and preload (which needs that and a year): "
                  "31536000,includeSubDomains,preload; got \"" +
                      trace::printable(*o.hsts) + "\"");
  }
}

void plan_redirect(serve_plan& plan, const serve_options& o) {
  if (!o.redirect_https) return;
  if (!plan.https || plan.https->at.port == 0) {
    throw refusal(exit_usage, "--redirect-https needs to know the port of https; give it with --https ADDR:PORT");
  }
  plan.edge.redirect_to = plan.https->at.port;
}

void plan_edge(serve_plan::edge_options& edge, const serve_options& o) {
  if (o.monitor) {
    const listen_address at = parse_listen_address("--monitor", *o.monitor);
    edge.monitor = at.url("http");
  }
  for (const std::string& each : o.trusted_proxies) {
    try {
      server().trusted_proxies({each});
    } catch (const std::invalid_argument&) {
      throw refusal(exit_usage, "--trusted-proxy takes a network such as 10.0.0.0/8, an address, or unix; got \"" +
                                    trace::printable(each) + "\" (no bits behind the prefix)");
    }
  }
  edge.trusted_proxies = o.trusted_proxies;
  const std::string field = o.trusted_proxy_field.value_or("x-forwarded-for");
  if (field != "x-forwarded-for" && field != "forwarded") {
    throw refusal(exit_usage, "--trusted-proxy-field takes x-forwarded-for or forwarded; got \"" + trace::printable(field) + "\"");
  }
  edge.proxies_say = field == "forwarded" ? forwarded_by::forwarded : forwarded_by::x_forwarded;
  plan_rules(edge, o);
  edge.healthz = o.healthz;
  edge.metrics = o.metrics;
  edge.request_ids = o.request_ids;
  edge.tracing = o.tracing;
  edge.allow_trace = o.allow_trace;
}

void plan_listening(serve_plan& plan, const serve_options& o) {
  plan.http = place_of("--http", o.http, o.https, default_http);
  // Who wants to know the clients does not let all others in beside them, unless told to.
  if (o.client_ca && !o.http && o.https != "off") plan.http.reset();
  plan.https = place_of("--https", o.https, o.http, default_https);
  if (!plan.http && !plan.https)
    throw refusal(exit_usage, "http and https are both off, so there is nothing to serve", {"http", "https"});
  if (plan.https && !plan.https->at.unix_url.empty())
    throw refusal(exit_usage,
                  "--https " + trace::printable(plan.https->at.unix_url) + ": a Unix socket is served by http; use --http");
  plan.certificates = certificates_of(o);
  if (o.client_ca && o.client_ca->empty()) throw refusal(exit_usage, "--client-ca needs a file's name");
  plan.client_ca = o.client_ca.value_or("");
}

void fill_plan(serve_plan& plan, const serve_options& o) {
  plan_listening(plan, o);
  plan_edge(plan.edge, o);
  plan_redirect(plan, o);
  if (o.threads) plan.threads = parse_threads(*o.threads);
  plan.data = data_folder_of(o.data);
  const std::string log = o.access_log.value_or("off");
  if (log.empty()) throw refusal(exit_usage, "--access-log takes a file's name, - or off");
  plan.access_log = log == "off" ? "" : log;
  if (o.access_log_format) plan.access_log_format = parse_format(*o.access_log_format);
  plan.caps = o.caps;
  for (const std::string& assignment : o.limit) set_limit(plan.caps, assignment, "--limit: ");
  plan.http2 = !o.no_http2;
  plan.list = o.list;
  plan.compress = o.compress;
  plan.http3 = !o.no_http3;
  plan.http3_bbr = o.http3_bbr;
  plan.early_data = !o.no_early_data;
  plan.frames = o.frames;
  plan.show = o.show || o.frames;
}

}  // namespace

serve_plan make_serve_plan(serve_options o) {
  serve_plan plan;
  plan.asked = o;
  if (o.config) apply_config_file(o, *o.config);
  named_where_it_stands(o.from_file, [&] { fill_plan(plan, o); });
  plan.from_file = std::move(o.from_file);
  return plan;
}

void check_https_options(const serve_plan& plan, bool https) {
  if (https || (plan.certificates.empty() && plan.client_ca.empty())) return;
  throw refusal(exit_usage, std::string(plan.certificates.empty() ? "--client-ca is" : "--cert and --key are") +
                                " for https, and nothing is served by https; give it an address with --https ADDR:PORT");
}

std::vector<std::string> need_restart(const serve_plan& before, const serve_plan& after) {
  std::vector<std::string> names;
  if (before.http != after.http) names.emplace_back("http");
  if (before.https != after.https) names.emplace_back("https");
  if (before.certificates != after.certificates) names.emplace_back("cert");
  if (before.client_ca != after.client_ca) names.emplace_back("client-ca");
  if (before.threads != after.threads) names.emplace_back("threads");
  if (before.data != after.data) names.emplace_back("data");
  if (before.list != after.list) names.emplace_back("list");
  if (before.compress != after.compress) names.emplace_back("compress");
  if (before.http2 != after.http2) names.emplace_back("no-http2");
  if (before.http3 != after.http3) names.emplace_back("no-http3");
  if (before.http3_bbr != after.http3_bbr) names.emplace_back("http3-bbr");
  if (before.early_data != after.early_data) names.emplace_back("no-early-data");
  if (before.show != after.show || before.frames != after.frames) names.emplace_back("show");
  if (before.edge != after.edge) names.emplace_back("what stands before handlers");
  if (before.caps != after.caps) names.emplace_back("limits");
  return names;
}

}  // namespace parley::tool
