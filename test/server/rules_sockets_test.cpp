// CORS, hosts, https alone, HSTS and logins over the system's sockets, in HTTP/1.1, 2 and 3: what comes of them is the same.
#include "connection/http3.hpp"
#include "support/certificate_files.hpp"

#include <parley/auth.hpp>
#include <parley/client.hpp>
#include <parley/cors.hpp>
#include <parley/hosts.hpp>
#include <parley/login.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using parley::request;
using parley::response;
using parley::server;
using parley::version;
using lines = std::vector<std::pair<std::string_view, std::string_view>>;

std::vector<version> versions() {
  std::vector<version> all{parley::http1_1, parley::http2};
  if (parley::connection::has_http3()) all.push_back(parley::http3);
  return all;
}

/// One server with a port for https, by two names, and one for http.
class ruled_site {
 public:
  explicit ruled_site(const std::function<void(server&)>& rules) {
    files_.put("server", files_.authority.server({"localhost", "127.0.0.1"}));
    app.threads(1).on_message([](std::string_view) {});
    app.certificate(files_.certificate("server"), files_.key("server"));
    app.route("GET /", [](const request&) { return parley::text("hello"); });
    app.route("PUT /", [](const request& req) { return parley::text("put " + std::string(req.content())); });
    app.route("GET /user", [](const request& req) { return parley::text("user=" + std::string(req.user())); });
    rules(app);
    app.listen("https://127.0.0.1:0").listen("http://127.0.0.1:0");
    app.start();
  }
  ~ruled_site() { app.stop(); }

  [[nodiscard]] std::string port() const { return app.addresses().front().substr(app.addresses().front().rfind(':')); }
  [[nodiscard]] std::string plain() const { return app.addresses().back(); }
  response ask(version v, const parley::method& m, const std::string& url, const lines& with = {},
               const std::optional<parley::login>& who = std::nullopt) {
    request req(m, url);
    for (const auto& [name, value] : with) req.fields().add(name, value);
    if (m == parley::method::put) req.content("x", "text/plain");
    parley::client http;
    http.trust(files_.authority_file());
    parley::options how;
    how.version(v).timeout(std::chrono::seconds(60));
    if (who) how.login(*who);
    response got = parley::run(http.send(std::move(req), how));
    EXPECT_EQ(got.version(), v) << url;
    return got;
  }

  server app;

 private:
  parley::test::certificate_files files_;
};

struct wanted_line {
  std::string_view name;
  std::string_view value;  // empty: it is not there
};

struct row {
  std::string_view what;
  parley::method method;
  std::string_view path;
  lines with;
  int status;
  std::vector<wanted_line> answer;
};

void check(ruled_site& on, version v, const std::string& base, const row& x) {
  SCOPED_TRACE(std::string(x.what) + ", HTTP/" + std::string(name(v)));
  const response got = on.ask(v, x.method, base + std::string(x.path), x.with);
  EXPECT_EQ(got.status(), x.status) << got.content();
  for (const auto& [field, value] : x.answer) EXPECT_EQ(got.fields().joined(field), value) << field;
}

TEST(rules_over_sockets, cors) {
  ruled_site on([](server& app) {
    app.use(parley::cors().origin("https://app.example").methods({"PUT"}).headers({"Content-Type"}).expose({"ETag"}).credentials());
  });
  const std::string_view origin = "Access-Control-Allow-Origin";
  const row rows[] = {
      {"an allowed page reads",
       parley::method::get,
       "/",
       {{"Origin", "https://app.example"}},
       200,
       {{origin, "https://app.example"},
        {"Access-Control-Allow-Credentials", "true"},
        {"Access-Control-Expose-Headers", "ETag"},
        {"Vary", "Origin"}}},
      {"another does not", parley::method::get, "/", {{"Origin", "https://evil.example"}}, 200, {{origin, ""}, {"Vary", "Origin"}}},
      {"errors are read too",
       parley::method::get,
       "/nowhere",
       {{"Origin", "https://app.example"}},
       404,
       {{origin, "https://app.example"}}},
      {"a preflight",
       parley::method::options,
       "/",
       {{"Origin", "https://app.example"},
        {"Access-Control-Request-Method", "PUT"},
        {"Access-Control-Request-Headers", "content-type"}},
       204,
       {{origin, "https://app.example"},
        {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT"},
        {"Access-Control-Allow-Headers", "Content-Type"},
        {"Access-Control-Max-Age", "600"}}},
      {"a preflight of another",
       parley::method::options,
       "/",
       {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "PUT"}},
       403,
       {{origin, ""}}},
      {"and then the request",
       parley::method::put,
       "/",
       {{"Origin", "https://app.example"}},
       200,
       {{origin, "https://app.example"}}},
      {"OPTIONS without a page", parley::method::options, "/", {}, 204, {{"Allow", "GET, HEAD, PUT, OPTIONS"}, {origin, ""}}},
  };
  for (const version v : versions()) {
    for (const row& x : rows) check(on, v, "https://localhost" + on.port(), x);
  }
}

TEST(rules_over_sockets, allowed_hosts_and_hsts) {
  ruled_site on([](server& app) {
    app.use(parley::allowed_hosts({"localhost"})).use(parley::hsts(std::chrono::days(30)).include_subdomains());
  });
  const std::string_view sts = "max-age=2592000; includeSubDomains";
  for (const version v : versions()) {
    check(on, v, "https://localhost" + on.port(),
          {"ours", parley::method::get, "/", {}, 200, {{"Strict-Transport-Security", sts}}});
    // A name that leads here and is not ours, as in DNS rebinding.
    check(on, v, "https://127.0.0.1" + on.port(),
          {"another's", parley::method::get, "/", {}, 421, {{"Strict-Transport-Security", sts}}});
    if (v == parley::http3) continue;
    const std::string port = on.plain().substr(on.plain().rfind(':'));
    check(on, v, "http://localhost" + port, {"cleartext", parley::method::get, "/", {}, 200, {{"Strict-Transport-Security", ""}}});
    check(on, v, "http://127.0.0.1" + port, {"cleartext, another's", parley::method::get, "/", {}, 421, {}});
  }
}

TEST(rules_over_sockets, one_name_and_https_alone) {
  ruled_site on([](server& app) {
    app.use(parley::https_redirect(8443).except("/open")).use(parley::canonical_host("localhost").except("/open"));
    app.route("GET /open", [](const request&) { return parley::text("open"); });
  });
  for (const version v : versions()) {
    const std::string there = "https://localhost" + on.port();
    check(on, v, there, {"the name itself", parley::method::get, "/", {}, 200, {{"Location", ""}}});
    const std::string moved = there + "/a%20b?c=d&e";
    check(on, v, "https://127.0.0.1" + on.port(),
          {"another name", parley::method::put, "/a%20b?c=d&e", {}, 308, {{"Location", moved}}});
    check(on, v, "https://127.0.0.1" + on.port(), {"but not there", parley::method::get, "/open", {}, 200, {{"Location", ""}}});
    if (v == parley::http3) continue;
    check(on, v, on.plain(), {"http", parley::method::put, "/x?y", {}, 308, {{"Location", "https://127.0.0.1:8443/x?y"}}});
    check(on, v, on.plain(), {"http, but not there", parley::method::get, "/open", {}, 200, {{"Location", ""}}});
  }
}

struct login_row {
  std::string_view what;
  std::optional<parley::login> who;
  int status;
  std::string_view content;    // where it is 200
  std::string_view challenge;  // where it is not: how WWW-Authenticate begins
};

void check_logins(ruled_site& on, const std::vector<login_row>& rows) {
  for (const version v : versions()) {
    for (const login_row& x : rows) {
      SCOPED_TRACE(std::string(x.what) + ", HTTP/" + std::string(name(v)));
      const response got = on.ask(v, parley::method::get, "https://localhost" + on.port() + "/user?a=b", {}, x.who);
      EXPECT_EQ(got.status(), x.status);
      if (x.status == 200) {
        EXPECT_EQ(got.content(), x.content);
      } else {
        EXPECT_TRUE(got.header("WWW-Authenticate").starts_with(x.challenge)) << got.header("WWW-Authenticate");
      }
    }
  }
}

parley::task<bool> is_ada(std::string user, std::string password) { co_return user == "ada" && password == "s\xc3\xa9:cret"; }

TEST(rules_over_sockets, basic) {
  ruled_site on([](server& app) { app.use(parley::basic_auth("Staff", is_ada)); });
  const std::string_view asked = "Basic realm=\"Staff\", charset=\"UTF-8\"";
  check_logins(on, {{"nobody", std::nullopt, 401, "", asked},
                    {"ada", parley::login::basic("ada", "s\xc3\xa9:cret"), 200, "user=ada", ""},
                    {"a wrong password", parley::login::basic("ada", "secret"), 401, "", asked},
                    {"a token", parley::login::bearer("abc"), 401, "", asked}});
}

TEST(rules_over_sockets, digest) {
  ruled_site on([](server& app) { app.use(parley::digest_auth("lions", {{"Mufasa", "Circle of Life"}})); });
  check_logins(on, {{"nobody", std::nullopt, 401, "", "Digest realm=\"lions\""},
                    {"Mufasa", parley::login::digest("Mufasa", "Circle of Life"), 200, "user=Mufasa", ""},
                    {"a wrong password", parley::login::digest("Mufasa", "Circle of Death"), 401, "", "Digest realm=\"lions\""},
                    {"the password itself", parley::login::basic("Mufasa", "Circle of Life"), 401, "", "Digest realm=\"lions\""}});
  // A nonce is answered again, counting on, over whatever version.
  const auto who = parley::login::digest("Mufasa", "Circle of Life");
  for (int i = 0; i < 3; ++i) {
    for (const version v : versions()) {
      EXPECT_EQ(on.ask(v, parley::method::get, "https://localhost" + on.port() + "/user", {}, who).content(), "user=Mufasa");
    }
  }
}

TEST(rules_over_sockets, bearer) {
  ruled_site on([](server& app) {
    app.use(parley::bearer_auth("api", [](std::string token, const request&) -> parley::task<parley::bearer_verdict> {
      if (token == "good") co_return parley::bearer_verdict::good("ada");
      if (token == "small") co_return parley::bearer_verdict::insufficient("users:read");
      co_return parley::bearer_verdict::invalid("The token has expired");
    }));
  });
  check_logins(on, {{"nobody", std::nullopt, 401, "", "Bearer realm=\"api\""},
                    {"ada", parley::login::bearer("good"), 200, "user=ada", ""},
                    {"too little", parley::login::bearer("small"), 403, "", "Bearer realm=\"api\", error=\"insufficient_scope\""},
                    {"too old", parley::login::bearer("old"), 401, "", "Bearer realm=\"api\", error=\"invalid_token\""},
                    {"another scheme", parley::login::basic("a", "b"), 401, "", "Bearer realm=\"api\""}});
}

}  // namespace
