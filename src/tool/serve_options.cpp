#include "tool/serve_options.hpp"

namespace parley::tool {

void declare_serve_options(arguments& to, serve_options& o) {
  to.group("Listening")
      .value("--http", "ADDR:PORT", o.http,
             "where to serve http, or off; port 0 takes a free one; unix:PATH is a Unix socket, unix:PATH?mode=0660&group=NAME one "
             "with these permissions")
      .value("--https", "ADDR:PORT", o.https, "where to serve https (TLS 1.2 and 1.3), or off")
      .flag("--no-http2", o.no_http2,
            "no HTTP/2; else both serve it: https to clients that ask for h2 (ALPN), http to those that begin with it or ask to "
            "upgrade "
            "(h2c)")
      .flag("--no-http3", o.no_http3,
            "no HTTP/3; else https has it on the UDP port of the same number, and tells clients of HTTP/1 and 2 so (Alt-Svc)")
      .flag("--http3-bbr", o.http3_bbr, "congestion control of HTTP/3 by BBR; default: CUBIC")
      .flag("--no-early-data", o.no_early_data,
            "no early data (0-RTT) over HTTP/3; else clients that come again may send safe requests with their first packet (RFC "
            "8470)");
  to.hint("--http3,--h3", "HTTP/3 is on by itself where https is; --no-http3 switches it off")
      .hint("--http2,--h2", "HTTP/2 is on by itself; --no-http2 switches it off")
      .hint("--early-data,--0rtt", "early data is on by itself; --no-early-data switches it off")
      .hint("--port", "did you mean --http ADDR:PORT, or --https ADDR:PORT?");
  to.group("Https")
      .values(
          "--cert", "FILE", o.certs,
          "a certificate (PEM, with its chain); with several, clients get the one for the name that they ask for; default: one for "
          "this machine by the local authority (parley ca)")
      .values("--key", "FILE", o.keys, "its private key; default: in the certificate's file")
      .value("--client-ca", "FILE", o.client_ca,
             "only clients with a certificate by the authorities in FILE are served by https; "
             "without --http, there is no http then");
  to.note(
      "Without --http and --https: http on port 8080 and https on port 8443 of 127.0.0.1 and, where the machine has it, [::1]; or "
      "the "
      "sockets that systemd opened. Who asks for one of them gets that one alone.");
  to.group("Running")
      .value("--threads", "N", o.threads, "how many threads serve; default: one a core")
      .value("--data", "DIR", o.data,
             "the folder for what must last; default $STATE_DIRECTORY, $XDG_DATA_HOME/parley, else ~/.local/share/parley")
      .value("--config", "FILE", o.config, "TOML with these options' names as keys (access-log = \"off\"); the command line wins")
      .value("--access-log", "FILE", o.access_log, "a line a request; - is standard output, off (the default) is none")
      .value("--access-log-format", "FORMAT", o.access_log_format, "combined (the default) or json, an object a line");
  to.group("Behind proxies, and being watched")
      .values(
          "--trusted-proxy", "NETWORK", o.trusted_proxies,
          "believe what this proxy says of its clients; 10.0.0.0/8, an address, or unix for the peers of Unix sockets; repeatable")
      .value("--trusted-proxy-field", "NAME", o.trusted_proxy_field,
             "by which fields it says so: x-forwarded-for (the default, with -proto and -host) or forwarded (RFC 7239)")
      .flag("--request-ids", o.request_ids,
            "give each request an id (X-Request-Id), which the JSON access log and error details have too")
      .flag("--tracing", o.tracing,
            "go on with the traces that requests belong to (traceparent), or begin one; the JSON access log has them")
      .flag("--healthz", o.healthz, "answer GET /healthz: 200, or 503 while the server ends")
      .flag("--metrics", o.metrics, "answer GET /metrics to this machine's own programs, for Prometheus")
      .value("--monitor", "ADDR:PORT", o.monitor, "answer both at an address of its own instead, by http, to whoever reaches it")
      .flag("--allow-trace", o.allow_trace, "answer TRACE with the request's own head, without secrets; default: 405");
  to.group("Who may come")
      .values("--host", "HOST", o.hosts,
              "answer requests for this host alone, and 421 to others: example.org, *.example.org (all below it), an address, each "
              "perhaps with a "
              "port; repeatable")
      .flag("--redirect-https", o.redirect_https,
            "send requests that come by http to https (308); all but /.well-known/acme-challenge")
      .value("--hsts", "SECONDS", o.hsts,
             "tell browsers to use https alone for that long; 31536000,includeSubDomains,preload for all below the host too, and "
             "to ask to be "
             "built into them")
      .values("--cors", "ORIGIN", o.cors,
              "let pages of this origin (https://app.example), or * for any, read what is here; repeatable")
      .value("--users", "FILE", o.users, "only for the users in FILE (htpasswd's format, hashes of crypt(5)), by Basic")
      .value("--rate-limit", "N/SECONDS", o.rate_limit,
             "at most N requests of one address in so many seconds (IPv6: of its /64); more are 429");
  to.group("Limits");
  to.values("--limit", "NAME=VALUE", o.limit,
            "what a client may cost, such as --limit head_time=5s; repeatable; docs/security.md has the names and defaults");
  to.group("Content").flag(
      "--compress", o.compress,
      "send text and its like in br, zstd or gzip to who accepts it; files of serve also as FILE.br, FILE.zst and "
      "FILE.gz that stand beside them");
  to.group("Seeing the sessions")
      .flag("--show", o.show, "print the steps of each exchange on standard error: connect, request, response")
      .flag("--frames", o.frames, "as --show, and a line a frame of HTTP/2 and 3, both ways");
}

}  // namespace parley::tool
