// What a session costs: one server, and a plain handler with and without one.
//
//   session_server             listens on a free port of 127.0.0.1 and says which, as `parley serve` does
//
// GET /plain answers some bytes; GET /session the same, once it has looked into its visitor's session (in memory); GET /begin begins one.
#include <parley/server.hpp>
#include <parley/session.hpp>

#include <cstdio>
#include <string>

int main() {
  parley::server app;
  app.threads(1).sessions(parley::memory_sessions());
  app.route("GET /plain", [](const parley::request&) { return parley::text("Hello, world\n"); });
  app.route("GET /session", [](const parley::request& req) {
    // Whoever asks without one would be measured for nothing.
    if (req.session().get<int>("visits") != 1) return parley::text("no session\n").status(403);
    return parley::text("Hello, world\n");
  });
  app.route("GET /begin", [](const parley::request& req) {
    req.session().set("visits", 1).log_in("ada");
    return parley::text("begun\n");
  });
  app.listen("http://127.0.0.1:0");
  const std::string url = app.addresses().front();
  std::fprintf(stderr, "listening http %s\nready\n", url.substr(url.find("//") + 2).c_str());
  return app.run();
}
