// Cookies, sessions, forms and tokens over the system's sockets, in HTTP/1.1, 2 and 3: what comes of it is the same.
#include "support/certificate_files.hpp"
#include "support/scratch_folder.hpp"

#include <parley/client.hpp>
#include <parley/cookie.hpp>
#include <parley/csrf.hpp>
#include <parley/features.hpp>
#include <parley/form.hpp>
#include <parley/form_content.hpp>
#include <parley/hidden_state.hpp>
#include <parley/server.hpp>
#include <parley/session.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {
namespace {

std::vector<version> versions() {
  std::vector<version> all{version::http1_1, http2};
  if (has_version(http3)) all.push_back(http3);
  return all;
}

std::string summary(form& sent) {
  std::string all;
  for (const form_field& f : sent.fields()) {
    if (f.name != "csrf_token") all += f.name + "=" + f.value + ";";
  }
  for (const uploaded_file& f : sent.files()) {
    all += f.name() + "=" + f.file_name() + "," + f.content_type() + "," + std::to_string(f.size()) +
           (f.in_memory() ? ",memory;" : ",file;");
  }
  return all;
}

std::string contents_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A site with all of it. `kept`: where its sessions are.
class site {
 public:
  explicit site(std::shared_ptr<session_store> kept) : order_(secret_keys(), "order") {
    files_.put("server", files_.authority.server({"localhost"}));
    app.threads(1).sessions(std::move(kept)).csrf_protection();
    app.certificate(files_.certificate("server"), files_.key("server"));
    app.route("GET /visits", [](const request& req) {
      const std::string n = std::to_string(std::stoi("0" + std::string(req.cookie("visits").value_or(""))) + 1);
      return text(n).cookie(cookie("visits", n).secure(req.secure()));
    });
    app.route("GET /account", [](const request& req) {
      return text(req.session().user() + ":" + req.session().get<std::string>("seen").value_or(""));
    });
    app.route("GET /token", [](const request& req) { return text(csrf_token(req)); });
    app.route("POST /login", [](const request& req) {
      req.session().log_in(form_of(req).text("user"));
      req.session().set("seen", "login");
      return no_content();
    });
    app.route("POST /logout", [](const request& req) {
      req.session().end();
      return no_content();
    });
    app.route("POST /plain", [](const request& req) {
      form sent = form_of(req);
      return text(summary(sent));
    });
    app.route("POST /task", [this](request& req) -> task<response> {
      auto reading = req.form(form_options().memory(1000).folder(folder.path().string()));
      form sent = co_await reading;
      std::string said = summary(sent);
      if (uploaded_file* const photo = sent.file("photo")) {
        auto saving = photo->save(folder / "photo");
        co_await saving;
      }
      co_return text(std::move(said));
    });
    app.route("GET /order", [this](const request& req) { return text(order_.seal({{"size", "large"}}, req.session().user())); });
    app.route("POST /order", [this](const request& req) {
      const auto first = order_.open(form_of(req).text("state"), req.session().user());
      if (!first) throw problem_error(422, "Begin the order again.");
      return text(std::string(find_value(*first, "size").value_or("")));
    });
    app.listen("https://127.0.0.1:0");
    app.listen("http://127.0.0.1:0");
    secure_url = "https://localhost" + app.addresses().front().substr(app.addresses().front().rfind(':'));
    plain_url = app.addresses().back();
    app.start();
  }
  ~site() { app.stop(); }

  [[nodiscard]] std::string authority_file() const { return files_.authority_file(); }

  test::scratch_folder folder;
  server app;
  std::string secure_url;
  std::string plain_url;

 private:
  test::certificate_files files_;
  hidden_state order_;
};

/// A user agent with a jar of its own.
class visitor {
 public:
  visitor(site& at, version v, std::string url) : at_(at), version_(v), url_(std::move(url)) {}

  response get(std::string_view path) { return send(request(method::get, url_ + std::string(path))); }
  response post(std::string_view path, std::string content) {
    request req(method::post, url_ + std::string(path));
    req.content(std::move(content), "application/x-www-form-urlencoded");
    return send(std::move(req));
  }
  response post(std::string_view path, const form_content& form) {
    request req(method::post, url_ + std::string(path));
    form.attach(req);
    return send(std::move(req));
  }
  response send(request req) {
    const auto asking = [&]() -> task<response> {
      client http;
      http.trust(at_.authority_file()).cookies(jar);
      auto sending = http.send(std::move(req), options().version(version_));
      response got = co_await sending;
      co_return got;
    };
    response got = run(asking());
    EXPECT_EQ(got.version(), version_);
    return got;
  }
  std::string token() { return std::string(get("/token").content()); }
  /// The one of that name, or an empty one.
  [[nodiscard]] cookie_jar::cookie kept(std::string_view name) const {
    for (auto& each : jar.all()) {
      if (each.name == name) return each;
    }
    return {};
  }

  cookie_jar jar;

 private:
  site& at_;
  version version_;
  std::string url_;
};

class StateOverSockets : public ::testing::TestWithParam<bool> {
 protected:
  // Both stores: one is asked at once, the other is awaited.
  std::shared_ptr<session_store> store() { return GetParam() ? sqlite_sessions(folder_ / "sessions.db") : memory_sessions(); }

 private:
  test::scratch_folder folder_;
};

TEST_P(StateOverSockets, Cookies) {
  site on(store());
  for (const version v : versions()) {
    visitor ada(on, v, on.secure_url);
    for (const char* const count : {"1", "2", "3"}) EXPECT_EQ(ada.get("/visits").content(), count);
    const auto kept = ada.kept("visits");
    EXPECT_EQ(kept.value, "3");
    EXPECT_TRUE(kept.secure && kept.http_only && kept.host_only);
  }
  visitor open(on, version::http1_1, on.plain_url);
  EXPECT_EQ(open.get("/visits").content(), "1");
  EXPECT_EQ(open.get("/visits").content(), "2");
}

TEST_P(StateOverSockets, LoginAndLogout) {
  site on(store());
  for (const version v : versions()) {
    visitor ada(on, v, on.secure_url);
    visitor eve(on, v, on.secure_url);
    EXPECT_EQ(ada.get("/account").content(), ":");
    EXPECT_EQ(ada.kept("__Host-session").value, "");
    EXPECT_EQ(ada.post("/login", "user=ada&csrf_token=" + ada.token()).status(), 204);
    const auto first = ada.kept("__Host-session");
    EXPECT_EQ(first.value.size(), 22u);
    EXPECT_TRUE(first.secure && first.http_only && first.host_only && first.path == "/");
    const response account = ada.get("/account");
    EXPECT_EQ(account.content(), "ada:login");
    EXPECT_EQ(account.header("Cache-Control"), "private, no-cache");
    EXPECT_EQ(eve.get("/account").content(), ":");
    // Another login, another id; the one before is dead.
    EXPECT_EQ(ada.post("/login", "user=ada&csrf_token=" + ada.token()).status(), 204);
    const auto second = ada.kept("__Host-session");
    EXPECT_NE(second.value, first.value);
    eve.jar.store("__Host-session=" + first.value + "; Secure; Path=/", uri::parse(on.secure_url).value());
    EXPECT_EQ(eve.get("/account").content(), ":");
    // Logout: the cookie is removed, and what was copied of it is worth nothing.
    EXPECT_EQ(ada.post("/logout", "csrf_token=" + ada.token()).status(), 204);
    EXPECT_EQ(ada.kept("__Host-session").value, "");
    eve.jar.store("__Host-session=" + second.value + "; Secure; Path=/", uri::parse(on.secure_url).value());
    EXPECT_EQ(eve.get("/account").content(), ":");
  }
  // In cleartext to this machine it has its plain name.
  visitor near(on, version::http1_1, on.plain_url);
  EXPECT_EQ(near.post("/login", "user=ada&csrf_token=" + near.token()).status(), 204);
  EXPECT_EQ(near.kept("session").value.size(), 22u);
  EXPECT_EQ(near.kept("__Host-session").value, "");
  EXPECT_EQ(near.get("/account").content(), "ada:login");
}

TEST_P(StateOverSockets, Forms) {
  site on(store());
  const std::string large(700'000, 'p');
  for (const version v : versions()) {
    visitor ada(on, v, on.secure_url);
    const std::string token = ada.token();
    for (const char* const path : {"/plain", "/task"}) {
      const response pairs = ada.post(path, "a=1&name=A%20d%C3%A9+a&csrf_token=" + token);
      EXPECT_EQ(pairs.content(), "a=1;name=A d\xc3\xa9 a;") << path;
      form_content some;
      some.field("csrf_token", token).field("note", "x\r\ny").bytes("photo", "small", "../a b.png", "image/png");
      EXPECT_EQ(ada.post(path, some).content(), "note=x\r\ny;photo=a b.png,image/png,5,memory;") << path;
      EXPECT_EQ(ada.post(path, "name=%FF&csrf_token=" + token).status(), 422) << path;
    }
    form_content more;
    more.field("csrf_token", token).bytes("photo", large, "p.png", "image/png");
    EXPECT_EQ(ada.post("/task", more).content(), "photo=p.png,image/png,700000,file;");
    EXPECT_TRUE(contents_of(on.folder / "photo") == large);
    request other(method::post, on.secure_url + "/task");
    other.content("{}", "application/json").header("X-CSRF-Token", token);
    const response refused = ada.send(std::move(other));
    EXPECT_EQ(refused.status(), 415);
    EXPECT_NE(refused.header("Accept").find("multipart/form-data"), std::string_view::npos);
  }
}

TEST_P(StateOverSockets, ForgedRequests) {
  site on(store());
  for (const version v : versions()) {
    visitor ada(on, v, on.secure_url);
    visitor eve(on, v, on.secure_url);
    const std::string token = ada.token();
    const std::string hers = eve.token();
    EXPECT_EQ(ada.post("/plain", "a=1").status(), 403);
    EXPECT_EQ(ada.post("/plain", "a=1&csrf_token=" + hers).status(), 403);
    form_content wrong;
    wrong.field("csrf_token", hers).field("a", "1");
    EXPECT_EQ(ada.post("/task", wrong).status(), 403);
    // A task would have to keep what comes before the token; a plain handler has all of it in any case.
    form_content late;
    late.bytes("photo", std::string(200'000, 'p'), "p.png", "image/png").field("csrf_token", token);
    EXPECT_EQ(ada.post("/task", late).status(), 403);
    EXPECT_EQ(ada.post("/plain", late).content(), "photo=p.png,image/png,200000,memory;");
    for (const auto& [name, value] : {std::pair("Origin", "https://evil.example"), std::pair("Sec-Fetch-Site", "cross-site")}) {
      request req(method::post, on.secure_url + "/task");
      req.content("csrf_token=" + token, "application/x-www-form-urlencoded").header(name, value);
      const response refused = ada.send(std::move(req));
      EXPECT_EQ(refused.status(), 403) << name;
      EXPECT_NE(refused.content().find(name), std::string_view::npos) << refused.content();
    }
    request own(method::post, on.secure_url + "/task");
    own.content("a=1&csrf_token=" + token, "application/x-www-form-urlencoded");
    own.header("Origin", on.secure_url).header("Sec-Fetch-Site", "same-origin");
    EXPECT_EQ(ada.send(std::move(own)).content(), "a=1;");
    // Nor behind a login, of before which nothing is good, also when somebody sets that cookie again.
    const std::string known = ada.kept("__Host-csrf").value;
    EXPECT_EQ(ada.post("/login", "user=ada&csrf_token=" + token).status(), 204);
    EXPECT_EQ(ada.kept("__Host-csrf").value, "");
    ada.jar.store("__Host-csrf=" + known + "; Secure; Path=/", uri::parse(on.secure_url).value());
    for (const char* const path : {"/plain", "/task"}) {
      const response stale = ada.post(path, "a=1&csrf_token=" + token);
      EXPECT_EQ(stale.status(), 403) << path;
      EXPECT_NE(stale.content().find("you have logged in or out since"), std::string_view::npos) << stale.content();
    }
    EXPECT_EQ(ada.post("/plain", "a=1&csrf_token=" + hers).status(), 403);
    EXPECT_EQ(ada.post("/plain", "a=1&csrf_token=" + ada.token()).content(), "a=1;");
  }
}

TEST_P(StateOverSockets, HiddenState) {
  site on(store());
  for (const version v : versions()) {
    visitor ada(on, v, on.secure_url);
    EXPECT_EQ(ada.post("/login", "user=ada&csrf_token=" + ada.token()).status(), 204);
    const std::string token = ada.token();
    std::string sealed(ada.get("/order").content());
    EXPECT_EQ(ada.post("/order", "state=" + sealed + "&csrf_token=" + token).content(), "large");
    sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ada.post("/order", "state=" + sealed + "&csrf_token=" + token).status(), 422);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StateOverSockets, ::testing::Bool(),
                         [](const auto& which) { return std::string(which.param ? "Sqlite" : "Memory"); });

// A proxy that adds TLS says so: then cookies are what they are over TLS.
TEST(StateBehindAProxy, CookiesAreSecure) {
  for (const bool trusted : {true, false}) {
    server app;
    app.threads(1).sessions(memory_sessions()).csrf_protection();
    if (trusted) app.trusted_proxies({"127.0.0.1"});
    app.route("GET /", [](const request& req) {
      const std::string visits = std::to_string(req.session().get<int>("visits").value_or(0) + 1);
      req.session().set("visits", std::stoi(visits));
      return text(visits);
    });
    app.route("POST /", [](const request&) { return no_content(); });
    app.route("GET /token", [](const request& req) { return text(csrf_token(req)); });
    app.listen("http://127.0.0.1:0");
    app.start();
    const auto ask = [&](method m, const std::string& path, const std::string& cookies, const std::string& token = {}) {
      request req(m, app.addresses().front() + path);
      req.header("X-Forwarded-For", "198.51.100.7").header("X-Forwarded-Proto", "https").header("X-Forwarded-Host", "shop.example");
      if (!cookies.empty()) req.header("Cookie", cookies);
      if (!token.empty())
        req.header("X-CSRF-Token", token).header("Origin", "https://shop.example").header("Sec-Fetch-Site", "same-origin");
      return fetch(std::move(req));
    };
    const response first = ask(method::get, "/", "");
    const std::string set(first.header("Set-Cookie"));
    const std::string pair = set.substr(0, set.find(';'));
    EXPECT_EQ(set.starts_with("__Host-session="), trusted) << set;
    EXPECT_EQ(set.find("; Secure") != std::string::npos, trusted) << set;
    EXPECT_EQ(ask(method::get, "/", pair).content(), "2");
    // The proxy passes cookies of that other name on, as it does for anybody: they count for nothing.
    if (trusted) {
      EXPECT_EQ(ask(method::get, "/", pair.substr(pair.find("session"))).content(), "1");
    }
    const response page = ask(method::get, "/token", "");
    const std::string csrf(page.header("Set-Cookie"));
    EXPECT_EQ(csrf.starts_with("__Host-csrf="), trusted) << csrf;
    EXPECT_EQ(ask(method::post, "/", csrf.substr(0, csrf.find(';')), std::string(page.content())).status(), trusted ? 204 : 403);
    app.stop();
  }
}

}  // namespace
}  // namespace parley
