// The smallest server.  Try:  curl -i http://127.0.0.1:8080/hello/Ada
#include <parley/server.hpp>

int main() {
  parley::server app;
  app.route("GET /hello/{name}", [](const parley::request& req) { return parley::text("Hello, " + req.path("name") + "!\n"); });
  app.listen("http://127.0.0.1:8080");
  return app.run();  // until Ctrl-C
}
