#include "tool/fetch_options.hpp"

#include <parley/fields.hpp>
#include <parley/method.hpp>

#include "tool/exit_code.hpp"
#include "tool/url_rules.hpp"
#include "trace/escape.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace parley::tool {

void declare_fetch_options(arguments& to, fetch_options& o) {
  to.group("Request")
      .values("-H,--header", "'NAME: VALUE'", o.headers,
              "send this field, instead of a default one of that name; 'NAME:' sends none, 'NAME;' one without value; repeatable")
      .values("-d,--data", "DATA", o.data,
              "send DATA as content; @FILE sends a file, @- standard input; several are joined by &; its type is "
              "application/x-www-form-urlencoded unless -H says another")
      .values("--data-urlencode", "DATA", o.data,
              "as -d, percent-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE; both are joined in the order given")
      .value("--json", "DATA", o.json, "as -d, with Content-Type and Accept: application/json")
      .flag("--path-as-is", o.path_as_is, "send /./ and /../ of the URL's path; else they are resolved, as browsers do")
      .flag("--expect", o.expect, "send Expect: 100-continue and wait up to a second for leave to send the content");
  declare_request_options(to, o.agent);
  to.group("Response")
      .value("-o,--output", "FILE", o.output, "write to FILE, which appears once it is whole; - is standard output")
      .flag("-i,--include", o.include, "print the response's head before its content")
      .flag("--fail", o.fail, "exit with 22 and print no content when the status is 400 or above");
  declare_response_options(to, o.agent);
  declare_session_options(to, o.agent);
  to.group("Seeing the session")
      .flag("-v,--verbose", o.verbose, "print both heads as sent on standard error, > for ours, < for theirs")
      .flag("--show", o.show, "draw the session on standard error: connect, request, response, and the time of each part")
      .flag("--frames", o.frames, "as --show, and list the frames of HTTP/2 and 3 both ways")
      .flag("--show-secrets", o.show_secrets, "let -v and --show print Cookie, Set-Cookie, Authorization, Proxy-Authorization too");
  to.group("Connection")
      .flag("--http0.9", o.http09, "speak HTTP/0.9: GET alone, no fields, no status")
      .flag("--http1.0", o.http10, "speak HTTP/1.0")
      .flag("--http1.1", o.http11, "speak HTTP/1.1 (the default for http)")
      .flag("--http2", o.http2,
            "https: HTTP/2 where the server picks it, else 1.1, and no HTTP/3; http: begin with 1.1 and ask to go on with "
            "HTTP/2 (Upgrade: h2c)")
      .flag("--http2-prior-knowledge", o.http2_known, "speak HTTP/2 and nothing else; over http without asking")
      .flag("--http3", o.http3,
            "https: try HTTP/3 (QUIC) first, and TCP as well when there is no connection after 250 ms, or it fails before")
      .flag("--early-data", o.early_data,
            "HTTP/3: send GET, HEAD, OPTIONS and TRACE with the first packet to a server that was spoken with before (0-RTT); who "
            "sees "
            "that packet can send a copy of it")
      .flag("--no-alt-svc", o.no_alt_svc,
            "neither use nor keep what servers announce about HTTP/3 (Alt-Svc); else it is kept in the data folder, and HTTP/3 is "
            "tried "
            "where a server has announced it")
      .flag("--http3-only", o.http3_only, "speak HTTP/3 and nothing else: an error where no QUIC connection comes about")
      .flag("--push", o.push,
            "take what the server pushes over HTTP/2 or 3: used for the URLs that follow, and listed on standard error when nobody "
            "asked "
            "for it")
      .value("--timeout", "SECONDS", o.timeout, "give up when all is not done by then, such as 2 or 0.5; default: wait")
      .value("--connect-timeout", "SECONDS", o.connect_timeout, "give up when there is no connection by then; default 30")
      .value("--unix-socket", "PATH", o.unix_socket, "connect to this Unix socket instead of the URL's host; Host stays the URL's");
  to.hint("--h3", "did you mean --http3, or --http3-only?")
      .hint("--h2,--http2-only", "did you mean --http2, or --http2-prior-knowledge?")
      .hint("--0rtt,--0-rtt,--zero-rtt", "did you mean --early-data?")
      .hint("--no-http3", "--http2 keeps to HTTP/2 and 1.1")
      .hint("--alt-svc", "what servers announce is used by itself; --no-alt-svc leaves it");
  // What users of curl type by habit.
  to.hint("-X,--request", "the method is the command: parley post URL, or parley request METHOD URL")
      .hint("-I,--head", "heads are asked for by parley head URL")
      .hint("-O,--remote-name,-J,--remote-header-name", "give the file's name with -o FILE")
      .hint("-f,--fail-with-body", "did you mean --fail?")
      .hint("-s,--silent,-S,--show-error,-sS", "nothing but content and errors is printed anyway; leave it out")
      .hint("-m,--max-time", "did you mean --timeout SECONDS?")
      .hint("-A,--user-agent", "write -H 'User-Agent: NAME'")
      .hint("-e,--referer", "write -H 'Referer: URL'")
      .hint("-T,--upload-file", "write parley put URL -d @FILE")
      .hint("--data-binary", "-d takes a file as it is; write -d DATA, or -d @FILE")
      .hint("--data-raw,--data-ascii", "write -d DATA");
  declare_proxy_options(to, o.agent);
  to.group("Https")
      .value("--cacert", "FILE", o.cacert,
             "trust the authorities in FILE (PEM) too, besides the system's and the local one (parley ca)")
      .flag("-k,--insecure", o.insecure, "take any certificate: the connection is encrypted, and nobody knows with whom")
      .value("--cert", "FILE", o.cert, "show this certificate (PEM) to a server that asks for one")
      .value("--key", "FILE", o.key, "its private key; default: it is in the certificate's file");
  to.note(
      "A URL without a scheme is http for localhost, 127.0.0.0/8 and [::1], and https for all others and on the ports 443 and "
      "8443; the port is 80 or 443 unless "
      "the URL names one. With SSLKEYLOGFILE in the environment, the keys of TLS go to that file, for Wireshark.");
  to.note(
      "Redirects are followed with -L alone. The exit status is 0 for every complete response (see --fail), 1 when there was none, "
      "2 "
      "for "
      "a wrong command line, 3 for a file that cannot be read or written.");
}

std::chrono::milliseconds parse_seconds(std::string_view option, std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  constexpr double longest = 1e6;
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !(seconds > 0) || seconds > longest) {
    throw refusal(exit_usage, std::string(option) + " takes seconds, such as 2 or 0.5; got \"" + trace::printable(text) + "\"");
  }
  return std::max(std::chrono::milliseconds(1), std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

void refuse_what_is_missing(const fetch_options& o) {
  if (o.key && !o.cert) throw refusal(exit_usage, "--key belongs to a certificate; give that with --cert FILE");
  for (const auto& [name, value] : {std::pair("--cacert", &o.cacert), std::pair("--cert", &o.cert), std::pair("--key", &o.key)}) {
    if (*value && (*value)->empty()) throw refusal(exit_usage, std::string(name) + " needs a file's name");
  }
}

std::optional<parley::version> chosen_version(const fetch_options& o) {
  if (o.http09 + o.http10 + o.http11 + o.http2 + o.http2_known + o.http3 + o.http3_only > 1) {
    throw refusal(exit_usage,
                  "choose one of --http0.9, --http1.0, --http1.1, --http2, --http2-prior-knowledge, --http3 and --http3-only");
  }
  if (o.push && o.http09 + o.http10 + o.http11 > 0)
    throw refusal(exit_usage, "--push needs HTTP/2 or HTTP/3, which know pushed responses");
  if (o.http09) return parley::http0_9;
  if (o.http10) return parley::http1_0;
  if (o.http11) return parley::http1_1;
  if (o.http2_known) return parley::http2;
  if (o.http3_only) return parley::http3;
  return std::nullopt;
}

/// What the library makes of the content and the connection, and a line of a person's would contradict.
void refuse_framing_field(std::string_view name, std::string_view value) {
  // RFC 9110 §10.1.4: codings of a hop are the connection's own matter, the wish for trailers is not.
  if (same_name(name, "TE") && !same_name(value, "trailers"))
    throw refusal(exit_usage,
                  "-H TE: only 'TE: trailers' may be asked for; parley takes chunked content by itself, and no other coding");
  for (const std::string_view made : {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade"}) {
    if (!same_name(name, made)) continue;
    throw refusal(exit_usage, "-H " + std::string(made) + ": parley makes this field by itself; leave it out");
  }
  if (same_name(name, "Expect")) throw refusal(exit_usage, "-H Expect: use --expect");
}

/// Adds the lines of -H to the defaults, which they replace.
void apply_headers(fetch_plan& plan, const std::vector<std::string>& headers) {
  const auto defaults = plan.fields;
  for (const std::string& line : headers) {
    // `NAME;` is a field with an empty value, since `NAME:` sends none.
    const bool empty = line.ends_with(';') && line.find(':') == std::string::npos;
    const std::size_t colon = empty ? line.size() - 1 : line.find(':');
    const std::string shown = "-H \"" + trace::display_line(line, plan.show_secrets) + "\"";
    if (colon == std::string::npos || colon == 0) throw refusal(exit_usage, shown + ": write 'NAME: VALUE'");
    const std::string name = line.substr(0, colon);
    std::string value = line.substr(colon + 1);
    value.erase(0, value.find_first_not_of(" \t"));
    refuse_framing_field(name, value);
    try {
      parley::fields().add(name, value);
    } catch (const invalid_field&) {
      throw refusal(exit_usage, shown + ": a name takes letters, digits and !#$%&'*+-.^_`|~, a value no control characters");
    }
    if (value.empty() && same_name(name, "Host")) throw refusal(exit_usage, shown + ": a request needs a Host");
    std::erase_if(plan.fields, [&](const auto& field) {
      return same_name(field.first, name) && std::ranges::find(defaults, field) != defaults.end();
    });
    // The library takes an empty value for the wish to send none of its own defaults.
    const bool of_the_library = same_name(name, "User-Agent") || same_name(name, "Accept");
    if (!value.empty() || empty || of_the_library) plan.fields.emplace_back(name, value);
  }
}

/// The URL with more in its query. Throws `refusal` where that is no query.
uri with_query(const uri& url, const std::string& more) {
  std::string text = url.to_string();
  if (url.path().empty() && !url.has_query()) text += '/';
  text += (url.has_query() ? (url.query().empty() ? "" : "&") : "?") + more;
  auto made = uri::parse(text);
  if (!made)
    throw refusal(exit_usage,
                  std::string("-G: what -d has is no query: ") + made.error().sentence + " (--data-urlencode encodes it)");
  return std::move(*made);
}

void refuse_bad_combinations(const fetch_plan& plan, const fetch_options& o) {
  if (!parley::method::parse(plan.method)) {
    throw refusal(exit_usage, "\"" + trace::printable(plan.method) +
                                  "\" is no method: it takes letters, digits and !#$%&'*+-.^_`|~, at most 30");
  }
  if (plan.method == "CONNECT") throw refusal(exit_usage, "CONNECT asks a proxy for a tunnel; -x PROXY goes through one");
  if (plan.method == "TRACE" && (plan.content || plan.agent.form))
    throw refusal(exit_usage, "a TRACE request carries no content (RFC 9110 §9.3.8); leave out -d and --json");
  if (plan.version == parley::http0_9) {
    if (plan.method != "GET") throw refusal(exit_usage, "HTTP/0.9 has no method but GET");
    if (plan.content || plan.agent.form) throw refusal(exit_usage, "HTTP/0.9 requests carry no content; leave out -d and --json");
    if (!o.headers.empty()) throw refusal(exit_usage, "HTTP/0.9 requests carry no fields; leave out -H");
  }
  if (plan.urls.size() > 1 && plan.output && *plan.output != "-")
    throw refusal(exit_usage, "-o takes the content of one URL; give one");
}

}  // namespace

fetch_plan make_fetch_plan(std::string method, const std::vector<std::string>& urls, const fetch_options& o) {
  refuse_what_is_missing(o);
  fetch_plan plan;
  plan.method = std::move(method);
  plan.version = chosen_version(o);
  plan.output = o.output;
  plan.include = o.include;
  plan.verbose = o.verbose;
  plan.fail = o.fail;
  plan.upgrade = o.http2;
  plan.http3_first = o.http3;
  plan.no_alt_svc = o.no_alt_svc;
  plan.early_data = o.early_data;
  plan.push = o.push;
  plan.frames = o.frames;
  plan.show = o.show || o.frames;
  plan.show_secrets = o.show_secrets;
  plan.expect = o.expect;
  plan.insecure = o.insecure;
  plan.cacert = o.cacert;
  plan.cert = o.cert;
  plan.key = o.key ? o.key : o.cert;
  if (o.timeout) plan.timeout = parse_seconds("--timeout", *o.timeout);
  if (o.connect_timeout) plan.connect_timeout = parse_seconds("--connect-timeout", *o.connect_timeout);
  plan.unix_socket = o.unix_socket;
  if (plan.unix_socket && plan.unix_socket->empty()) throw refusal(exit_usage, "--unix-socket needs a socket's path");
  if (plan.output && plan.output->empty()) throw refusal(exit_usage, "-o needs a file's name, or - for standard output");

  if (plan.version != parley::http0_9) {
    plan.fields.emplace_back("User-Agent", "parley/" PARLEY_VERSION_STRING);
    plan.fields.emplace_back("Accept", o.json ? "application/json" : "*/*");
  }
  if (o.json && !o.data.empty()) throw refusal(exit_usage, "choose one of -d and --json");
  const bool with_form = !o.agent.forms.empty();
  if (with_form && (o.json || !o.data.empty())) throw refusal(exit_usage, "choose one of --form, -d and --json");
  if (o.agent.get && (o.json || with_form)) throw refusal(exit_usage, "-G is for -d and --data-urlencode");
  const std::vector<std::string> data = data_of(o.data);
  if (o.json) plan.fields.emplace_back("Content-Type", "application/json");
  if (!data.empty() && !o.agent.get) plan.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  apply_headers(plan, o.headers);

  for (const std::string& written : urls) {
    plan.urls.push_back(complete_url(written, o.path_as_is));
    plan.http_assumed.push_back(plan.urls.back().scheme() == "http" && !has_scheme(written));
  }
  if (o.agent.get && !data.empty()) {
    const std::string query = open_upload(data, true)->collect();
    for (uri& url : plan.urls) url = with_query(url, query);
  }
  plan.agent = make_agent_plan(o.agent, plan.urls, plan.method, plan.output);
  // What -H says comes before what an option makes.
  for (const auto& [name, value] : plan.agent.fields) {
    if (std::ranges::none_of(plan.fields, [&](const auto& given) { return same_name(given.first, name); }))
      plan.fields.emplace_back(name, value);
  }
  // HTTP/1.0 cannot announce an end without a length, and a pipe cannot be read twice.
  const bool collected = urls.size() > 1 || plan.version == parley::http1_0;
  if (o.json) plan.content = open_upload({*o.json}, collected);
  if (!data.empty() && !o.agent.get) plan.content = open_upload(data, collected);
  refuse_bad_combinations(plan, o);
  return plan;
}

}  // namespace parley::tool
