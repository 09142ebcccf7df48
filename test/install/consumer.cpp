// A user's program, with nothing but the installed headers and library: a server, and a fetch from it.
#include <parley/client.hpp>
#include <parley/config.hpp>
#include <parley/server.hpp>

#include <exception>
#include <iostream>
#include <string>

#ifdef WITH_OWN_ASIO
int own_asio();
#else
static int own_asio() { return 1; }
#endif

int main() try {
  parley::server app;
  app.route("GET /hello/{name}", [](const parley::request& req) { return parley::text("Hello, " + req.path("name")); });
  app.threads(1);
  app.listen("http://127.0.0.1:0");
  app.start();
  const std::string url = app.addresses().front() + "/hello/ada";
  const parley::response res = parley::fetch(url);
  app.stop();
  if (res.status() != 200 || res.content() != "Hello, ada") {
    std::cerr << "consumer: " << url << " gave " << res.status() << ' ' << res.content() << '\n';
    return 1;
  }
  if (own_asio() != 1) return 1;
  std::cout << "Parley " << PARLEY_VERSION_STRING << " is installed and works\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << "consumer: " << error.what() << '\n';
  return 1;
}
