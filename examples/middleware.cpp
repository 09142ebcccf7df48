// Middleware runs around every route, in the order in which it was added.
//   curl -i http://127.0.0.1:8080/secret
//   curl -i -H 'Authorization: Bearer open-sesame' http://127.0.0.1:8080/secret
#include <parley/path_prefixes.hpp>
#include <parley/server.hpp>

#include <chrono>
#include <cstdio>
#include <exception>

// Goes on, and then adds to the answer. (What a handler throws passes through here as an exception, and is answered later.)
parley::task<parley::response> time_it(parley::request& req, parley::next next) {
  const auto begin = std::chrono::steady_clock::now();
  auto going_on = next(req);
  parley::response res = co_await going_on;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  res.header("Server-Timing", "app;dur=" + std::to_string(took.count()));
  co_return res;
}

// Paths are compared as routes are: by `req.path()`, which is as the client sent it, /%73ecret would pass.
parley::path_prefixes secret_paths() {
  parley::path_prefixes paths;
  paths.add("/secret");
  return paths;
}

// Answers by itself, without going on. (For real tokens there is parley/auth.hpp, which compares in constant time.)
parley::task<parley::response> require_token(parley::request& req, parley::next next) {
  static const parley::path_prefixes secret = secret_paths();
  if (secret.match(req) && req.header("Authorization") != "Bearer open-sesame") {
    co_return parley::text("Who are you?\n").status(401).header("WWW-Authenticate", "Bearer");
  }
  auto going_on = next(req);
  parley::response res = co_await going_on;
  co_return res;
}

int main() try {
  parley::server app;
  app.use(time_it);
  app.use(require_token);
  app.route("GET /", [](const parley::request&) { return "Everyone may read this.\n"; });
  app.route("GET /secret", [](const parley::request&) { return "You have the token.\n"; });
  app.listen("http://127.0.0.1:8080");
  return app.run();
} catch (const std::exception& error) {  // a parley::listen_error says which address, and why
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
