#include <parley/csrf.hpp>
#include <parley/form.hpp>

#include "session_stores.hpp"

#include <gtest/gtest.h>

// Forged requests, and those that are not.

namespace parley::testing {
namespace {

std::string token_of(std::string_view page) {
  const auto at = page.find("value=\"");
  return std::string(page.substr(at + 7, 43));
}

struct guarded_site : ::testing::Test {
  guarded_site() {
    app.sessions(memory_sessions());
    app.csrf_protection(csrf_options().exempt("/api/").exempt("/hook").trust("https://friend.example"));
    app.route("GET /form", [](const request& req) { return html("<form method=post>" + csrf_field(req) + "</form>"); });
    app.route("GET /token", [](const request& req) { return text(csrf_token(req)); });
    app.route("POST /plain", [](const request& req) { return text("done " + form_of(req).text("item")); });
    app.route("POST /task", [](request& req) -> task<response> {
      auto reading = req.form();
      const form sent = co_await reading;
      co_return text("done " + sent.text("item"));
    });
    app.route("POST /blind", [this](request&) -> task<response> {
      ++blind;
      co_return text("done");
    });
    app.route("POST /raw", [](request& req) -> task<response> {
      auto reading = req.text();
      std::string all = co_await reading;
      co_return text(std::move(all));
    });
    for (const char* path : {"POST /api/plain", "POST /hook", "POST /hook/one", "POST /hooks"})
      app.route(path, [](const request&) { return text("done"); });
    app.route("POST /apiary", [](const request&) { return text("done"); });
    app.route("POST /login", [](const request& req) {
      req.session().log_in("ada");
      return text("in");
    });
    app.route("POST /logout", [](const request& req) {
      req.session().end();
      return text("out");
    });
  }
  std::string fresh_token() { return token_of(one.get("/form").content()); }

  server app;
  browser one{app};
  int blind = 0;
};

TEST_F(guarded_site, a_form_with_its_token_is_taken) {
  const std::string token = fresh_token();
  EXPECT_EQ(one.cookies.count("csrf"), 1u);
  EXPECT_EQ(one.post("/plain", "csrf_token=" + token + "&item=tea").content(), "done tea");
  EXPECT_EQ(one.post("/task", "item=tea&csrf_token=" + token).content(), "done tea");
  EXPECT_EQ(one.post("/blind", "csrf_token=" + token).content(), "done");
  EXPECT_EQ(one.post("/raw", "csrf_token=" + token + "&a=b").content(), "csrf_token=" + token + "&a=b") << "it is there once more";
}

TEST_F(guarded_site, a_form_without_it_is_not) {
  fresh_token();
  for (const char* path : {"/plain", "/task", "/blind", "/raw"}) {
    EXPECT_EQ(one.post(path, "item=tea").status(), 403) << path;
    EXPECT_EQ(one.post(path, "item=tea&csrf_token=" + std::string(43, 'A')).status(), 403) << path;
    EXPECT_EQ(one.post(path).status(), 403) << path;
  }
  EXPECT_EQ(blind, 0);
  EXPECT_NE(one.post("/plain").content().find("load the page again"), std::string_view::npos);
  for (const char* path : {"/api/plain", "/hook", "/hook/one"}) EXPECT_EQ(one.post(path).status(), 200) << path;
  EXPECT_EQ(one.post("/hooks").status(), 403) << "which is not below /hook";
  EXPECT_EQ(one.post("/apiary").status(), 403) << "another path";
}

TEST_F(guarded_site, multipart_has_it_too_before_its_files) {
  const std::string token = fresh_token();
  const auto part = [](std::string name, std::string value) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  };
  const std::string file =
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n" + std::string(100'000, 'x') + "\r\n";
  for (const char* path : {"/plain", "/task"}) {
    request good(method::post, path);
    good.content(part("csrf_token", token) + part("item", "tea") + file + "--b--\r\n", "multipart/form-data; boundary=b");
    EXPECT_EQ(one.send(std::move(good)).content(), "done tea") << path;
  }
  request late(method::post, "/plain");
  late.content(file + part("csrf_token", token) + part("item", "tea") + "--b--\r\n", "multipart/form-data; boundary=b");
  EXPECT_EQ(one.send(std::move(late)).content(), "done tea");
  request in_file(method::post, "/task");
  in_file.content("--b\r\nContent-Disposition: form-data; name=\"csrf_token\"; filename=\"a\"\r\n\r\n" + token + "\r\n--b--\r\n",
                  "multipart/form-data; boundary=b");
  EXPECT_EQ(one.send(std::move(in_file)).status(), 403);
}

TEST_F(guarded_site, tokens_differ_each_time_and_belong_to_one_visitor) {
  const std::string first = fresh_token();
  const std::string second = fresh_token();
  EXPECT_NE(first, second);
  browser other(app);
  other.get("/form");
  EXPECT_EQ(other.post("/plain", "csrf_token=" + first).status(), 403);
  EXPECT_EQ(one.post("/plain", "csrf_token=" + first).status(), 200);
}

TEST_F(guarded_site, a_session_has_its_own_and_old_ones_end_with_its_id) {
  one.post("/login", "csrf_token=" + fresh_token());
  one.cookies.erase("csrf");
  const std::string token = fresh_token();
  EXPECT_EQ(one.cookies.count("csrf"), 0u) << "it is bound to the session";
  EXPECT_EQ(one.post("/plain", "csrf_token=" + token).status(), 200);
  one.post("/login", "csrf_token=" + token);
  EXPECT_EQ(one.post("/plain", "csrf_token=" + token).status(), 403);
}

// Whoever set the visitor's cookie, or read its token, before the login.
TEST_F(guarded_site, a_token_of_before_the_login_ends_with_it) {
  const std::string before = fresh_token();
  const std::string known = one.cookies.at("csrf");
  EXPECT_EQ(one.post("/login", "csrf_token=" + before).status(), 200);
  EXPECT_EQ(one.cookies.count("csrf"), 0u);
  const auto stale = [&] {
    browser tossed(app);
    tossed.cookies = one.cookies;
    tossed.cookies["csrf"] = known;
    for (const char* path : {"/plain", "/task", "/blind", "/raw"}) {
      const response refused = tossed.post(path, "csrf_token=" + before);
      EXPECT_EQ(refused.status(), 403) << path;
      EXPECT_NE(refused.content().find("you have logged in or out since"), std::string_view::npos);
      EXPECT_NE(refused.content().find("load the page again"), std::string_view::npos);
    }
    request script(method::post, "/plain");
    script.content("{}", "application/json").header("X-CSRF-Token", before);
    EXPECT_EQ(tossed.send(std::move(script)).status(), 403);
  };
  stale();
  EXPECT_EQ(one.post("/plain", "csrf_token=" + fresh_token()).status(), 200);
  EXPECT_EQ(one.post("/logout", "csrf_token=" + fresh_token()).status(), 200);
  EXPECT_EQ(one.post("/plain", "csrf_token=" + before).status(), 403) << "the cookie went with the login";
  EXPECT_EQ(one.post("/plain", "csrf_token=" + fresh_token()).status(), 200);
}

// A session that nobody is logged in to does not end what was given out before it.
TEST_F(guarded_site, a_visitors_session_leaves_open_forms_good) {
  app.route("POST /basket", [](const request& req) {
    req.session().set("item", "tea");
    return text("in");
  });
  const std::string token = fresh_token();
  EXPECT_EQ(one.post("/basket", "csrf_token=" + token).status(), 200);
  EXPECT_EQ(one.cookies.count("session"), 1u);
  EXPECT_EQ(one.post("/plain", "csrf_token=" + token).status(), 200);
}

TEST_F(guarded_site, other_sites_are_refused_whatever_they_bring) {
  const std::string token = fresh_token();
  const auto with = [&](std::string_view name, std::string_view value) {
    request req(method::post, "/plain");
    req.content("csrf_token=" + token, "application/x-www-form-urlencoded").header(name, value);
    return one.send(std::move(req)).status();
  };
  EXPECT_EQ(with("Origin", "http://localhost"), 200);
  EXPECT_EQ(with("Origin", "http://localhost:8080"), 403);
  EXPECT_EQ(with("Origin", "https://evil.example"), 403);
  EXPECT_EQ(with("Origin", "null"), 403);
  EXPECT_EQ(with("Origin", "https://friend.example"), 200);
  EXPECT_EQ(with("Sec-Fetch-Site", "same-origin"), 200);
  EXPECT_EQ(with("Sec-Fetch-Site", "none"), 200);
  EXPECT_EQ(with("Sec-Fetch-Site", "same-site"), 403);
  EXPECT_EQ(with("Sec-Fetch-Site", "cross-site"), 403);
}

TEST_F(guarded_site, scripts_send_a_field) {
  const std::string token(one.get("/token").content());
  request good(method::post, "/plain");
  good.content("{}", "application/json").header("X-CSRF-Token", token);
  EXPECT_NE(one.send(std::move(good)).status(), 403);
  request bad(method::post, "/plain");
  bad.content("{}", "application/json");
  EXPECT_EQ(one.send(std::move(bad)).status(), 403);
}

TEST_F(guarded_site, middleware_does_not_lose_the_content) {
  app.use([](request& req, next go_on) { return go_on(req); });
  const std::string token = fresh_token();
  EXPECT_EQ(one.post("/plain", "csrf_token=" + token + "&item=tea").content(), "done tea");
  EXPECT_EQ(one.post("/plain", "item=tea").status(), 403);
}

TEST_F(guarded_site, keys_from_a_file_outlive_the_server) {
  test::scratch_folder folder;
  const std::string file = folder / "keys/form.key";
  const auto open = [&](server& on) {
    on.csrf_protection(csrf_options().keys(secret_keys::in_file(file)));
    on.route("GET /form", [](const request& req) { return html(csrf_field(req)); });
    on.route("POST /plain", [](const request&) { return text("done"); });
  };
  server before;
  server after;
  open(before);
  browser visitor(before);
  const std::string token = token_of(visitor.get("/form").content());
  open(after);
  browser again(after);
  again.cookies = visitor.cookies;
  EXPECT_EQ(again.post("/plain", "csrf_token=" + token).status(), 200);
}

TEST(csrf, asks_for_what_was_not_set_up) {
  server app;
  app.on_message([](std::string_view) {});
  app.route("GET /form", [](const request& req) { return html(csrf_field(req)); });
  EXPECT_EQ(browser(app).get("/form").status(), 500);
  EXPECT_THROW((void)csrf_field(request()), std::logic_error);
}

}  // namespace
}  // namespace parley::testing
