// The server without a socket: routes, middleware, errors, automatic answers.
#include <parley/server.hpp>
#include <parley/store.hpp>

#include <gtest/gtest.h>

namespace {

using parley::method;
using parley::request;
using parley::response;
using parley::server;
using parley::task;

request handled(const parley::method& m, std::string_view url, std::string_view accept = {}) {
  request r(m, url);
  if (!accept.empty()) r.header("Accept", accept);
  return r;
}

TEST(handle, runs_plain_and_task_handlers) {
  server app;
  app.route("GET /plain/{who}", [](const request& req) { return parley::text("plain " + req.path("who")); });
  app.route("GET /text", [](const request&) { return std::string("a string is an answer"); });
  app.route("POST /task", [](request& req) -> task<response> {
    auto reading = req.text();
    const std::string content = co_await reading;
    co_return parley::text("task " + content);
  });
  app.route("POST /plain", [](const request& req) { return parley::text("plain " + std::string(req.content())); });

  EXPECT_EQ(app.handle(handled(method::get, "/plain/a%20b")).content(), "plain a b");
  EXPECT_EQ(app.handle(handled(method::get, "/text")).content(), "a string is an answer");
  EXPECT_EQ(app.handle(std::move(handled(method::post, "/task").content("abc", "text/plain"))).content(), "task abc");
  EXPECT_EQ(app.handle(std::move(handled(method::post, "/plain").content("abc", "text/plain"))).content(), "plain abc");
}

TEST(handle, answers_head_options_and_405_by_itself) {
  server app;
  app.route("GET /a", [](const request&) { return parley::text("12345"); });
  app.route("DELETE /a", [](const request&) { return parley::no_content(); });

  const response head = app.handle(handled(method::head, "/a"));
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.header("Content-Length"), "5");
  EXPECT_EQ(head.content(), "");

  const response options = app.handle(handled(method::options, "/a"));
  EXPECT_EQ(options.status(), 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(app.handle(handled(method::options, "*")).header("Allow"), "GET, HEAD, DELETE, OPTIONS");

  const response refused = app.handle(handled(method::post, "/a"));
  EXPECT_EQ(refused.status(), 405);
  EXPECT_EQ(refused.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(app.handle(handled(method::trace, "/a")).status(), 405);
  EXPECT_EQ(app.handle(handled(*method::parse("BREW"), "/b")).status(), 501);
  EXPECT_EQ(app.handle(handled(*method::parse("BREW"), "/a")).status(), 501);
  EXPECT_EQ(app.handle(handled(method::options, "/b")).status(), 404);
  EXPECT_EQ(app.handle(handled(method::get, "/b%zz")).status(), 400);
}

TEST(handle, errors_are_pages_or_problem_details) {
  server app;
  app.route("GET /mine", [](const request&) -> response { throw parley::problem_error(409, "a <b> & \"c\""); });
  struct row {
    const char* path;
    const char* accept;
    const char* type;
  };
  const row table[] = {
      {"/none", "", "text/html; charset=utf-8"},
      {"/none", "*/*", "text/html; charset=utf-8"},
      {"/none", "application/json", "application/problem+json"},
      {"/none", "application/problem+json", "application/problem+json"},
      {"/none", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"},
      {"/none", "image/png", "text/html; charset=utf-8"},
      {"/none", "application/json, text/plain, */*", "application/problem+json"},
      {"/none", "text/plain", "text/plain; charset=utf-8"},
      {"/mine", "", "text/html; charset=utf-8"},
      {"/mine", "*/*", "text/html; charset=utf-8"},
      {"/mine", "application/json", "application/problem+json"},
      {"/mine", "text/plain, */*;q=0.1", "text/plain; charset=utf-8"},
      {"/mine", "text/html", "text/html; charset=utf-8"},
      {"/mine", "text/html,*/*;q=0.8", "text/html; charset=utf-8"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.path) + " " + row.accept);
    const response r = app.handle(handled(method::get, row.path, row.accept));
    EXPECT_EQ(r.status(), std::string_view(row.path) == "/none" ? 404 : 409);
    EXPECT_EQ(r.header("Content-Type"), row.type);
    EXPECT_EQ(r.header("Vary"), "Accept");
  }
  EXPECT_EQ(app.handle(handled(method::get, "/mine", "text/plain")).content(), "409 Conflict: a <b> & \"c\"\n");
  EXPECT_NE(app.handle(handled(method::get, "/mine", "text/html")).content().find("a &lt;b&gt; &amp; &quot;c&quot;"),
            std::string::npos);
}

TEST(handle, maps_what_a_handler_throws) {
  server app;
  std::string said;
  app.on_message([&](std::string_view text) { said = text; });
  app.route("GET /full", [](const request&) -> response { throw parley::store_error(parley::store_error::kind::full, "disk"); });
  app.route("GET /busy", [](const request&) -> response { throw parley::store_error(parley::store_error::kind::busy, "locked"); });
  app.route("GET /pool", [](const request&) -> response { throw parley::overloaded(); });
  app.route("GET /late", [](const request&) -> response { throw parley::timed_out(); });
  app.route("GET /large", [](const request&) -> response { throw parley::content_too_large(7); });
  app.route("GET /bug", [](const request&) -> response { throw std::runtime_error("secret"); });
  app.route("GET /odd", [](const request&) -> response { throw 7; });

  EXPECT_EQ(app.handle(handled(method::get, "/full")).status(), 507);
  const response busy = app.handle(handled(method::get, "/busy"));
  EXPECT_EQ(busy.status(), 503);
  EXPECT_EQ(busy.header("Retry-After"), "1");
  EXPECT_EQ(app.handle(handled(method::get, "/pool")).status(), 503);
  EXPECT_EQ(app.handle(handled(method::get, "/late")).status(), 503);
  EXPECT_EQ(app.handle(handled(method::get, "/large")).status(), 413);
  const response bug = app.handle(handled(method::get, "/bug"));
  EXPECT_EQ(bug.status(), 500);
  EXPECT_EQ(bug.content().find("secret"), std::string::npos);
  EXPECT_NE(said.find("secret"), std::string::npos);
  EXPECT_NE(said.find("GET /bug"), std::string::npos);
  EXPECT_EQ(app.handle(handled(method::get, "/odd")).status(), 500);
}

TEST(handle, middleware_runs_in_order_around_everything) {
  server app;
  std::string order;
  app.use([&](request& req, parley::next go_on) -> task<response> {
    order += "a(";
    auto inner = go_on(req);
    response r = co_await inner;
    order += ")a";
    r.header("X-A", "1");
    co_return r;
  });
  app.use([&](request& req, parley::next go_on) -> task<response> {
    order += "b(";
    if (req.path() == "/stop") co_return parley::text("stopped");
    auto inner = go_on(req);
    response r = co_await inner;
    order += ")b";
    co_return r;
  });
  app.route("GET /x/{y}", [&](const request& req) {
    order += req.path("y");
    return parley::text("x");
  });

  const response r = app.handle(handled(method::get, "/x/inner"));
  EXPECT_EQ(order, "a(b(inner)b)a");
  EXPECT_EQ(r.header("X-A"), "1");
  order.clear();
  EXPECT_EQ(app.handle(handled(method::get, "/stop")).content(), "stopped");
  EXPECT_EQ(order, "a(b()a");
  order.clear();
  const response missing = app.handle(handled(method::get, "/none"));
  EXPECT_EQ(missing.status(), 404);
  EXPECT_EQ(missing.header("X-A"), "1");
}

TEST(handle, streams_and_limits) {
  parley::limits caps;
  caps.content = 10;
  server app(caps);
  app.route("GET /stream", [](const request&) {
    return parley::stream(
        [](parley::body_writer& out) -> task<> {
          for (int i = 0; i < 3; ++i) {
            auto writing = out.write("piece ");
            co_await writing;
          }
        },
        "text/plain");
  });
  app.route("POST /plain", [](const request& req) { return parley::text(std::string(req.content())); });
  EXPECT_EQ(app.handle(handled(method::get, "/stream")).content(), "piece piece piece ");
  EXPECT_EQ(app.handle(std::move(handled(method::post, "/plain").content("0123456789", "text/plain"))).status(), 200);
  EXPECT_EQ(app.handle(std::move(handled(method::post, "/plain").content("0123456789a", "text/plain"))).status(), 413);
}

TEST(handle, not_found_can_be_replaced) {
  server app;
  app.not_found([](const request& req) { return parley::text("no " + std::string(req.path())).status(404); });
  EXPECT_EQ(app.handle(handled(method::get, "/x")).content(), "no /x");
}

TEST(handle, not_found_is_asked_once_and_behind_the_middleware) {
  server app;
  int asked = 0;
  app.not_found([&](const request&) {
    ++asked;
    return parley::text("none").status(404);
  });
  app.use([](request& req, parley::next go_on) -> parley::task<response> {
    if (req.path() == "/secret") co_return parley::text("who are you?").status(401);
    auto following = go_on(req);
    response answer = co_await following;
    co_return answer;
  });
  EXPECT_EQ(app.handle(handled(method::get, "/secret")).status(), 401);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(app.handle(handled(method::get, "/x")).content(), "none");
  EXPECT_EQ(asked, 1);
}

TEST(handle, refuses_bad_set_up) {
  server app;
  EXPECT_THROW(app.route("GET x", [](const request&) { return parley::text(""); }), std::invalid_argument);
  EXPECT_THROW(app.name("a\r\nb"), parley::invalid_field);
  EXPECT_THROW(app.listen("ftp://127.0.0.1"), parley::listen_error);
  EXPECT_THROW(app.listen("nonsense"), parley::listen_error);
  EXPECT_THROW(app.start(), parley::listen_error);
  try {
    app.listen("https://example.org:8443");
    FAIL() << "a name is no address";
  } catch (const parley::listen_error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot listen on \"https://example.org:8443\": \"example.org\" is no IP address; use one such as 127.0.0.1, "
                 "0.0.0.0 or [::1]");
  }
  EXPECT_THROW(app.certificate("/nowhere/cert.pem", "/nowhere/key.pem"), parley::listen_error);
  EXPECT_THROW(app.client_certificates("/nowhere/ca.pem"), parley::listen_error);
}

// What else a handler returns is refused where it is compiled; a null pointer would be read.
static_assert(parley::detail::handler_answer<response> && parley::detail::handler_answer<std::string> &&
              parley::detail::handler_answer<const char*>);
static_assert(parley::detail::handler_answer<parley::problem> && parley::detail::handler_answer<const std::string&>);
static_assert(!parley::detail::handler_answer<std::nullptr_t> && !parley::detail::handler_answer<int> &&
              !parley::detail::handler_answer<void>);

}  // namespace
