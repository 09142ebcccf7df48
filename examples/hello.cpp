// The smallest server.  Try:  curl -i http://127.0.0.1:8080/hello/Ada
#include <parley/server.hpp>

#include <cstdio>
#include <exception>

int main() try {
  parley::server app;
  app.route("GET /hello/{name}", [](const parley::request& req) { return parley::text("Hello, " + req.path("name") + "!\n"); });
  app.listen("http://127.0.0.1:8080");
  return app.run();                      // until Ctrl-C
} catch (const std::exception& error) {  // a parley::listen_error says which address, and why
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
