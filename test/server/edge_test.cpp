// What stands before all handlers: trusted proxies, ids, traces, filters, TRACE, health and metrics; in each version over sockets.
#include "connection/http3.hpp"
#include "memory_server.hpp"
#include "support/certificate_files.hpp"

#include <parley/auth.hpp>
#include <parley/client.hpp>
#include <parley/csrf.hpp>
#include <parley/filter.hpp>
#include <parley/hosts.hpp>
#include <parley/rate_limit.hpp>
#include <parley/server.hpp>
#include <parley/session.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using parley::request;
using parley::response;
using parley::server;
using parley::version;

std::string whom(const request& req) {
  return std::string(req.client_address()) + " " + std::string(req.scheme()) + " " + (req.secure() ? "secure" : "open") + " " +
         std::string(req.authority());
}

/// A server on loopback, with https by a certificate of its own.
struct site {
  site() {
    files.put("server", files.authority.server({"localhost"}));
    app.threads(1).on_message([](std::string_view) {});
    app.certificate(files.certificate("server"), files.key("server"));
    app.route("GET /whom", [](const request& req) { return whom(req); });
  }
  ~site() { app.stop(); }
  void start() {
    app.listen("http://127.0.0.1:0").listen("https://127.0.0.1:0");
    app.start();
  }
  [[nodiscard]] std::string url(version v, std::string_view path) const {
    const std::string base = app.addresses().at(v == version::http1_1 ? 0 : 1);
    return (v == version::http1_1 ? base : "https://localhost" + base.substr(base.rfind(':'))) + std::string(path);
  }
  response ask(version v, request req) const {
    parley::client http;
    http.trust(files.authority_file());
    parley::options how;
    how.version(v).timeout(std::chrono::seconds(60));
    return parley::run(http.send(std::move(req), how));
  }
  response get(version v, std::string_view path) const { return ask(v, request(parley::method::get, url(v, path))); }
  [[nodiscard]] std::uint64_t count(std::string_view name) const {
    for (const auto& c : app.counters()) {
      if (c.name == name) return c.value;
    }
    return UINT64_MAX;
  }

  parley::test::certificate_files files;
  server app;
};

std::vector<version> versions() {
  std::vector<version> all{version::http1_1, version::http2};
  if (parley::connection::has_http3()) all.push_back(version::http3);
  return all;
}

// --- trusted proxies ---------------------------------------------------------------------------------------------------------

TEST(edge, what_a_trusted_proxy_says_of_its_client_counts) {
  site s;
  s.app.trusted_proxies({"127.0.0.0/8"});
  s.start();
  for (const version v : versions()) {
    request req(parley::method::get, s.url(v, "/whom"));
    req.header("X-Forwarded-For", "203.0.113.9, 198.51.100.7");
    req.header("X-Forwarded-Proto", v == version::http1_1 ? "https" : "http");
    req.header("X-Forwarded-Host", "shop.example");
    req.header("Forwarded", "for=192.0.2.66;host=evil.example");
    const bool secure = v == version::http1_1;
    EXPECT_EQ(s.ask(v, std::move(req)).content(),
              std::string("198.51.100.7 ") + (secure ? "https secure" : "http open") + " shop.example")
        << name(v);
  }
}

TEST(edge, by_forwarded_where_that_was_agreed) {
  site s;
  s.app.trusted_proxies({"127.0.0.1", "198.51.100.0/24"}, parley::forwarded_by::forwarded);
  s.start();
  request req(parley::method::get, s.url(version::http1_1, "/whom"));
  req.header("Forwarded", "for=192.0.2.66, for=\"[2001:db8::5]:99\";proto=https;host=shop.example, for=198.51.100.7");
  req.header("X-Forwarded-For", "192.0.2.67");
  EXPECT_EQ(s.ask(version::http1_1, std::move(req)).content(), "2001:db8::5 https secure shop.example");
}

TEST(edge, forged_forwarded_fields_mean_nothing) {
  site s;
  s.app.trusted_proxies({"10.0.0.0/8", "unix"}).request_ids();
  s.start();
  for (const version v : versions()) {
    request req(parley::method::get, s.url(v, "/whom"));
    for (const char* each : {"X-Forwarded-For", "X-Real-IP", "Client-IP"}) req.header(each, "203.0.113.9");
    req.header("X-Forwarded-Host", "evil.example");
    req.header("X-Forwarded-Proto", "https");
    req.header("Forwarded", "for=203.0.113.9;host=evil.example;proto=https");
    req.header("X-Request-Id", "forged");
    const response got = s.ask(v, std::move(req));
    EXPECT_NE(got.header("X-Request-Id"), "forged");
    const std::string said(got.content());
    EXPECT_TRUE(said.starts_with("127.0.0.1 ")) << said;
    EXPECT_EQ(said.find("evil"), std::string::npos) << said;
    EXPECT_NE(said.find(v == version::http1_1 ? "http open" : "https secure"), std::string::npos) << said;
  }
}

TEST(edge, what_is_no_host_and_no_address_is_not_taken) {
  site s;
  s.app.trusted_proxies({"127.0.0.1"});
  s.start();
  request req(parley::method::get, s.url(version::http1_1, "/whom"));
  req.header("X-Forwarded-For", "203.0.113.9, unknown");
  req.header("X-Forwarded-Host", "a b/evil");
  req.header("X-Forwarded-Proto", "javascript");
  const std::string said(s.ask(version::http1_1, std::move(req)).content());
  EXPECT_TRUE(said.starts_with("127.0.0.1 http open 127.0.0.1:")) << said;
  EXPECT_THROW(s.app.trusted_proxies({"10.0.0.1/8"}), std::invalid_argument);
  EXPECT_THROW(s.app.trusted_proxies({"example.org"}), std::invalid_argument);
}

TEST(edge, a_trusted_proxys_connections_are_not_counted_by_address) {
  parley::limits caps;
  caps.connections_per_address = 1;
  caps.count_loopback = true;
  for (const bool trusted : {false, true}) {
    parley::testing::memory_server made(caps);
    made.plain("GET /", [](const request&) { return parley::text("x"); });
    if (trusted) {
      ASSERT_TRUE(made.core.trusted.add("127.0.0.1"));
    }
    parley::testing::memory_peer one(*made.loop, 80);
    parley::testing::memory_peer two(*made.loop, 80);
    made.loop->run_for(std::chrono::milliseconds(10));
    EXPECT_EQ(two.failed, !trusted);
  }
}

// --- ids and traces ----------------------------------------------------------------------------------------------------------

TEST(edge, request_ids_are_made_and_those_of_trusted_proxies_taken) {
  for (const bool trusted : {false, true}) {
    site s;
    s.app.request_ids();
    if (trusted) s.app.trusted_proxies({"127.0.0.1"});
    s.app.route("GET /id", [](const request& req) { return std::string(req.id()); });
    s.start();
    std::set<std::string> seen;
    for (const version v : versions()) {
      request req(parley::method::get, s.url(v, "/id"));
      req.header("X-Request-Id", "from-the-proxy.1");
      const response answer = s.ask(v, std::move(req));
      EXPECT_EQ(answer.content(), answer.header("X-Request-Id"));
      EXPECT_EQ(answer.content() == "from-the-proxy.1", trusted);
      seen.insert(std::string(answer.content()));
      if (!trusted) {
        EXPECT_TRUE(std::regex_match(std::string(answer.content()), std::regex("[0-9a-f]{32}")));
      }
    }
    EXPECT_EQ(seen.size(), trusted ? 1U : versions().size());
    // One that could break a log or a page is not taken.
    request bad(parley::method::get, s.url(version::http1_1, "/id"));
    bad.header("X-Request-Id", "<script>");
    EXPECT_EQ(s.ask(version::http1_1, std::move(bad)).content().size(), 32U);
    request wrong(parley::method::get, s.url(version::http1_1, "/nowhere"));
    wrong.header("Accept", "application/json");
    const response error = s.ask(version::http1_1, std::move(wrong));
    EXPECT_NE(error.content().find("\"request_id\":\"" + std::string(error.header("X-Request-Id")) + "\""), std::string::npos);
  }
}

TEST(edge, traces_go_on_or_begin) {
  site s;
  s.app.tracing();
  s.app.route("GET /trace", [](const request& req) { return std::string(req.trace()); });
  s.start();
  const std::string sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  request req(parley::method::get, s.url(version::http1_1, "/trace"));
  req.header("traceparent", sent);
  const std::string child(s.ask(version::http1_1, std::move(req)).content());
  EXPECT_TRUE(child.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && child.ends_with("-01")) << child;
  EXPECT_NE(child, sent);
  request bad(parley::method::get, s.url(version::http1_1, "/trace"));
  bad.header("traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01");
  const std::string fresh(s.ask(version::http1_1, std::move(bad)).content());
  EXPECT_TRUE(std::regex_match(fresh, std::regex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"))) << fresh;
  EXPECT_FALSE(fresh.starts_with("00-0000000000000000000000000000000"));
}

TEST(edge, the_access_log_tells_of_the_client) {
  site s;
  s.app.request_ids().tracing().trusted_proxies({"127.0.0.1"});
  const std::string path = s.files.folder / "access.log";
  s.app.access_log(path, parley::log_format::json);
  s.start();
  request req(parley::method::get, s.url(version::http1_1, "/whom"));
  req.header("X-Forwarded-For", "2001:db8::7");
  req.header("X-Request-Id", "abc");
  EXPECT_EQ(s.ask(version::http1_1, std::move(req)).status(), 200);
  s.app.stop();
  s.app.access_log("");
  std::string line;
  for (int tries = 0; tries < 6000 && line.empty(); ++tries) {
    std::ifstream in(path);
    std::getline(in, line);
    if (line.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(line.find("\"peer\":\"2001:db8::7\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"id\":\"abc\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"trace\":\"00-"), std::string::npos) << line;
}

// --- filters -----------------------------------------------------------------------------------------------------------------

class noting final : public parley::filter {
 public:
  explicit noting(std::string name) : name_(std::move(name)) {}
  std::optional<response> before(request& req) override {
    if (req.path() == "/throws") throw parley::problem_error(418);
    if (req.path() == "/" + name_) return parley::text("by " + name_).status(403);
    return std::nullopt;
  }
  void after(const request&, response& answer) override { answer.fields().add("Seen", name_); }

 private:
  std::string name_;
};

TEST(edge, filters_come_in_order_and_see_every_answer) {
  site s;
  s.app.use(noting("a")).use(noting("b"));
  s.start();
  for (const version v : versions()) {
    const response whole = s.get(v, "/whom");
    EXPECT_EQ(whole.status(), 200);
    EXPECT_EQ(whole.fields().joined("Seen"), "b, a");
    EXPECT_EQ(s.get(v, "/b").content(), "by b");
    EXPECT_EQ(s.get(v, "/b").fields().joined("Seen"), "b, a");
    EXPECT_EQ(s.get(v, "/nowhere").fields().joined("Seen"), "b, a");
    EXPECT_EQ(s.get(v, "/throws").status(), 418);
  }
  EXPECT_EQ(s.app.handle(request(parley::method::get, "/a")).status(), 403);
}

TEST(edge, prefixes_of_paths_cannot_be_gone_around) {
  parley::path_prefixes admin;
  EXPECT_TRUE(admin.match(request(parley::method::get, "/x")));
  admin.add("/admin");
  const auto within = [&admin](std::string_view path) { return admin.match(request(parley::method::get, path)); };
  for (const char* each : {"/admin", "/admin/", "/admin/x?y", "//admin", "/%61dmin/x", "/./admin", "/x/../admin", "/x/%2e%2e/admin",
                           "/admin//x", "/%2Fadmin"}) {
    EXPECT_TRUE(within(each)) << each;
  }
  for (const char* each : {"/", "/administrator", "/x/admin", "/Admin"}) EXPECT_FALSE(within(each)) << each;
  // A route takes these for what stands at its {name}.
  for (const char* each : {"/admin/..", "/admin/%2e%2e", "/admin/..%2fx", "/admin/x/../../b", "/%61dmin/%zz", "/admin/x%"}) {
    EXPECT_TRUE(within(each)) << each;
  }
  EXPECT_THROW(admin.add("admin"), std::invalid_argument);
}

// An exception must not be had by another spelling of what it was not made for.
TEST(edge, exceptions_from_a_rule_are_below_by_every_reading) {
  parley::path_prefixes api;
  EXPECT_FALSE(api.match_surely(request(parley::method::get, "/x")));
  api.add("/api/");
  const auto out = [&api](std::string_view path) { return api.match_surely(request(parley::method::get, path)); };
  for (const char* each : {"/api", "/api/", "/api/x?y", "/%61pi/x", "/api//x", "/api/x/..", "/api/./x", "/api/a%2Fb"}) {
    EXPECT_TRUE(out(each)) << each;
  }
  for (const char* each : {"/apiary", "/api.html", "/api%2Fx", "/api%2e", "//api/x", "/./api/x", "/x/../api", "/api/..",
                           "/api/../x", "/api/%2e%2e/x", "/api/..%2fx", "/%2Fapi", "/x/api", "/API", "/"}) {
    EXPECT_FALSE(out(each)) << each;
  }
  parley::path_prefixes all;
  all.add("/");
  EXPECT_TRUE(all.match_surely(request(parley::method::get, "/x")));
  EXPECT_THROW((void)parley::csrf_options().exempt("api"), std::invalid_argument);
  EXPECT_THROW((void)parley::session_options().without("static"), std::invalid_argument);
}

// --- TRACE -------------------------------------------------------------------------------------------------------------------

TEST(edge, trace_is_off_unless_asked_for_and_keeps_secrets) {
  for (const bool allowed : {false, true}) {
    site s;
    s.app.trace(allowed);
    s.start();
    for (const version v : versions()) {
      request req(parley::method::trace, s.url(v, "/whom?x=1"));
      req.header("X-Seen", "yes").header("Cookie", "session=hidden").header("Authorization", "Bearer hidden");
      req.header("Proxy-Authorization", "Basic hidden").header("X-Api-Key", "hidden").header("X-CSRF-Token", "hidden");
      const response answer = s.ask(v, std::move(req));
      ASSERT_EQ(answer.status(), allowed ? 200 : 405) << name(v);
      const response methods = s.ask(v, request(parley::method::options, s.url(v, "/whom")));
      EXPECT_EQ(methods.header("Allow"), allowed ? "GET, HEAD, OPTIONS, TRACE" : "GET, HEAD, OPTIONS");
      if (!allowed) continue;
      EXPECT_EQ(answer.header("Content-Type"), "message/http");
      EXPECT_EQ(answer.header("Cache-Control"), "no-store");
      const std::string_view echo = answer.content();
      EXPECT_TRUE(echo.starts_with("TRACE /whom?x=1 HTTP/")) << echo;
      EXPECT_TRUE(echo.ends_with("\r\n\r\n"));
      EXPECT_EQ(echo.find("hidden"), std::string_view::npos) << echo;
      EXPECT_TRUE(std::regex_search(std::string(echo), std::regex("\r\nx-seen: yes\r\n", std::regex::icase))) << echo;
      EXPECT_TRUE(std::regex_search(std::string(echo), std::regex("\r\nhost: ", std::regex::icase))) << echo;
    }
  }
}

// --- health and metrics ------------------------------------------------------------------------------------------------------

// The text format 0.0.4, line by line: comments of families, samples of the family above.
void check_metrics(std::string_view text, bool open) {
  std::set<std::string> families;
  std::string family;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line == "# EOF") continue;
    std::smatch parts;
    if (std::regex_match(line, parts, std::regex("# (HELP|TYPE) ([a-z0-9_]+) .+"))) {
      family = parts[2];
      if (parts[1] == "HELP") {
        EXPECT_TRUE(families.insert(family).second) << family << " comes twice";
      }
      continue;
    }
    ASSERT_TRUE(std::regex_match(line, parts, std::regex(R"RX(([a-z0-9_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+)RX")))
        << line;
    EXPECT_TRUE(parts[1].str().starts_with(family)) << line << " in " << family;
  }
  EXPECT_EQ(text.ends_with("# EOF\n"), open);
}

TEST(edge, metrics_are_for_this_machine) {
  site s;
  s.app.metrics().health();
  s.start();
  for (const version v : versions()) EXPECT_EQ(s.get(v, "/whom").status(), 200);
  const response answer = s.get(version::http1_1, "/metrics");
  ASSERT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.header("Content-Type").starts_with("text/plain; version=0.0.4"));
  const std::string text(answer.content());
  check_metrics(text, false);
  EXPECT_NE(text.find("parley_answers_total{method=\"GET\",version=\"1.1\",status=\"2xx\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("parley_answers_total{method=\"GET\",version=\"2\",status=\"2xx\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("parley_limits_total{limit=\"head_time\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("# TYPE parley_requests_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("parley_request_duration_seconds_count " + std::to_string(versions().size()) + "\n"), std::string::npos)
      << text;

  request open(parley::method::get, s.url(version::http1_1, "/metrics"));
  open.header("Accept", "application/openmetrics-text; version=1.0.0,text/plain;q=0.5");
  const response openly = s.ask(version::http1_1, std::move(open));
  EXPECT_TRUE(openly.header("Content-Type").starts_with("application/openmetrics-text"));
  check_metrics(openly.content(), true);
  EXPECT_NE(openly.content().find("# TYPE parley_requests counter\n"), std::string_view::npos);

  // By a proxy that is not known, or by a name that another site may have led here.
  for (const auto& [field, value] : {std::pair{"X-Forwarded-For", "203.0.113.1"}, {"Via", "1.1 x"}, {"Host", "rebound.example"}}) {
    request far(parley::method::get, s.url(version::http1_1, "/metrics"));
    far.header(field, value);
    EXPECT_EQ(s.ask(version::http1_1, std::move(far)).status(), 404) << field;
  }
  EXPECT_EQ(s.get(version::http1_1, "/healthz").status(), 200);
}

TEST(edge, an_address_of_its_own_has_the_metrics_alone) {
  site s;
  s.app.health().metrics().monitor("http://127.0.0.1:0");
  s.app.counted("orders").fetch_add(3);
  s.start();
  const std::string own = s.app.monitor_address();
  EXPECT_EQ(s.get(version::http1_1, "/metrics").status(), 404);
  EXPECT_EQ(parley::fetch(own + "/healthz").content(), "ok\n");
  const response answer = parley::fetch(own + "/metrics");
  check_metrics(answer.content(), false);
  EXPECT_NE(answer.content().find("\nparley_orders_total 3\n"), std::string_view::npos);
  EXPECT_EQ(s.count("orders"), 3U);
  EXPECT_THROW(s.app.counted("Orders"), std::invalid_argument);
  s.app.stop();
  EXPECT_THROW(parley::fetch(own + "/healthz"), parley::fetch_error);
}

TEST(edge, health_is_answered_to_probes_whatever_stands_before_handlers) {
  site s;
  s.app.health().metrics();
  s.app.use(parley::allowed_hosts({"example.org"})).use(parley::https_redirect()).use(parley::rate_limit(1, std::chrono::hours(1)));
  s.app.use(parley::basic_auth("staff", [](std::string, std::string) -> parley::task<bool> { co_return false; }));
  s.app.use([](request& req, parley::next go_on) -> parley::task<response> {
    auto answering = go_on(req);
    response answer = co_await answering;
    co_return parley::text("behind middleware");
  });
  s.start();
  for (const version v : versions()) {
    for (int probe = 0; probe < 3; ++probe) {
      const response answer = s.get(v, "/healthz");
      EXPECT_EQ(answer.status(), 200) << name(v);
      EXPECT_EQ(answer.content(), "ok\n");
    }
    EXPECT_EQ(s.ask(v, request(parley::method::head, s.url(v, "/healthz"))).status(), 200);
    for (const char* each : {"/metrics", "/healthz/", "/healthz/x", "/%68ealthz"}) EXPECT_EQ(s.get(v, each).status(), 421) << each;
    EXPECT_EQ(s.ask(v, request(parley::method::post, s.url(v, "/healthz"))).status(), 421) << "this is no probe";
  }
}

TEST(edge, health_is_503_while_the_server_ends) {
  site s;
  s.app.health().monitor("http://127.0.0.1:0");
  std::promise<void> begun, go_on;
  s.app.route("GET /slow", [&](request&) -> parley::task<response> {
    begun.set_value();
    auto waiting = parley::blocking([&go_on] { go_on.get_future().wait(); });
    co_await waiting;
    co_return parley::text("done");
  });
  s.start();
  const std::string own = s.app.monitor_address();
  auto slow = std::async(std::launch::async, [&] { return s.get(version::http1_1, "/slow").status(); });
  begun.get_future().wait();
  auto stopping = std::async(std::launch::async, [&] { s.app.stop(); });
  int status = 200;
  for (int tries = 0; tries < 6000 && status != 503; ++tries) status = parley::fetch(own + "/healthz").status();
  EXPECT_EQ(status, 503);
  go_on.set_value();
  EXPECT_EQ(slow.get(), 200);
  stopping.get();
}

}  // namespace
