// What a server has before its handlers, and a forward proxy beside it. docs/edge.md and docs/proxy.md tell more.
//   curl -i http://127.0.0.1:8080/hello
//   curl -i -H 'Origin: https://app.example' http://127.0.0.1:8080/hello
//   curl -i http://127.0.0.1:8080/metrics
//   curl -i -H 'Authorization: Bearer open-sesame' http://127.0.0.1:8080/api/orders
//   curl -i -x http://127.0.0.1:8080 https://example.org/
#include <parley/auth.hpp>
#include <parley/cors.hpp>
#include <parley/hosts.hpp>
#include <parley/proxy.hpp>
#include <parley/rate_limit.hpp>
#include <parley/server.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

using namespace std::chrono_literals;

namespace {

class no_store final : public parley::filter {
  void after(const parley::request&, parley::response& answer) override { answer.header("Cache-Control", "no-store"); }
};

void set_up(parley::server& app) {
  app.trusted_proxies({"10.0.0.0/8", "unix"}).request_ids().tracing().health().metrics();
  app.use(parley::cors().origin("https://app.example").methods({"PUT"}).headers({"Content-Type"}).credentials());
  app.use(parley::hsts(std::chrono::days(365)).include_subdomains());
  app.use(parley::rate_limit(100, 1min));                  // by address
  app.use(parley::rate_limit(5, 1min).at("/api/orders"));  // less there
  app.use(parley::rate_limit(60, 1min).by([](const parley::request& req) -> std::optional<std::string> {
    if (req.user().empty()) return std::nullopt;  // not counted
    return std::string(req.user());
  }));
  app.use(no_store());
  app.use(parley::bearer_auth("api", {"open-sesame"}).at("/api"));
  parley::forward_proxy().allow("example.org").allow("*.example.org").serve(app);

  std::atomic<std::uint64_t>& orders = app.counted("orders");
  app.route("GET /hello", [](const parley::request& req) {
    return "Hello, " + std::string(req.client_address()) + ", this is request " + std::string(req.id()) + "\n";
  });
  app.route("GET /api/orders", [&orders](const parley::request&) { return std::to_string(++orders) + "\n"; });
}

}  // namespace

int main() {
  try {
    parley::server app;
    set_up(app);
    app.listen("http://127.0.0.1:8080");
    return app.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
